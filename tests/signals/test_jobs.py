from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mien.signals.jobs import Job, ListedSegments, chunks


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 40))
def test_chunks_keep_every_job_in_order_within_the_limits(sizes: list[int], files: int, size: int) -> None:
    jobs = [Job(str(number), Path(str(number)), one) for number, one in enumerate(sizes)]
    found = chunks(jobs, most_files=files, most_bytes=size)
    assert [job for chunk in found for job in chunk] == jobs
    for chunk in found:
        assert 1 <= len(chunk) <= files
        assert sum(job.size for job in chunk) <= size or len(chunk) == 1


def test_a_signature_changes_with_the_file_and_its_segments(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    job = Job("a.wav", path, 3)
    assert job.signature == Job("other name", path, 3).signature
    assert job.signature != Job("a.wav", path, 4).signature
    listed = ListedSegments((0.0,), (1.0,), (None,), (None,))
    assert job.signature != Job("a.wav", path, 3, listed).signature
