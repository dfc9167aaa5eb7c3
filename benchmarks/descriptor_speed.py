"""P1 and P2: functionals of eGeMAPSv02 and ComParE_2016 on one core, beside openSMILE in turn.

openSMILE runs in an environment of its own, which `make parity` makes; MIEN_OPENSMILE names another Python.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import soundfile
from machine import CHECKOUT, processor, report
from model_speed import clips_of

GOAL = {
    "egemaps": "P1: eGeMAPSv02 functionals, one core (goal: at least 5 x faster than openSMILE 2.6, long and "
    "short)",
    "compare": "P2: ComParE_2016 functionals, one core (goal: at least 4 x faster than openSMILE 2.6)",
}
RATE_HZ = 16000
CLIPS = 60
ROUNDS = 5
REFERENCE = Path(os.environ.get("MIEN_OPENSMILE", CHECKOUT / "build" / "parity" / "bin" / "python"))


def main() -> None:
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    clips = clips_of(CLIPS, rate_hz=RATE_HZ)
    for name, goal in GOAL.items():
        rows = measure(name, clips)
        report(goal, rows, command="python benchmarks/descriptor_speed.py", before=before)


def measure(name: str, clips: list[np.ndarray]) -> list[dict]:
    """Return a row per way to describe the clips: one long file, one by one, and all at once."""
    from mien.core.registry import find

    extract = find("features", name).extract
    long = np.concatenate(clips)[: 60 * RATE_HZ]
    compiled = time.perf_counter()
    extract(clips[:1], rate_hz=RATE_HZ)
    compiled = time.perf_counter() - compiled
    ways = {
        "60 s in one file": ([long], lambda: extract([long], rate_hz=RATE_HZ)),
        f"{CLIPS} clips, one call each": (
            clips,
            lambda: [extract([clip], rate_hz=RATE_HZ) for clip in clips],
        ),
        f"{CLIPS} clips, one call": (clips, lambda: extract(clips, rate_hz=RATE_HZ)),
    }
    rows = [row(way, heard, *in_turn(work, name, heard)) for way, (heard, work) in ways.items()]
    first = f"first call, with what is compiled on disk: {compiled:.1f} s"
    return [*rows, dict.fromkeys(rows[0], "") | {"audio": first}]


def in_turn(work, name: str, heard: list[np.ndarray]) -> tuple[list[float], list[float]]:
    """Return processor times of mien and openSMILE, run in turn, since a computer is not always as fast."""
    ours, theirs = [], []
    with opensmile_clock(name, heard) as opensmile:
        work()
        for _ in range(ROUNDS):
            theirs += opensmile()
            ours.append(min(spent(work) for _ in range(2)))
    return ours, theirs


def row(way: str, heard: list[np.ndarray], ours: list[float], theirs: list[float]) -> dict:
    """Return medians, and the median of the ratios of neighbouring runs with the least and the most."""
    seconds = sum(map(len, heard)) / RATE_HZ
    ratios = np.divide(theirs, ours) if theirs else []
    return {
        "audio": way,
        "mien, s per s": f"{np.median(ours) / seconds:.5f}",
        "openSMILE, s per s": f"{np.median(theirs) / seconds:.5f}" if theirs else "not installed",
        "times faster": f"{np.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})" if theirs else "",
        "ms per clip": f"{1e3 * np.median(ours) / len(heard):.1f}",
    }


def spent(work) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


@contextmanager
def opensmile_clock(name: str, clips: list[np.ndarray]) -> Iterator[Callable[[], list[float]]]:
    """Give a function that returns the processor time that openSMILE takes; nothing without it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{number}.wav")) for number in range(len(clips))]
        for path, clip in zip(paths, clips, strict=True):
            soundfile.write(path, clip, RATE_HZ, subtype="PCM_16")
        listed, out = Path(folder, "list.json"), Path(folder, "found.npz")
        listed.write_text(json.dumps(paths))
        script = CHECKOUT / "scripts" / "opensmile_reference.py"

        def run() -> list[float]:
            if not REFERENCE.exists():
                return []
            subprocess.run([REFERENCE, script, name, listed, out, "--seconds"], check=True)
            return [float(np.load(out)["seconds"])]

        yield run


if __name__ == "__main__":
    main()
