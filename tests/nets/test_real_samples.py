import pytest
import torch

from mien.core.errors import DataError
from mien.nets.real_samples import count_real_samples, map_real, normalize_real


def mask(*lengths: int) -> torch.Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def test_real_samples_are_counted_per_clip():
    assert count_real_samples(torch.zeros(2, 5), mask(3, 5)).tolist() == [3, 5]


@pytest.mark.parametrize(
    ("valid", "told"),
    [
        (mask(3, 4), "Got samples"),
        (torch.tensor([[True] * 5, [False] * 5]), "clip 1 of the batch without a real sample"),
        (torch.tensor([[True] * 5, [False, True, True, True, True]]), "before or between"),
        (torch.tensor([[True] * 5, [True, False, True, False, False]]), "before or between"),
    ],
)
def test_masks_that_are_no_masks_of_clips_are_refused(valid, told):
    with pytest.raises(DataError, match=told):
        count_real_samples(torch.zeros(2, 5), valid)


def test_a_function_sees_each_clip_without_its_padding():
    values = torch.tensor([[[1.0, 2.0, 3.0, 99.0]], [[4.0, 5.0, 6.0, 7.0]]])
    mapped = map_real(values, torch.tensor([3, 4]), lambda clip: clip - clip.mean(-1, keepdim=True))
    assert mapped.tolist() == [[[-1.0, 0.0, 1.0, 0.0]], [[-1.5, -0.5, 0.5, 1.5]]]


def test_clips_of_one_length_give_the_same_with_and_without_padding():
    values, whole = torch.randn(3, 4, 50), torch.tensor([50, 50, 50])
    padded = torch.cat([values, torch.ones(3, 4, 9)], dim=2)

    def normalize(clip: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.group_norm(clip, 4)

    expected = map_real(values, whole, normalize)
    assert torch.equal(map_real(padded, whole, normalize)[..., :50], expected)


@pytest.mark.filterwarnings("ignore:.*jit.trace")
@pytest.mark.parametrize("shape", [(3, 60), (3, 4, 60)])
def test_the_real_part_of_each_row_gets_mean_0_and_variance_1_also_where_it_is_traced(shape):
    values, length = 5 + 3 * torch.randn(shape), torch.tensor([60, 17, 1])
    found = normalize_real(values, length, eps=1e-9)
    for row, size in enumerate(length.tolist()):
        kept = found[row, ..., :size]
        torch.testing.assert_close(kept.mean(-1), torch.zeros(shape[1:-1]), atol=1e-5, rtol=0)
        if size > 1:
            torch.testing.assert_close(kept.var(-1, correction=0), torch.ones(shape[1:-1]), atol=1e-4, rtol=0)
        assert not found[row, ..., size:].any()
    traced = torch.jit.trace(lambda x, n: normalize_real(x, n, eps=1e-9), (values[:2], length[:2]))
    torch.testing.assert_close(traced(values, length), found, atol=1e-5, rtol=0)
