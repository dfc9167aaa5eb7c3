"""P4: wav2vec2-base over clips of mixed length on one core, clip by clip and in our batches."""

import argparse
import time
from collections.abc import Callable

import numpy as np
import psutil
import soundfile
from joined_clips import data_root
from machine import processor, report

GOAL = "P4: wav2vec2-base shape, random weights, mixed lengths, one core (goal: 3.5 x at CCC >= .995)"
Frames = list[np.ndarray]


def clips_of(count: int) -> Frames:
    """Return real RAVDESS clips, each cut to a length of its own."""
    generator = np.random.default_rng(0)
    paths = sorted((data_root() / "ravdess_speech" / "audio").glob("*.flac"))
    clips = [
        soundfile.read(paths[row], dtype="float32")[0] for row in generator.permutation(len(paths))[:count]
    ]
    return [clip[: int(len(clip) * generator.uniform(0.3, 1.0))] for clip in clips]


def agreement(first: Frames, second: Frames) -> float:
    """Return the lowest concordance of a clip's frames with their twins."""
    lowest = 1.0
    for one, other in zip(first, second, strict=True):
        covariance = np.mean((one - one.mean()) * (other - other.mean()))
        scale = one.var() + other.var() + (one.mean() - other.mean()) ** 2
        lowest = min(lowest, float(2 * covariance / scale))
    return lowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch-seconds", type=float, nargs="+", default=[8.0, 30.0])
    parser.add_argument("--bfloat16", action="store_true", help="measure with bfloat16 too (needs AMX)")
    options = parser.parse_args()
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    import torch

    torch.set_num_threads(1)
    clips = clips_of(options.clips)
    ways = ways_to_run(clips, batch_s=options.batch_seconds, bfloat16=options.bfloat16)
    rows = measure(ways, clips, repeats=options.repeats)
    report(GOAL, rows, command="python benchmarks/encoder_batches.py", before=before)


def ways_to_run(clips: Frames, *, batch_s: list[float], bfloat16: bool) -> dict[str, Callable[[], Frames]]:
    """Return name → function that gives the last layer of every clip; the first is the reference."""
    import torch

    from mien.nets.embedder import Embedder

    embedders = {size: Embedder("wav2vec2", batch_s=size) for size in batch_s}
    network = embedders[batch_s[0]].encoder.network

    @torch.inference_mode()
    def clip_by_clip() -> Frames:
        normal = [(clip - clip.mean()) / np.sqrt(clip.var() + 1e-7) for clip in clips]
        return [network(torch.from_numpy(clip)[None]).last_hidden_state[0].numpy() for clip in normal]

    ways: dict[str, Callable[[], Frames]] = {"transformers, clip by clip": clip_by_clip}
    for size, embedder in embedders.items():
        ways[f"mien, batches of {size:g} s"] = lambda embedder=embedder: embedder.frames(clips)
        if bfloat16:
            ways[f"the same in bfloat16, {size:g} s"] = lambda embedder=embedder: rounded(embedder, clips)
    return ways


def rounded(embedder: object, clips: Frames) -> Frames:
    """Run an embedder with products in bfloat16."""
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16):
        return embedder.frames(clips)  # type: ignore[attr-defined]


def measure(ways: dict[str, Callable[[], Frames]], clips: Frames, *, repeats: int) -> list[dict[str, object]]:
    """Run all ways in turn; processor time, so that other programs on the machine count little."""
    answers = {name: run() for name, run in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, run in ways.items():
            started = time.process_time()
            run()
            times[name].append(time.process_time() - started)
    reference = next(iter(ways))
    seconds = sum(map(len, clips)) / 16000
    return [
        {
            "way": name,
            "processor s per s of audio, median": f"{np.median(times[name]) / seconds:.3f}",
            "x clip by clip": f"{np.median(times[reference]) / np.median(times[name]):.2f}",
            "lowest CCC of a clip": f"{agreement(answers[reference], answers[name]):.6f}",
            "audio": f"{seconds:.0f} s in {len(clips)} clips",
        }
        for name in ways
    ]


if __name__ == "__main__":
    main()
