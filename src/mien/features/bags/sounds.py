"""Clips as counts of learned sounds: spectra, their principal components, clustered; no network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.features.bags.bag import Bags
from mien.features.bags.options import Weighting, Words
from mien.features.described import Described
from mien.features.voice.auditory import mel_bank
from mien.features.voice.framing import HOP_S, fft_size, frame_starts, hamming, hop_samples, windowed_blocks

BANDS = 40
SHORT_S, LONG_S = 0.025, 0.1
FLOOR = np.float32(1e-8)
SHORT = tuple(f"short.{band}" for band in range(BANDS))
LONG = tuple(f"long.{band}" for band in range(BANDS))
SLICE_FRAMES = 20


def describe_sounds(clips: Sequence[NDArray[np.float32]], *, rate_hz: int) -> Described:
    """Return log mel spectra at two resolutions, every 10 ms.

    Args:
        clips: mono arrays (samples,) in [-1, 1], each 100 ms or longer.
        rate_hz: their sampling rate in Hz.

    Returns:
        Columns `short.0` to `short.39` (25 ms) and `long.0` to `long.39` (100 ms around the same middle), in
        the natural logarithm of power.

    Raises:
        DataError: a clip is too short, has several channels, or holds values that are not finite.
    """
    size, hop = round(LONG_S * rate_hz), hop_samples(rate_hz)
    for number, clip in enumerate(clips, 1):
        if clip.ndim != 1 or clip.size < size or not np.isfinite(clip).all():
            raise DataError(
                f"Got array {number} of shape {clip.shape}, expected finite samples of one channel and at "
                f"least {LONG_S:g} s; mix it to mono, or leave it out."
            )
    short = round(SHORT_S * rate_hz)
    edge = (size - short) // 2
    inner = [clip[edge : clip.size - (size - short - edge)] for clip in clips]
    values = np.concatenate(
        [_log_mel(inner, short, rate_hz=rate_hz), _log_mel(clips, size, rate_hz=rate_hz)], axis=1
    )
    return Described(values, frame_starts(clips, size, hop), SHORT + LONG, hop_s=HOP_S, window_s=LONG_S)


def sound_bags(seed: int = 0) -> Bags:
    """Return bags for `describe_sounds`, to be learned: three vocabularies of sounds.

    Use it as the honest baseline for any recognizer that claims to need a network; with a linear model behind
    it, it learns in seconds. `Bags.words` tells where in a clip a sound is.

    Args:
        seed: of the random numbers.

    Returns:
        Bags with `sound.0` … (256 spectra of 25 ms), `slice.0` … (64 stretches of 200 ms) and `tone.0` …
        (128 spectra of 100 ms), counts in logarithms, rare sounds weighing more, of length 1 times the number
        of words.

    Source:
        Bag-of-words audio embeddings without attention: k-means vocabularies at several scales over
        bottlenecks of spectra. Here principal components take the place of its feed-forward auto-encoders.

    Example:
        >>> noise = [np.random.default_rng(n).normal(size=16000).astype(np.float32) for n in range(8)]
        >>> sound_bags().fit_transform(describe_sounds(noise, rate_hz=16000)).shape
        (8, 451)
    """
    streams = (
        Words("sound", SHORT, size=256, method="kmeans++", train=20000, components=16),
        Words("slice", SHORT, size=64, method="kmeans++", train=20000, components=24, context=SLICE_FRAMES),
        Words("tone", LONG, size=128, method="kmeans++", train=20000, components=16),
    )
    return Bags(streams, weighting=Weighting(log=True, idf=True, norm="length"), seed=seed)


def _log_mel(clips: Sequence[NDArray[np.float32]], size: int, *, rate_hz: int) -> NDArray[np.float32]:
    """Return log mel powers, (frames, bands)."""
    hop, points = hop_samples(rate_hz), fft_size(size)
    found = np.empty((frame_starts(clips, size, hop)[-1], BANDS), np.float32)
    bank = mel_bank(points, rate_hz, bands=BANDS)
    for rows, frames in windowed_blocks(clips, hamming(size), hop):
        spectra = np.fft.rfft(frames, points)
        power = (spectra.real**2 + spectra.imag**2).astype(np.float32)
        found[rows] = np.log(power @ bank + FLOOR)
    return found
