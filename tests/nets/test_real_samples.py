import pytest
import torch

from mien.core.errors import DataError
from mien.nets.real_samples import count_real_samples, map_real


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
