"""Time a system in a process of its own, which does nothing but open it and answer some segments.

Run as `python -m mien.studies.fresh_process`, by `answer_alone`, which sends the system over a pipe.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mien.core.errors import MienError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Alone(NamedTuple):
    """Hold what a system took, alone in a process.

    Attributes:
        seconds: of a core for each segment.
        peak_mb: most memory that the process held, in megabytes of a million bytes.
        said: probabilities of each segment.
    """

    seconds: list[float]
    peak_mb: float
    said: list[list[float]]


def answer_alone(answerer: Any, segments: Sequence[Any]) -> Alone:
    """Open a system in a fresh process and time it on segments, one by one, on one core.

    The first segment is answered once before the clock runs, so that nothing is loaded or compiled then.

    Args:
        answerer: has `open` and `answer`, and can be pickled.
        segments: what it answers; at least one.

    Raises:
        MienError: the process failed; its last line says why.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mien.studies.fresh_process"],
        input=pickle.dumps((answerer, list(segments))),
        env=os.environ | dict.fromkeys(THREADS, "1"),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.decode().strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MienError(f"Got no answer of a system in a process of its own: {last}")
    return Alone(**json.loads(done.stdout.decode().splitlines()[-1]))


def main() -> None:
    """Answer the segments that the process which started this one sends, and say in JSON what that took."""
    # read as it comes, so that the sent bytes and what they become are not held at once
    answerer, segments = pickle.Unpickler(sys.stdin.buffer).load()
    answerer.open()
    answerer.answer(segments[0])
    seconds, said = [], []
    for segment in segments:
        # the core's own time: with one thread it is the latency of a machine that does nothing else
        began = time.process_time()
        answer = answerer.answer(segment)
        seconds.append(time.process_time() - began)
        said.append(answer[0].tolist())
    sys.stdout.write(json.dumps(Alone(seconds, peak_mb(), said)._asdict()))


def peak_mb() -> float:
    """Return the most memory that this process has held, in megabytes of a million bytes.

    Linux hands `ru_maxrss` on from the process that started this one, so what the kernel says of this
    program alone comes first.

    Example:
        >>> peak_mb() > 1
        True
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        highest = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        if highest:
            return int(highest[0]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


if __name__ == "__main__":
    main()
