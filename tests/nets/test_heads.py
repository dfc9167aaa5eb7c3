import pytest
import torch

from mien.nets.heads import Head


@pytest.mark.parametrize("hidden", [0, 7])
def test_each_member_gives_its_own_outputs(hidden):
    torch.manual_seed(0)
    head = Head(5, 3, hidden=hidden, members=4)
    outputs = head(torch.randn(2, 5))
    assert outputs.shape == (2, 4, 3)
    assert not torch.allclose(outputs[:, 0], outputs[:, 1])


def test_linear_head_is_one_matrix_per_member():
    head = Head(5, 3, members=2)
    pooled = torch.randn(4, 5)
    weights = [member[1] for member in head.members]
    wanted = torch.stack([pooled @ layer.weight.T + layer.bias for layer in weights], dim=1)
    torch.testing.assert_close(head(pooled), wanted)


def test_members_do_not_drop_the_same_values():
    head = Head(64, 1, dropout=0.5, members=2).train()
    with torch.no_grad():
        for member in head.members:
            member[1].weight.fill_(1.0)
            member[1].bias.zero_()
    first, second = head(torch.arange(64.0)[None])[0]
    assert first != second


def test_evaluation_drops_nothing():
    head = Head(8, 2, hidden=4, dropout=0.5).eval()
    pooled = torch.randn(3, 8)
    assert torch.equal(head(pooled), head(pooled))
