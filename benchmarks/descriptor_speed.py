"""P1 and P2: functionals of eGeMAPSv02 and ComParE_2016 on one core, beside openSMILE in the same run.

openSMILE runs in an environment of its own, which `make parity` makes; MIEN_OPENSMILE names another Python.
"""

import json
import os
import subprocess
import tempfile
import time
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
    rows = []
    for way, (heard, work) in ways.items():
        seconds = sum(map(len, heard)) / RATE_HZ
        theirs = opensmile_time(name, heard)
        ours = min(spent(work) for _ in range(ROUNDS))
        rows.append(
            {
                "audio": way,
                "mien, s per s": f"{ours / seconds:.5f}",
                "openSMILE, s per s": f"{min(theirs) / seconds:.5f}" if theirs else "not installed",
                "times faster": f"{min(theirs) / ours:.1f}" if theirs else "",
                "ms per clip": f"{1e3 * ours / len(heard):.1f}",
            }
        )
    first = f"first call, with what is compiled on disk: {compiled:.1f} s"
    return [*rows, dict.fromkeys(rows[0], "") | {"audio": first}]


def spent(work) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def opensmile_time(name: str, clips: list[np.ndarray]) -> list[float]:
    """Return the processor time that openSMILE takes, the least of three; nothing without it."""
    if not REFERENCE.exists():
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{number}.wav")) for number in range(len(clips))]
        for path, clip in zip(paths, clips, strict=True):
            soundfile.write(path, clip, RATE_HZ, subtype="PCM_16")
        listed, out = Path(folder, "list.json"), Path(folder, "found.npz")
        listed.write_text(json.dumps(paths))
        script = CHECKOUT / "scripts" / "opensmile_reference.py"
        subprocess.run([REFERENCE, script, name, listed, out, "--seconds"], check=True)
        return [float(np.load(out)["seconds"])]


if __name__ == "__main__":
    main()
