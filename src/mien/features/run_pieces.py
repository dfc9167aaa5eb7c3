"""Hand pieces of a run to workers, and go on where one of them breaks."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mien.core.errors import InputError, MienError
from mien.core.workers import WorkerDied, spread
from mien.features.clips import pieces
from mien.features.describe import Finished, Work, note
from mien.features.feature_table import schema
from mien.signals.jobs import Job

Heard = Callable[[int, int], None]
"""Called with the number of finished pieces and that of all."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Crew:
    """Say who works.

    Attributes:
        workers: processes at a time.
        on: `processes` of this machine, or `ray`.
        address: of a Ray cluster; by default RAY_ADDRESS, else a Ray on this machine for the while.
    """

    workers: int = 1
    on: str = "processes"
    address: str | None = None


ALONE: Crew = Crew()
"""One worker: this process."""


def run_pieces(
    work: Work, jobs: Sequence[Job], crew: Crew, heard: Heard | None = None
) -> tuple[list[Finished], dict[str, str]]:
    """Describe files by all workers.

    A piece that a worker broke off, or died of, is repeated file by file, so that only the file at fault is
    lost; as these files are described alone then, their numbers may differ in the last digit.

    Args:
        work: what to do.
        jobs: the files.
        crew: who does it.
        heard: told of progress.

    Returns:
        The results in the order of the files, and segment or file → why it failed.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    share = partial(spread, workers=crew.workers, on=crew.on, address=crew.address)
    shared = pieces(jobs)
    done: dict[tuple[int, int], Finished] = {}
    broken: list[tuple[int, int]] = []
    for count, (number, answer) in enumerate(share(work, shared), 1):
        if (result := _kept(answer, work)) is not None:
            done[number, 0] = result
        else:
            broken += [(number, place) for place in range(len(shared[number]))]
        if heard is not None:
            heard(count, len(shared))
    alone = [(shared[number][place],) for number, place in broken]
    for at, answer in share(work, alone):
        done[broken[at]] = _kept(answer, work) or _lost(work, alone[at][0], answer)
    results = [done[at] for at in sorted(done)]
    failures: dict[str, str] = {}
    for result in results:
        for name, reason in result.failures.items():
            note(failures, name, reason)
    return results, failures


def _kept(answer: object, work: Work) -> Finished | None:
    """Return a result, or None for an error of one piece; stop for one that all would meet."""
    if isinstance(answer, Finished):
        return answer
    if isinstance(answer, OSError) and answer.errno in FULL:
        raise _full(work.parts, answer)
    if isinstance(answer, MienError) and not isinstance(answer, WorkerDied):
        raise answer
    return None


def _lost(work: Work, job: Job, error: object) -> Finished:
    text = " ".join(str(error).split()) or type(error).__name__
    reason = (
        f"Got `{job.file}`, on which the extraction broke off ({type(error).__name__}: {text}); check the "
        "file, and report this if it plays elsewhere."
    )
    return Finished(0, (), {job.file: reason}, table=schema(work.columns).empty_table())


@contextmanager
def told_when_full(parts: Path) -> Iterator[None]:
    """Say of a full disk what is kept and how to go on.

    Raises:
        InputError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise _full(parts, error) from error
        raise


def _full(parts: Path | None, error: OSError) -> InputError:
    return InputError(
        f"Got no more space in `{parts}` ({error.strerror}), expected some; free some, and the same command "
        "goes on with what is finished."
    )
