import torch

from mien.nets.pooling import AttentiveStatistics


def test_padding_does_not_change_the_pooled_vector():
    torch.manual_seed(0)
    pooling, values = AttentiveStatistics(5), torch.randn(1, 7, 5)
    padded = torch.cat([values, 100 * torch.ones(1, 4, 5)], dim=1)
    alone = pooling(values, torch.ones(1, 7, dtype=torch.bool))
    torch.testing.assert_close(pooling(padded, torch.arange(11)[None] < 7), alone)


def test_equal_attention_gives_mean_and_standard_deviation():
    pooling, values = AttentiveStatistics(5), torch.randn(2, 9, 5)
    for parameter in pooling.attention[2].parameters():
        torch.nn.init.zeros_(parameter)
    wanted = torch.cat([values.mean(1), values.std(1, unbiased=False)], dim=1)
    torch.testing.assert_close(
        pooling(values, torch.ones(2, 9, dtype=torch.bool)), wanted, atol=1e-4, rtol=1e-4
    )
