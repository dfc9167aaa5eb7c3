"""P5: how fast each shipped voice model answers on one core, and how large it is."""

import argparse
import time

import numpy as np
import psutil
import soundfile
from joined_clips import data_root
from machine import processor, report

GOAL = "P5: shipped voice model on one core (goal: at least 500 x real time, at most 5 MB)"


def clips_of(count: int, *, rate_hz: int) -> list[np.ndarray]:
    """Return real RAVDESS clips of mixed length."""
    paths = sorted((data_root() / "ravdess_speech" / "audio").glob("*.flac"))
    chosen = np.random.default_rng(0).choice(len(paths), size=count, replace=False)
    read = [soundfile.read(paths[row], dtype="float32") for row in chosen]
    wrong = [found for _, found in read if found != rate_hz]
    if wrong:
        raise SystemExit(f"Got clips at {wrong[0]} Hz, expected {rate_hz} Hz.")
    return [samples for samples, _ in read]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", action="append", help="name or folder; default: all that ship")
    options = parser.parse_args()
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    from mien.prediction.model_card import shipped
    from mien.prediction.predictor import load_predictor

    rows: list[dict[str, object]] = []
    for name in options.model or [model.name for model in shipped()]:
        predictor = load_predictor(name, threads=1)
        model = predictor.summary
        clips = clips_of(options.clips, rate_hz=model.rate_hz)
        seconds = sum(map(len, clips)) / model.rate_hz
        predictor.predict(clips[:8])
        times = []
        for _ in range(options.repeats):
            started = time.perf_counter()
            predictor.predict(clips)
            times.append(time.perf_counter() - started)
        size = (model.folder / "model.onnx").stat().st_size / 1e6
        rows.append(
            {
                "model": model.name,
                "x real time, median": f"{seconds / np.median(times):.0f}",
                "slowest to fastest": f"{seconds / max(times):.0f} to {seconds / min(times):.0f}",
                "audio per run": f"{seconds:.0f} s in {len(clips)} clips",
                "size": f"{size:.2f} MB",
                "peak memory": f"{peak_mb():.0f} MB",
            }
        )
    if not rows:
        raise SystemExit("Got no shipped model, expected one in src/mien/models; train one first.")
    report(GOAL, rows, command="python benchmarks/model_speed.py", before=before)


def peak_mb() -> float:
    """Return the highest resident memory of this process so far, in megabytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
