"""Live descriptors: processor time of each piece of a voice, and how late its frames come."""

import time

import numpy as np
import psutil
from machine import processor, report
from model_speed import clips_of

GOAL = "Live eGeMAPSv02 on one core (goal: every 10-ms piece in less than 10 ms, as real time needs)"
RATE_HZ = 16000
CLIPS = 20
PIECES_S = (0.01, 0.1, 1.0)


def main() -> None:
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    from mien.features.voice.streaming import GenevaStream

    voice = np.concatenate(clips_of(CLIPS, rate_hz=RATE_HZ))
    rows = []
    for functionals in (False, True):
        for piece_s in PIECES_S:
            stream = GenevaStream(RATE_HZ, functionals=functionals)
            stream.push(voice[:RATE_HZ])  # what is compiled is loaded here
            spent_s, late_s = follow(stream, voice[RATE_HZ:], round(piece_s * RATE_HZ))
            median, most = np.percentile(1e3 * spent_s, (50, 99))
            rows.append(
                {
                    "piece": f"{1e3 * piece_s:.0f} ms",
                    "functionals": "summed up" if functionals else "no",
                    "ms per piece, median": f"{median:.2f}",
                    "99th percentile": f"{most:.2f}",
                    "real-time factor": f"{spent_s.mean() / piece_s:.4f}",
                    "end of a frame to its row, median and most": f"{1e3 * np.median(late_s):.0f} and "
                    f"{1e3 * late_s.max():.0f} ms",
                }
            )
    report(GOAL, rows, command="python benchmarks/stream_speed.py", before=before)


def follow(stream, voice: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the processor time of each piece, and how much later than its end each frame came."""
    spent, late, seen_s = [], [], 1.0
    for at in range(0, len(voice) - size, size):
        first = stream.frames
        started = time.process_time()
        stream.push(voice[at : at + size])
        spent.append(time.process_time() - started)
        seen_s += size / RATE_HZ
        late += [seen_s - (frame * stream.hop_s + 0.06) for frame in range(first, stream.frames)]
    return np.array(spent), np.array(late)


if __name__ == "__main__":
    main()
