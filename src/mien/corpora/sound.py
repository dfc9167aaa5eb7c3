"""Measure how every clip was recorded: level, peaks, offset, background, bandwidth, and its fingerprint."""

import math
import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError, InputError
from mien.core.workers import spread
from mien.corpora.fingerprint import Print, fingerprint
from mien.signals.decode import decode

SOUND_COLUMNS = (
    "duration_s",
    "rate_hz",
    "level_db",
    "peak_db",
    "clipped",
    "offset",
    "noise_db",
    "snr_db",
    "bandwidth_hz",
)
"""What is measured of each clip; the units are in the names, shares are 0 to 1."""

FRAME_S = 0.02
ACTIVE_DB = 20.0
"""A frame this far below the loudest tenth, or nearer, counts as voice."""
CLIPPED_RUN = 3
CLIPPED_DB = -1.0
SILENT_POWER = 1e-12
_REMOVED = re.compile(r"constant offset of (\S+) of full scale removed")
BAND_DB = 65.0
"""What lies this far below the strongest frequency of a clip's mean spectrum counts as nothing."""
QUANTIZED_DB = -97.0
"""Just above the noise of 16-bit samples, -101 dB of full scale: below it, nothing was recorded."""


class Sounds(NamedTuple):
    """What was heard in a corpus.

    Attributes:
        facts: one row per segment that could be read: `segment` and `SOUND_COLUMNS`; null where a clip is too
            short or silent for a measure.
        prints: segment → fingerprint.
        failures: file → one line that says why it could not be read.
    """

    facts: pd.DataFrame
    prints: dict[str, Print]
    failures: dict[str, str]


def listen(table: pd.DataFrame, *, workers: int = 1) -> Sounds:
    """Decode every segment once and measure how it was recorded.

    A file that cannot be read is listed with its reason; the others go on.

    Args:
        table: segment table with `segment`, `file`, `start` and `end` (seconds; null for that of the file);
            rows without file are left out.
        workers: processes that decode.

    Raises:
        DataError: a column is missing.
        ConfigError: fewer than one worker.
    """
    for name in ("segment", "file", "start", "end"):
        if name not in table:
            raise DataError(f"Got a table without `{name}`, expected segment, file, start and end; add it.")
    spoken = table[table["file"].notna()]
    times = spoken[["segment", "start", "end"]].astype({"start": "float64", "end": "float64"})
    jobs = [
        (str(file), own.to_numpy(dtype=object))
        for file, own in times.groupby(spoken["file"].astype(str), sort=False)
    ]
    found: dict[str, tuple[dict[str, float], Print]] = {}
    failures = {}
    for index, result in spread(_hear_file, jobs, workers=workers):
        if isinstance(result, Exception):
            failures[jobs[index][0]] = " ".join(str(result).split())
        else:
            found |= result
    order = [str(one) for one in spoken["segment"] if str(one) in found]
    facts = pd.DataFrame([found[one][0] for one in order], columns=list(SOUND_COLUMNS), dtype="float64")
    facts.insert(0, "segment", pd.Series(order, dtype="string"))
    return Sounds(facts, {one: found[one][1] for one in order}, failures)


def describe_sound(samples: NDArray[np.float32], rate_hz: int) -> dict[str, float]:
    """Return the measures of one clip.

    Args:
        samples: float32 `(samples,)`, mono in [-1, 1], at least one.
        rate_hz: their rate.

    Returns:
        `duration_s`; `rate_hz`; `level_db` (root mean square of the frames with voice) and `peak_db` in dB of
        full scale; `clipped` (share of samples in runs at the peak); `offset` (mean sample, as a share of
        full scale); `noise_db` (level of the quietest tenth of 20-ms frames: the background where a clip has
        pauses) and `snr_db` (level less that); `bandwidth_hz` (highest frequency with sound). NaN where there
        is none.

    Example:
        >>> tone = (0.5 * np.sin(np.arange(16000) / 8)).astype(np.float32)
        >>> round(describe_sound(tone, 16000)["level_db"], 1)
        -9.0
    """
    offset = float(samples.mean(dtype=np.float64))
    centred = samples - np.float32(offset)
    peak = float(np.abs(samples).max())
    noise_db, level_db = _levels(centred, rate_hz)
    return {
        "duration_s": len(samples) / rate_hz,
        "rate_hz": float(rate_hz),
        "level_db": level_db,
        "peak_db": 20 * math.log10(peak) if peak else math.nan,
        "clipped": _clipped(samples, peak),
        "offset": offset,
        "noise_db": noise_db,
        "snr_db": level_db - noise_db,
        "bandwidth_hz": _bandwidth(centred, rate_hz),
    }


