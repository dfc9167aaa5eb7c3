import pytest
import torch

from mien.nets.convolution import MaskedConvolution


@pytest.mark.parametrize("stride", [(2, 2), (2, 1)])
@pytest.mark.parametrize("kernel", [3, 5])
def test_padding_does_not_change_a_clip(kernel, stride):
    torch.manual_seed(0)
    layer = MaskedConvolution(1, 4, kernel=kernel, stride=stride).eval()
    maps = torch.randn(1, 1, 8, 13)
    padded = torch.cat([maps, torch.zeros(1, 1, 8, 6)], dim=3)
    alone, valid = layer(maps, torch.ones(1, 13, dtype=torch.bool))
    batch, batch_valid = layer(padded, torch.arange(19)[None] < 13)
    count = alone.shape[3]
    assert valid.all()
    assert batch_valid.sum() == count
    torch.testing.assert_close(batch[..., :count], alone)
    assert torch.all(batch[..., count:] == 0)
