"""Rows that come in pieces, beside numpy's own joining."""

import numpy as np
import pytest

from mien.signals.growing_rows import STEP_VALUES, GrowingRows


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("sizes", [[3], [3, 1, 1, 5, 2], [STEP_VALUES // 2, STEP_VALUES, 7]])
def test_growing_rows_are_the_pieces_joined(columns, sizes):
    rng = np.random.default_rng(0)
    pieces = [rng.normal(size=(size, columns)).astype(np.float32) for size in sizes]
    gathered = GrowingRows()
    for piece in pieces:
        gathered.append(piece)
    np.testing.assert_array_equal(gathered.rows(), np.concatenate(pieces))


def test_pieces_are_left_as_they_are():
    first = np.ones((2, 1), np.float32)
    gathered = GrowingRows()
    gathered.append(first)
    gathered.append(np.zeros((9, 1), np.float32))
    assert first.tolist() == [[1.0], [1.0]]
    assert gathered.rows().shape == (11, 1)