def _hear_file(job: tuple[str, NDArray[np.object_]]) -> dict[str, tuple[dict[str, float], Print]]:
    """Measure all segments of one file."""
    path, rows = job
    signal = decode(path, mono=True)
    samples, rate_hz = signal.samples[0], signal.rate_hz
    # decoding takes large offsets off and says so; other programs that read the file do not
    removed = sum(float(one[1]) for note in signal.notes if (one := _REMOVED.search(note)))
    found = {}
    for segment, start, end in rows:
        first = 0 if math.isnan(start) else round(start * rate_hz)
        last = len(samples) if math.isnan(end) else round(end * rate_hz)
        part = samples[first:last]
        if len(part):
            facts = describe_sound(part, rate_hz)
            found[str(segment)] = facts | {"offset": facts["offset"] + removed}, fingerprint(part, rate_hz)
    if not found:
        raise InputError(f"Got no sample of any segment in `{path}`, expected some; check start and end.")
    return found


def _levels(samples: NDArray[np.float32], rate_hz: int) -> tuple[float, float]:
    """Return the levels of the background and of the voice in dB of full scale; NaN for silence."""
    size = max(round(FRAME_S * rate_hz), 1)
    count = len(samples) // size
    if not count:
        return math.nan, math.nan
    power = np.square(samples[: count * size].reshape(count, size), dtype=np.float64).mean(axis=1)
    heard = power[power > SILENT_POWER]  # digital silence says nothing about a room
    if not len(heard):
        return math.nan, math.nan
    loud = np.quantile(heard, 0.9)
    active = heard[heard > loud * 10 ** (-ACTIVE_DB / 10)]
    return float(10 * np.log10(np.quantile(heard, 0.1))), float(10 * np.log10(active.mean()))


def _clipped(samples: NDArray[np.float32], peak: float) -> float:
    """Return the share of samples that stand in runs at the highest or lowest value, where that is loud."""
    if peak < 10 ** (CLIPPED_DB / 20):
        return 0.0
    total = 0
    for sign in (1, -1):
        extreme = float((sign * samples).max())
        at_limit = np.concatenate([[0], (sign * samples >= extreme * 0.999).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(at_limit))
        runs = edges[1::2] - edges[::2]
        total += int(runs[runs >= CLIPPED_RUN].sum()) if extreme >= 10 ** (CLIPPED_DB / 20) else 0
    return total / len(samples)


def _bandwidth(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Return the highest frequency in Hz at which the mean spectrum holds sound; NaN for silence."""
    size = 2 * round(0.016 * rate_hz)
    if len(samples) < size:
        return math.nan
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2]
    window = np.hanning(size).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))).mean(axis=0) / np.square(window).sum()
    level_db = 10 * np.log10(power + 1e-20)
    above = np.flatnonzero(level_db > max(level_db.max() - BAND_DB, QUANTIZED_DB))
    return float(above[-1] * rate_hz / size) if len(above) else math.nan


def sound_of(table: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return the measures in the order of a table's rows; null where there are none."""
    found: Any = facts.set_index("segment").reindex(table["segment"].astype("string"))
    return pd.DataFrame(found.to_numpy(dtype=np.float64), columns=found.columns, index=table.index)
