"""The buffer of a stream: what it holds, forgets and refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import DataError
from mien.features.voice.sample_buffer import SampleBuffer


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(0, 8))
def test_it_gives_back_what_came_as_far_as_it_is_not_forgotten(pieces, kept):
    stream = np.arange(sum(pieces), dtype=np.float32)
    buffer, at = SampleBuffer(2 * 8 + 12), 0
    for piece in pieces:
        buffer.append(stream[at : at + piece])
        at += piece
        np.testing.assert_array_equal(buffer.since(buffer.begin), stream[buffer.begin : at])
        buffer.forget(at - kept)
    assert (buffer.begin, buffer.end) == (max(0, at - kept), at)


def test_frames_overlap_as_they_do_in_the_whole():
    buffer, stream = SampleBuffer(50), np.arange(90, dtype=np.float32)
    buffer.append(stream[:40])
    buffer.forget(35)
    buffer.append(stream[40:80])
    expected = np.lib.stride_tricks.sliding_window_view(stream, 10)[36:66:7][:4]
    np.testing.assert_array_equal(buffer.frames(36, 4, size=10, hop=7), expected)


def test_more_than_there_is_room_for_is_refused():
    buffer = SampleBuffer(10)
    buffer.append(np.zeros(8, np.float32))
    with pytest.raises(DataError, match="expected at most 2"):
        buffer.append(np.zeros(3, np.float32))
