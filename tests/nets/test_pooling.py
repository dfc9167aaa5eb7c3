import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError
from mien.nets.pooling import POOLINGS, AttentiveStatistics, MeanPooling, StatisticsPooling, build_pooling


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


@pytest.mark.parametrize("kind", POOLINGS)
def test_a_pooling_by_name_gives_factor_times_the_width_and_ignores_padding(kind):
    torch.manual_seed(0)
    pooling, values = build_pooling(kind, width=5), torch.randn(2, 7, 5)
    valid = torch.arange(7) < torch.tensor([[7], [3]])
    pooled = pooling(values, valid)
    assert pooled.shape == (2, pooling.factor * 5)
    torch.testing.assert_close(pooled[1:], pooling(values[1:, :3], valid[1:, :3]))


def test_an_unknown_pooling_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean `statistics`"):
        build_pooling("statistic", width=5)


@given(length=st.integers(1, 9), seed=st.integers(0, 99))
def test_mean_and_deviation_are_those_of_the_real_frames(length, seed):
    values = torch.randn(1, 9, 4, generator=torch.Generator().manual_seed(seed))
    valid = torch.arange(9)[None] < length
    real = values[:, :length]
    torch.testing.assert_close(MeanPooling()(values, valid), real.mean(1))
    deviation = real.var(1, correction=0).clamp(min=1e-5).sqrt()
    expected = torch.cat([real.mean(1), deviation], dim=1)
    torch.testing.assert_close(StatisticsPooling()(values, valid), expected, atol=1e-5, rtol=1e-5)


def test_numbers_that_are_none_in_the_padding_do_no_harm():
    values = torch.tensor([[[1.0], [3.0], [torch.nan]]])
    valid = torch.tensor([[True, True, False]])
    assert StatisticsPooling()(values, valid).tolist() == [[2.0, 1.0]]


def test_one_frame_has_the_least_deviation_and_a_slope():
    values = torch.ones(1, 1, 3, requires_grad=True)
    pooled = StatisticsPooling()(values, torch.ones(1, 1, dtype=torch.bool))
    pooled.sum().backward()
    torch.testing.assert_close(pooled[0, 3:], torch.full((3,), 1e-5**0.5))
    assert torch.isfinite(values.grad).all()


def test_a_clip_without_a_real_frame_gives_zeros():
    assert MeanPooling()(torch.ones(1, 2, 3), torch.zeros(1, 2, dtype=torch.bool)).tolist() == [[0.0] * 3]
