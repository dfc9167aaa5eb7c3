"""Batches on the device, and cut among processes."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError
from mien.training.placement import count_rows, move, share_of


@dataclass(frozen=True)
class Batch:
    x: torch.Tensor
    target: dict
    row: np.ndarray
    text: list
    weight: torch.Tensor | None = None
    rate_hz: float = 16000.0


def make(rows: int) -> Batch:
    x = torch.arange(2.0 * rows).view(rows, 2)
    target = {"class": torch.arange(rows), "scale": torch.ones(())}
    return Batch(x, target, np.arange(rows), [str(row) for row in range(rows)])


def test_every_tensor_moves_and_the_rest_stays():
    moved = move(make(3), torch.device("meta"))
    assert moved.x.is_meta
    assert moved.target["class"].is_meta
    assert moved.row.tolist() == [0, 1, 2]
    assert (moved.text, moved.weight, moved.rate_hz) == (["0", "1", "2"], None, 16000.0)
    pair = move((torch.zeros(2), {"y": [torch.zeros(2)]}), torch.device("meta"))
    assert pair[0].is_meta
    assert pair[1]["y"][0].is_meta


def test_a_batch_that_knows_how_to_move_does_it_itself():
    class Own:
        def to(self, device):
            return f"on {device}"

    assert move(Own(), torch.device("meta")) == "on meta"


@given(st.integers(1, 12), st.integers(1, 5))
def test_the_shares_hold_every_row_once(rows, processes):
    batch = make(rows)
    shares = [share_of(batch, process=process, processes=processes) for process in range(processes)]
    assert sum(share.rows for share in shares) == rows
    seen = [row for share in shares if share.rows for row in share.batch.row.tolist()]
    assert sorted(seen) == list(range(rows))
    for share in shares:
        part = share.batch
        assert count_rows(part) == max(1, share.rows)
        assert part.x[:, 0].tolist() == [2.0 * row for row in part.row]
        assert part.target["class"].tolist() == part.row.tolist()
        assert part.text == [str(row) for row in part.row]
        assert part.target["scale"].ndim == 0


def test_a_batch_without_tensors_counts_as_one_row():
    assert count_rows({"text": "hello"}) == 1


def test_a_class_that_cannot_be_cut_is_refused_for_several_processes():
    class Own:
        def to(self, device):
            return self

    assert share_of(Own(), process=0, processes=1).rows == 1
    with pytest.raises(ConfigError, match="batches of class Own for 2 processes"):
        share_of(Own(), process=0, processes=2)
