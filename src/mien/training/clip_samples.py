"""Read labelled clips as samples, and describe them once by a frozen encoder."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from mien.core.errors import DataError, InputError
from mien.core.files import sha256_of, write_atomically
from mien.signals.decode import decode
from mien.signals.degrade import degrade
from mien.training.adapters import Describing
from mien.training.batch import pad

LOGGER = logging.getLogger(__name__)
RATE_HZ = 16000
SHORTEST_S = 0.1
MOST_HELD = 1 << 30
"""Bytes of decoded clips that are kept in memory; others are decoded again."""

BATCH_S = 60.0
"""Most padded seconds that a frozen encoder hears at once."""

Samples = NDArray[np.float32]


class ClipSamples:
    """Give the samples of labelled clips: mono, 16 kHz, of any container, rate and channels.

    Args:
        table: segment table, with `file`, `start` and `end`.
        longest_s: what is longer is cut off at its end.
    """

    def __init__(self, table: pd.DataFrame, *, longest_s: float) -> None:
        self.longest_s = longest_s
        self._places = list(
            zip(table["file"], table["start"].fillna(0.0), table["end"].astype(float), strict=True)
        )
        self._rows_of: dict[str, list[int]] = {}
        for row, (file, _, _) in enumerate(self._places):
            self._rows_of.setdefault(file, []).append(row)
        self._held: OrderedDict[int, Samples] = OrderedDict()
        self._hashes: dict[str, str] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._places)

    def lengths_s(self) -> NDArray[np.float64]:
        """Return the length of each clip in seconds; the longest allowed where its end is not known."""
        spans = np.array([end - start for _, start, end in self._places])
        return np.clip(np.nan_to_num(spans, nan=self.longest_s), SHORTEST_S, self.longest_s)

    def read(self, row: int) -> Samples:
        """Return a clip, float32 `(samples,)`.

        Raises:
            DataError: it cannot be decoded, or nothing is heard between its start and end.
        """
        if row not in self._held:
            self._open(row)
        return self._held[row]

    def name(self, row: int) -> str:
        """Return 16 hexadecimal digits of what a clip is made of: its file's bytes, start and end."""
        file, start, end = self._places[row]
        if file not in self._hashes:
            self._hashes[file] = sha256_of(file)
        return hashlib.sha256(f"{self._hashes[file]} {start} {end} {self.longest_s}".encode()).hexdigest()[
            :16
        ]

    def _open(self, row: int) -> None:
        """Decode a clip's file, and cut all clips out of it: a long recording is not decoded for each."""
        file = self._places[row][0]
        try:
            whole = decode(file, rate_hz=RATE_HZ, mono=True).samples[0]
        except InputError as error:
            raise DataError(f"{error} It is listed in row {row + 1}; leave it out or repair it.") from error
        for other in [*(one for one in self._rows_of[file] if one != row), row]:
            if other not in self._held:
                self._held[other] = self._cut(whole, other)
                self._bytes += self._held[other].nbytes
        while self._bytes > MOST_HELD and len(self._held) > 1:
            self._bytes -= self._held.popitem(last=False)[1].nbytes

    def _cut(self, whole: Samples, row: int) -> Samples:
        file, start, end = self._places[row]
        last = len(whole) if np.isnan(end) else round(end * RATE_HZ)
        first = round(start * RATE_HZ)
        samples = whole[first : min(last, first + round(self.longest_s * RATE_HZ))]
        if len(samples) < SHORTEST_S * RATE_HZ:
            raise DataError(
                f"Got {len(samples) / RATE_HZ:.2f} s of `{file}` from {start:g} to {end:g} s, expected at "
                f"least {SHORTEST_S} s; correct start and end, or leave it out."
            )
        return np.array(samples, np.float32)


def describe_clips(
    clips: ClipSamples,
    front: Describing,
    *,
    rows: Sequence[int],
    copies: int,
    seed: int,
    cache: Path | None,
    of: str,
) -> NDArray[np.float32]:
    """Return what a frozen encoder says of clips as recorded and degraded, `(copies + 1, rows, L, W)`.

    Args:
        clips: the recordings.
        front: describes them; in evaluation mode.
        rows: which clips.
        copies: degraded copies of each; copy 0 is the recording itself.
        seed: seeds the degradations, together with the clip's content.
        cache: folder where each clip's descriptions are kept under the hash of its content.
        of: identifies the encoder's weights, for the cache.

    Raises:
        DataError: a clip cannot be read.
    """
    found = np.zeros((copies + 1, len(rows), front.layer_count, front.width), np.float32)
    names = [clips.name(row) for row in rows]
    key = hashlib.sha256(f"{of} {copies} {seed} statistics".encode()).hexdigest()[:16]
    folder = None if cache is None else cache / key
    missing = []
    for place, name in enumerate(names):
        path = None if folder is None else folder / f"{name}.npy"
        if path is not None and path.is_file():
            found[:, place] = np.load(path)
        else:
            missing.append(place)
    if missing:
        LOGGER.info("%d of %d clips to describe, %d times each", len(missing), len(rows), copies + 1)
    for batch in _watched(_batches(clips, [rows[place] for place in missing])):
        places = [missing[index] for index in batch]
        sounds = [_copies(clips.read(rows[p]), names[p], copies=copies, seed=seed) for p in places]
        for copy in range(copies + 1):
            found[copy, places] = _describe(front, [sound[copy] for sound in sounds])
        for place in places if folder is not None else ():
            folder.mkdir(parents=True, exist_ok=True)
            with write_atomically(folder / f"{names[place]}.npy") as temporary:
                np.save(temporary, found[:, place])
    return found


def degraded(samples: Samples, generator: np.random.Generator) -> Samples:
    """Return a clip as a worse recording of it would sound; a clip of silence stays as it is."""
    changed = degrade(samples, generator, rate_hz=RATE_HZ)
    return changed if len(changed) and np.isfinite(changed).all() else samples


def _copies(samples: Samples, name: str, *, copies: int, seed: int) -> list[Samples]:
    generator = np.random.default_rng([seed, int(name, 16)])
    return [samples, *(degraded(samples, generator) for _ in range(copies))]


def _describe(front: Describing, sounds: Sequence[Samples]) -> NDArray[np.float32]:
    device = next(front.parameters()).device
    x, valid = (part.to(device) for part in pad(sounds))
    with torch.inference_mode():
        return np.asarray(front.describe(x, valid).float().cpu().numpy())


def _batches(clips: ClipSamples, rows: Sequence[int]) -> list[list[int]]:
    """Return places in `rows`, clips of like length together."""
    lengths = clips.lengths_s()[list(rows)]
    order, found = np.argsort(-lengths, kind="stable"), []
    while order.size:
        count = max(1, int(BATCH_S / lengths[order[0]]))
        found.append([int(place) for place in order[:count]])
        order = order[count:]
    return found


def _watched(batches: list[list[int]]) -> Iterator[list[int]]:
    """Show how far it is on a terminal."""
    console = Console(stderr=True)
    yield from track(batches, "describing clips", console=console, disable=not console.is_terminal)
