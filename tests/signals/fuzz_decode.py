"""Decode thousands of damaged media files: each must decode or raise InputError, without hang or crash.

Run `python -m tests.signals.fuzz_decode --count 10000 --seed 0`; files that fail are kept.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from media_files import tone, write_media, write_plain

from mien.core.errors import InputError
from mien.signals.decode import decode, open_audio

HANG_S = 60.0
MOST_BYTES = 6 << 30


@dataclass
class Outcome:
    """What became of one damaged file."""

    number: int
    kind: str
    detail: str = ""


def write_seeds(folder: Path) -> list[Path]:
    """Write one small good file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = tone(0.7, 48000)
    seeds = [write_plain(folder / f"{kind}.wav", tone(0.7, 8000), 8000, subtype=kind) for kind in (
        "PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW", "IMA_ADPCM", "GSM610"
    )]  # fmt: skip
    seeds.append(write_plain(folder / "eight.wav", np.repeat(sound[:9600, None], 8, axis=1), 48000))
    for extension in ("flac", "ogg", "mp3", "aiff", "au", "caf", "w64"):
        seeds.append(write_plain(folder / f"plain.{extension}", sound, 48000))
    for name, codec, video in (
        ("a.m4a", "aac", None), ("b.mp3", "libmp3lame", None), ("c.webm", "libopus", "libvpx"),
        ("d.mp4", "aac", "mpeg4"), ("e.mkv", "flac", "mpeg4"), ("f.avi", "libmp3lame", "mpeg4"),
        ("g.mov", "pcm_s16le", None), ("h.ts", "aac", None), ("i.ogg", "libopus", None),
        ("j.aac", "aac", None),
    ):  # fmt: skip
        seeds.append(write_media(folder / name, sound, codec=codec, video=video))
    return seeds


def damage(content: bytes, other: bytes, generator: np.random.Generator) -> bytes:
    """Return a damaged copy of a file's content."""
    data = bytearray(content)
    for _ in range(int(generator.integers(1, 4))):
        at = int(generator.integers(0, max(len(data), 1)))
        if generator.random() < 0.5:
            at = min(at, int(generator.integers(0, 512)))
        length = int(2 ** generator.uniform(0, 10))
        match int(generator.integers(0, 9)):
            case 0:
                for _ in range(length):
                    data[int(generator.integers(0, len(data)))] ^= 1 << int(generator.integers(0, 8))
            case 1:
                del data[at:]
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = generator.bytes(length)
            case 4:
                data[at : at + length] = bytes(len(data[at : at + length]))
            case 5:
                data[at : at + 4] = [b"\xff" * 4, b"\0\0\0\1", b"\x7f\xff\xff\xff", b"\1\0\0\0"][length % 4]
            case 6:
                data[at:at] = data[at : at + 16 * length]
            case 7:
                data[at : at + 16 * length] = other[at : at + 16 * length]
            case _:
                data[at : at + 4] = generator.bytes(4)
        if not data:
            break
    return bytes(data)


def make(number: int, seed: int, seeds: list[Path], folder: Path) -> Path:
    """Write damaged file `number` of a run."""
    generator = np.random.default_rng([seed, number])
    chosen, other = (seeds[int(at)] for at in generator.integers(0, len(seeds), 2))
    suffix = other.suffix if generator.random() < 0.1 else chosen.suffix
    path = folder / f"{number}{suffix}"
    path.write_bytes(damage(chosen.read_bytes(), other.read_bytes(), generator))
    return path


def attempt(path: Path, number: int) -> Outcome:
    """Decode one file."""
    try:
        samples = 0
        stream = open_audio(path)
        for block in stream:
            samples += len(block)
            if not (np.isfinite(block).all() and np.abs(block).max(initial=0) <= 1):
                return Outcome(number, "failed", "samples out of range")
        if number % 4 == 0 and samples < 16000 * 600:
            decode(path)
    except InputError as error:
        if "\n" in str(error) or path.name not in str(error):
            return Outcome(number, "failed", f"no good reason: {error}")
        return Outcome(number, "refused")
    # Whatever else comes out is what the fuzzer looks for.
    except Exception as error:  # noqa: BLE001
        return Outcome(number, "failed", f"{type(error).__name__}: {error}")
    return Outcome(number, "noted" if stream.notes else "decoded")


def work(numbers: range, seed: int, folder: Path, results: multiprocessing.Queue) -> None:
    """Decode files one after the other in a process of its own; memory is limited where that is known."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    except ImportError:
        pass
    seeds = sorted((folder / "seeds").iterdir())
    for number in numbers:
        path = make(number, seed, seeds, folder)
        results.put(("begun", number))
        results.put(("ended", attempt(path, number)))
        path.unlink()
    results.put(("all", None))


def fuzz(count: int, seed: int, folder: Path) -> tuple[Counter, list[Outcome]]:
    """Decode `count` damaged files; a crash or hang is recorded, and the rest go on."""
    write_seeds(folder / "seeds")
    context = multiprocessing.get_context("spawn")
    counts, failures, start = Counter(), [], 0
    while start < count:
        results = context.Queue()
        process = context.Process(target=work, args=(range(start, count), seed, folder, results), daemon=True)
        process.start()
        start, lost = _watch(process, results, start, count, (counts, failures))
        if lost:
            counts["failed"] += 1
            failures.append(lost)
        process.kill()
        process.join()
    for outcome in failures:
        make(outcome.number, seed, sorted((folder / "seeds").iterdir()), folder)
    return counts, failures


def _watch(process, results, start: int, count: int, into) -> tuple[int, Outcome | None]:
    """Follow one process; return where the next begins, and the file that ended this one, if any."""
    counts, failures = into
    current, since = start, time.monotonic()
    while True:
        try:
            what, value = results.get(timeout=1.0)
        except Exception:  # noqa: BLE001 - queue.Empty, or a message cut off by a crash
            if not process.is_alive() and results.empty():
                return current + 1, Outcome(current, "failed", f"crash, exit code {process.exitcode}")
            if time.monotonic() - since > HANG_S:
                return current + 1, Outcome(current, "failed", f"no answer within {HANG_S:.0f} s")
            continue
        since = time.monotonic()
        if what == "all":
            return count, None
        if what == "begun":
            current = value
            continue
        counts[value.kind] += 1
        if value.kind == "failed":
            failures.append(value)


def main() -> int:
    """Run from the command line; the exit code is 1 if any file failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mien-fuzz-"))
    counts, failures = fuzz(options.count, options.seed, folder)
    sys.stdout.write(f"{options.count} damaged files, seed {options.seed}: {dict(counts)}\n")
    for outcome in failures:
        sys.stdout.write(f"  {next(folder.glob(f'{outcome.number}.*'))}: {outcome.detail}\n")
    if not failures:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
