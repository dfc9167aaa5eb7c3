"""Fingerprint clips by the signs of their band energies, and find clips that sound the same."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.signals.resample import resample

RATE_HZ = 5512
FRAME, HOP = 1024, 64
LOW_HZ, HIGH_HZ, BANDS = 300.0, 2000.0, 33
WEAK_BITS = 3
"""Bits of each word that lie nearest to zero; copies are looked for with each of them flipped as well."""
MOST_ERRORS = 0.3
"""Share of bits that may differ; other takes of one sentence by one voice differ in more."""
SHORT_FRAMES, MOST_ERRORS_SHORT = 69, 0.08
"""Sound in common of less than 0.8 s must agree better: one voice says one short word twice nearly alike."""
LEAST_FRAMES = 26
"""Frames (0.3 s) that two clips must share to be compared."""
LEAST_SHARE = 0.6
"""Share of the shorter clip that must be in the other."""

_QUIET = 1e-9
_CROWDED = 48
_TRIED = 3

Words = NDArray[np.uint32]


class Print(NamedTuple):
    """What a clip sounds like.

    Attributes:
        words: uint32 `(frames,)`, one bit per band, 86 frames per second; no frames for a clip under 0.2 s.
        weak: uint32 `(frames, WEAK_BITS)`, masks of the bits that noise flips first.
        heard: `(frames,)`, False where there is digital silence.
    """

    words: Words
    weak: Words
    heard: NDArray[np.bool_]


def fingerprint(samples: NDArray[np.float32], rate_hz: int) -> Print:
    """Return a print that survives gain, other rates, codecs and telephone lines.

    Use it to find copies; it says nothing about who speaks or what is said.

    Args:
        samples: float32 `(samples,)`, mono.
        rate_hz: their rate, at least 4000 Hz.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=16000).astype(np.float32)
        >>> len(fingerprint(noise, 16000).words)
        70

    Source:
        J. Haitsma, T. Kalker, A Highly Robust Audio Fingerprinting System, ISMIR 2002, eq. 1; here with
        frames of half the length, because clips of affect are short.
    """
    slow = resample(np.ascontiguousarray(samples, np.float32), rate_hz, RATE_HZ)
    if slow.size < FRAME + 2 * HOP:
        return Print(np.zeros(0, np.uint32), np.zeros((0, WEAK_BITS), np.uint32), np.zeros(0, bool))
    frames = np.lib.stride_tricks.sliding_window_view(slow, FRAME)[::HOP]
    spectrum = np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)
    energy = _band_energies(np.square(np.abs(spectrum)))
    across = energy[:, :-1] - energy[:, 1:]
    change = across[1:] - across[:-1]
    bits = np.left_shift(np.uint32(1), np.arange(BANDS - 1, dtype=np.uint32))
    words = (change > 0).astype(np.uint32) @ bits
    # relative to the band's energy, or the loudest band alone would never be weak
    size = np.abs(change) / (energy[1:, :-1] + energy[1:, 1:] + energy[:-1, :-1] + energy[:-1, 1:] + 1e-30)
    weak = bits[np.argpartition(size, WEAK_BITS, axis=1)[:, :WEAK_BITS]]
    heard = energy.sum(axis=1) > _QUIET * FRAME
    return Print(words.astype(np.uint32), weak, heard[1:] & heard[:-1])


def near_copies(prints: Mapping[str, Print]) -> pd.DataFrame:
    """Find pairs of clips that hold the same sound, whatever was done to level, rate, codec and ends.

    Args:
        prints: segment → its print.

    Returns:
        One row per pair: `first`, `second` (in the order given), `offset_s` (where the second begins in the
        first), `shared_s` and `error` (share of bits that differ, at most `MOST_ERRORS`, in less than 0.8 s
        `MOST_ERRORS_SHORT`); best first.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=32000).astype(np.float32)
        >>> near_copies({"a": fingerprint(noise, 16000), "b": fingerprint(noise / 9, 16000)}).shape[0]
        1
    """
    names, all_prints = list(prints), list(prints.values())
    rows = []
    for first, second, offsets in _candidates(all_prints):
        found = min(
            (_compare(all_prints[first], all_prints[second], offset) for offset in offsets),
            key=lambda one: one[1],
        )
        offset, error, shared = found
        if error <= (MOST_ERRORS if shared >= SHORT_FRAMES else MOST_ERRORS_SHORT):
            step = HOP / RATE_HZ
            rows.append((names[first], names[second], offset * step, shared * step, error))
    columns = ["first", "second", "offset_s", "shared_s", "error"]
    table = pd.DataFrame(rows, columns=columns).astype({"first": "string", "second": "string"})
    return table.sort_values("error", kind="stable", ignore_index=True)


def _band_energies(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum power spectra `(frames, bins)` over logarithmic bands, `(frames, BANDS)`."""
    edges_hz = np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1)
    edges = np.round(edges_hz * FRAME / RATE_HZ).astype(int)
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1, dtype=np.float64)], axis=1)
    found: NDArray[np.float64] = total[:, np.maximum(edges[1:], edges[:-1] + 1)] - total[:, edges[:-1]]
    return found


