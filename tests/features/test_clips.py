"""How files are shared out, and that each is decoded once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from mien.features import clips as module
from mien.features.clips import PIECE_S, PIECE_SEGMENTS, ClipReader, pieces
from mien.signals.jobs import CHUNK_BYTES, CHUNK_FILES, Job, ListedSegments


def listed(count, seconds=0.5, names=None):
    starts = tuple(float(at) for at in range(count))
    ends = tuple(start + seconds for start in starts)
    return ListedSegments(starts, ends, names or (None,) * count, (None,) * count)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * CHUNK_BYTES),
            st.none() | st.tuples(st.integers(1, 3 * PIECE_SEGMENTS), st.sampled_from([0.5, 40.0])),
        ),
        max_size=50,
    )
)
def test_pieces_are_small_and_hold_every_segment_once_in_order(files):
    jobs = [
        Job(str(at), Path(str(at)), size, None if told is None else listed(*told))
        for at, (size, told) in enumerate(files)
    ]
    found = pieces(jobs)
    for piece in found:
        segments = [one.listed for one in piece if one.listed is not None]
        assert len(piece) <= CHUNK_FILES
        assert len(piece) == 1 or sum(one.size for one in piece) <= CHUNK_BYTES
        assert sum(len(one.names) for one in segments) <= PIECE_SEGMENTS
        # the segment that fills a piece may reach over the edge
        assert sum(sum(one.ends) - sum(one.starts) for one in segments) <= PIECE_S + 40
    shared = [job for piece in found for job in piece]
    for job in jobs:
        parts = [one for one in shared if one.file == job.file]
        if job.listed is None:
            assert parts == [job]
        else:
            assert sum((one.listed.starts for one in parts), ()) == job.listed.starts
    assert [one.file for one in shared] == sorted((one.file for one in shared), key=int)


def test_segments_of_a_cut_file_keep_their_numbers():
    job = Job("long.wav", Path("long.wav"), 1, listed(2500))
    names = [name for (part,) in pieces([job]) for name in part.listed.names]
    assert names == [f"long-{number}" for number in range(2500)]


def test_a_file_of_many_segments_is_decoded_once(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "long.wav", np.linspace(-1, 1, 16000), 16000)
    job = Job("long.wav", tmp_path / "long.wav", 1, listed(2500))
    short = Job("long.wav", tmp_path / "long.wav", 1, ListedSegments((0.25,), (0.5,), ("a",), (None,)))
    real, decoded = module.decode, []
    monkeypatch.setattr(module, "decode", lambda *given, **more: decoded.append(1) or real(*given, **more))
    reader, failures = ClipReader(), {}
    found = [clip for piece in [*pieces([job]), (short,)] for clip in reader.read(piece, failures)]
    assert len(found) == 2501
    assert len(decoded) == 1
    assert not failures
    np.testing.assert_allclose(found[-1].samples[[0, -1]], [-0.5, 0.0], atol=1e-3)


def test_a_whole_file_is_not_kept(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    reader = ClipReader()
    list(reader.read([Job("a.wav", tmp_path / "a.wav", 1)], {}))
    assert reader._held is None


@pytest.mark.parametrize("end", [0.8, 9.0, np.nan])
def test_a_segment_ends_with_its_file_at_the_latest(tmp_path, end):
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    job = Job("a.wav", tmp_path / "a.wav", 1, ListedSegments((0.5,), (end,), (None,), (None,)))
    (clip,) = ClipReader().read([job], {})
    assert clip.samples.size == (4800 if end == 0.8 else 8000)
    assert clip.segment == "a-0"
