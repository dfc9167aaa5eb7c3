import numpy as np
import pytest
import torch

from mien.core.errors import DataError
from mien.training.batch import Batch, make_batch, pad, soft_targets
from mien.training.placement import move, share_of

NAN = float("nan")


def some(**changes):
    parts = {
        "targets": {"emotion": [0, -1, 2], "valence": [[0.5], [NAN], [0.1]]},
        "row": [4, 9, 2],
        "weight": [1.0, 0.5, 0.0],
    }
    parts.update(changes)
    clips = [np.full(size, size, np.float32) for size in (3, 5, 1)]
    return make_batch(clips, parts["targets"], row=parts["row"], weight=parts["weight"])


def test_items_are_padded_to_the_longest_and_the_padding_is_marked():
    batch = some()
    assert len(batch) == 3
    assert batch.x.shape == (3, 5)
    assert batch.x.dtype == torch.float32
    assert batch.valid.sum(1).tolist() == [3, 5, 1]
    assert (batch.x[~batch.valid] == 0).all()
    assert batch.x[1].tolist() == [5.0] * 5
    assert batch.row.tolist() == [4, 9, 2]


def test_targets_keep_their_kind_and_unknown_stays_unknown():
    targets = some().targets
    assert targets["emotion"].dtype == torch.int64
    assert targets["emotion"].tolist() == [0, -1, 2]
    assert targets["valence"].dtype == torch.float32
    assert torch.isnan(targets["valence"][1]).all()


def test_frames_and_word_numbers_are_padded_too():
    frames, valid = pad([np.ones((2, 4), np.float32), np.ones((3, 4), np.float32)])
    assert frames.shape == (2, 3, 4)
    assert valid.tolist() == [[True, True, False], [True] * 3]
    words, _ = pad([np.array([7, 8]), np.array([9])])
    assert words.tolist() == [[7, 8], [9, 0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row": [1, 2]}, "Got 2 items of `row`, expected 3"),
        ({"targets": {"emotion": [0, 1]}}, "Got 2 items of `emotion`, expected 3"),
        ({"weight": [1.0, 2.0]}, "Got 2 items of `weight`, expected 3"),
        ({"weight": [1.0, -2.0, 0.0]}, "negative or no number"),
        ({"weight": [1.0, NAN, 0.0]}, "negative or no number"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        some(**changes)


def test_empty_items_and_empty_batches_are_refused():
    with pytest.raises(DataError, match="item 1 of length 0"):
        pad([np.ones(2), np.ones(0)])
    with pytest.raises(DataError, match="no items"):
        pad([])


def test_valid_of_another_shape_is_refused():
    with pytest.raises(DataError, match="expected the first two axes"):
        Batch(torch.zeros(2, 3), torch.ones(2, 4, dtype=torch.bool), {}, None, np.arange(2))


def test_the_loop_can_move_a_batch_and_share_it_between_processes():
    batch = move(some(), torch.device("cpu"))
    first, second = (share_of(batch, process=process, processes=2) for process in (0, 1))
    assert first.batch.row.tolist() == [4, 2]
    assert second.batch.row.tolist() == [9]
    assert second.batch.targets["emotion"].tolist() == [-1]
    assert second.batch.weight.tolist() == [0.5]


def test_soft_targets_of_known_classes_are_certain():
    target = soft_targets(torch.tensor([2, -1, 0]), 3)
    assert target[0].tolist() == [0, 0, 1]
    assert torch.isnan(target[1]).all()
    assert target[2].tolist() == [1, 0, 0]