def _candidates(prints: list[Print]) -> list[tuple[int, int, list[int]]]:
    """Return pairs of clips with a word in common, and the offsets at which most words meet."""
    if not any(one.heard.any() for one in prints):
        return []
    clip, place, word, weak = _listed(prints)
    order = np.argsort(word, kind="stable")
    known = word[order]
    hits = []
    for flipped in range(2**WEAK_BITS):
        mask = np.zeros(len(word), np.uint32)
        for bit in range(WEAK_BITS):
            if flipped >> bit & 1:
                mask ^= weak[:, bit]
        hits.append(_meetings(word ^ mask, known, order))
    asked, answered = (np.concatenate(one) for one in zip(*hits, strict=True))
    first, second, offset = clip[asked], clip[answered], place[asked] - place[answered]
    swap = first > second
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    offset = np.where(swap, -offset, offset)
    return _most_met(first, second, offset, np.flatnonzero(first != second))


def _listed(prints: list[Print]) -> tuple[NDArray[np.int64], NDArray[np.int64], Words, Words]:
    """Return clip, place, word and weak bits of all frames that are heard."""
    clip = np.concatenate([np.full(len(one.words), number) for number, one in enumerate(prints)])
    place = np.concatenate([np.arange(len(one.words)) for one in prints])
    heard = np.concatenate([one.heard for one in prints])
    word = np.concatenate([one.words for one in prints])
    weak = np.concatenate([one.weak for one in prints])
    return clip[heard], place[heard], word[heard], weak[heard]


def _meetings(
    asked: Words, known: Words, order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which frames asked for a word, and which have it; words that too many have are left out."""
    low, high = np.searchsorted(known, asked, "left"), np.searchsorted(known, asked, "right")
    count = np.where(high - low > _CROWDED, 0, high - low)
    frames = np.repeat(np.arange(len(asked)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return frames, order[np.repeat(low, count) + within]


def _most_met(
    first: NDArray[np.int64], second: NDArray[np.int64], offset: NDArray[np.int64], rows: NDArray[np.int64]
) -> list[tuple[int, int, list[int]]]:
    """Return each pair with the offsets that occur most."""
    met = np.stack([first[rows], second[rows], offset[rows]], axis=1)
    if not len(met):
        return []
    places, votes = np.unique(met, axis=0, return_counts=True)
    ranked = places[np.lexsort((-votes, places[:, 1], places[:, 0]))]
    starts = np.flatnonzero(np.any(np.diff(ranked[:, :2], axis=0, prepend=-1) != 0, axis=1))
    ends = np.append(starts[1:], len(ranked))
    return [
        (int(ranked[start, 0]), int(ranked[start, 1]), ranked[start : min(start + _TRIED, end), 2].tolist())
        for start, end in zip(starts, ends, strict=True)
    ]


def _compare(one: Print, other: Print, offset: int) -> tuple[int, float, int]:
    """Return offset, share of bits that differ and frames compared; all bits where too little is shared."""
    start, end = max(offset, 0), min(len(one.words), len(other.words) + offset)
    both = one.heard[start:end] & other.heard[start - offset : end - offset]
    shared = int(both.sum())
    if shared < max(LEAST_FRAMES, LEAST_SHARE * min(one.heard.sum(), other.heard.sum())):
        return offset, 1.0, shared
    differ = (one.words[start:end] ^ other.words[start - offset : end - offset])[both]
    return offset, float(np.bitwise_count(differ).mean()) / (BANDS - 1), shared
