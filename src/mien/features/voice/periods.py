"""Follow the voice period by period: jitter and shimmer."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.features.voice.compiled import inner, inner_with, kernel, part
from mien.features.voice.framing import MOST_FRAMES, frame_blocks
from mien.features.voice.period_noise import UNVOICED_DB, noise_ratio

SPARE = 4
"""So many samples more than two longest periods must lie ahead."""

FASTEST = 8
"""A period shorter than so many samples cannot be measured."""


class Perturbation(NamedTuple):
    """Say how unsteady the voice is, frame by frame; every array is `(frames,)`.

    Args:
        jitter_local: mean change of the period from one to the next, as share of the mean period, 0 to 1.
        jitter_ddp: mean change of that change, as share of the mean period, at least 0.
        shimmer_local: mean change of the peak-to-peak amplitude, as share of its mean, 0 to 1.
        shimmer_local_db: the same as `20 log10(1 + shimmer_local)`, 0 to 6.02 dB.
        noise_ratio_db: harmonics over noise from how alike a frame's periods are, -100 without voice; 0
            where it was not asked for.
    """

    jitter_local: NDArray[np.float32]
    jitter_ddp: NDArray[np.float32]
    shimmer_local: NDArray[np.float32]
    shimmer_local_db: NDArray[np.float32]
    noise_ratio_db: NDArray[np.float32]


def jitter_and_shimmer(
    samples: NDArray[np.floating],
    f0_hz: NDArray[np.floating],
    rate_hz: float,
    *,
    hop: int,
    search: float = 0.1,
    least_correlation: float = 0.5,
    with_noise: bool = False,
) -> Perturbation:
    """Measure how the length (jitter) and amplitude (shimmer) of the voice change from period to period.

    Use it on one recording whose pitch is known, for rough, tense or trembling voices. Not on narrow-band
    telephone speech, nor where noise is as loud as the voice: there it measures the noise. One frame holds
    one to three periods, so average over many frames.

    Voiced frame `i` starts at sample `s = i * hop` and goes on where the frame before it stopped:

    - The period at sample `p` is the lag `T` for which the `T` samples from `p` and the `T` samples after
      them correlate best (Pearson), among the local maxima between `floor((1 - search) T0)` and
      `floor((1 + search) T0)`, both ends excluded, `T0 = rate_hz / f0_hz`. A parabola through the maximum
      and its neighbours refines `T` and its correlation; below `least_correlation` the period is not
      counted. The next one starts `T` (whole) samples on, or `round(T0)` samples where there is no maximum.
    - The first period is always tried; more follow as long as two longest periods (`floor((1 + search) T0)`)
      and 4 samples end by `s + hop`.
    - Where the frame before stopped at `s - 1` or later, its last period is measured once more.
    - Jitter is the mean of `|T - T_before|` over the frame's mean `T`, at most 1. DDP is the mean change of
      these differences over the mean `T`; a change from a difference of 0 is not counted.
    - Shimmer compares each period with the one after it: the sum of the differences of their peak-to-peak
      amplitudes over the sum of their mean amplitudes, at most 1, both without a period's first and last
      sample.
    - A voiced frame without a period repeats the values before it. Unvoiced frames are 0 and begin afresh.

    Departures from openSMILE 2.6: 3 voiced frames of 8073 differed by more than rounding, all where a voice
    sets in after digital silence. Where 10 ms are not whole samples, openSMILE's frames may lie elsewhere.

    Args:
        samples: `(samples,)` of one recording, any scale.
        f0_hz: `(frames,)` pitch in Hz, 0 where unvoiced.
        rate_hz: sampling rate in Hz, at least 8 times the highest pitch.
        hop: samples from one frame to the next, at least 1.
        search: how far a period may be from `T0`, as share of it, above 0 and below 1 (0.1 in eGeMAPS, 0.25
            in ComParE).
        least_correlation: what counts as a period, -1 to 1.
        with_noise: also measure harmonics over noise.

    Returns:
        Five arrays of `(frames,)`.

    Raises:
        DataError: when shapes do not fit, samples are not numbers, or a pitch is too high for the rate.
        ConfigError: when an option is out of range.

    Example:
        >>> pulses = np.zeros(4000)
        >>> pulses[50::100] = 1
        >>> jitter_and_shimmer(pulses, np.full(20, 160.0), 16000, hop=160).jitter_local.max().item()
        0.0

    Source: waveform matching after Eyben, "Real-time Speech and Music Classification" (2016), section 2.2.13;
    rules measured on openSMILE 2.6.0.
    """
    walk = PeriodWalk(
        rate_hz, hop=hop, search=search, least_correlation=least_correlation, with_noise=with_noise
    )
    if np.size(f0_hz) <= MOST_FRAMES:
        return walk.measure(samples, f0_hz)
    _check(samples, f0_hz, rate_hz)
    ahead = 2 * (2 * int((1 + search) * rate_hz / _lowest_of(f0_hz, rate_hz)) + SPARE)
    found = []
    for block in frame_blocks(len(f0_hz)):  # the walk holds its samples in twice their precision
        begin = walk.needs_from
        heard = samples[begin : block.stop * hop + ahead]
        found.append(walk.measure(heard, f0_hz[block], first_sample=begin))
    return Perturbation(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


class PeriodWalk:
    """Measure jitter and shimmer while samples still come: `jitter_and_shimmer`, piece by piece.

    Pieces of any number of frames give the same as the whole at once, if each call holds the samples from
    `needs_from` to two longest periods (`floor((1 + search) T0)`) and 4 samples after its last frame's start.

    Args:
        rate_hz: sampling rate in Hz.
        hop: samples from one frame to the next, at least 1.
        search: how far a period may be from `T0`, as share of it, above 0 and below 1.
        least_correlation: what counts as a period, -1 to 1.
        with_noise: also measure harmonics over noise.

    Raises:
        ConfigError: when an option is out of range.

    Example:
        >>> pulses = np.zeros(4000)
        >>> pulses[50::100] = 1
        >>> walk = PeriodWalk(16000, hop=160)
        >>> first = walk.measure(pulses[:2000], np.full(10, 160.0))
        >>> begin = walk.needs_from
        >>> walk.measure(pulses[begin:], np.full(10, 160.0), first_sample=begin).jitter_local.max().item()
        0.0
    """

    def __init__(
        self,
        rate_hz: float,
        *,
        hop: int,
        search: float = 0.1,
        least_correlation: float = 0.5,
        with_noise: bool = False,
    ) -> None:
        if hop < 1 or not 0 < search < 1 or not -1 <= least_correlation <= 1:
            raise ConfigError(
                f"Got hop={hop}, search={search}, least_correlation={least_correlation}, expected hop >= 1, "
                "0 < search < 1 and -1 <= least_correlation <= 1; pass values in these ranges."
            )
        self._options = (float(rate_hz), hop, search, least_correlation)
        # start of the next frame, of the next period, of the last one; its length and change, values held
        self._places, self._last = np.zeros(3, np.int64), np.zeros(6)
        self._last[5] = UNVOICED_DB if with_noise else 0.0
        self._with_noise = with_noise
        self._lowest = float(rate_hz)

    @property
    def needs_from(self) -> int:
        """Return the first sample of the recording that is needed from now on."""
        return int(self._places.min())

    def measure(
        self, samples: NDArray[np.floating], f0_hz: NDArray[np.floating], *, first_sample: int = 0
    ) -> Perturbation:
        """Measure the frames after those that were measured before.

        Args:
            samples: `(samples,)` of the recording, any scale.
            f0_hz: `(frames,)` pitch in Hz, 0 where unvoiced.
            first_sample: which sample of the recording `samples` begins with, at most `needs_from`.

        Raises:
            DataError: when shapes do not fit, samples are not numbers or not there, or a pitch is too high
                for the rate.
        """
        rate_hz, hop, search, _ = self._options
        _check(samples, f0_hz, rate_hz)
        if first_sample > self.needs_from:
            raise DataError(
                f"Got samples from {first_sample}, expected from {self.needs_from} or before; keep samples "
                "from `needs_from` on."
            )
        wave = np.ascontiguousarray(samples, np.float64)
        f0 = np.ascontiguousarray(f0_hz, np.float64)
        measured = np.zeros((len(f0), 4))
        self._lowest = min(self._lowest, _lowest_of(f0, rate_hz))
        # a frame's periods lie between where the one before stopped and two longest periods ahead
        reach = hop + 2 * (2 * int((1 + search) * rate_hz / self._lowest) + SPARE)
        scores, sums = np.empty(_most_lags(f0, rate_hz, search)), np.zeros(8)
        # what is not asked for is not compiled either
        periods = np.zeros((2, reach), np.int64) if self._with_noise else None
        self._places -= first_sample
        _walk(wave, f0, *self._options, scores, sums, periods, self._places, self._last, measured)
        self._places += first_sample
        jitter, ddp, shimmer, noise = measured.astype(np.float32).T.copy()
        return Perturbation(jitter, ddp, shimmer, 20 * np.log10(1 + shimmer), noise)


def _check(samples: NDArray[np.floating], f0_hz: NDArray[np.floating], rate_hz: float) -> None:
    if samples.ndim != 1 or f0_hz.ndim != 1:
        raise DataError(
            f"Got samples of shape {samples.shape} and pitch of shape {f0_hz.shape}, expected (samples,) and "
            "(frames,); pass one recording at a time."
        )
    if not np.isfinite(samples).all() or not np.isfinite(f0_hz).all():
        raise DataError("Got NaN or infinite samples or pitch, expected numbers; repair the recording first.")
    lowest, highest = f0_hz.min(initial=0), f0_hz.max(initial=0)
    if lowest < 0 or highest * FASTEST > rate_hz:
        raise DataError(
            f"Got pitches from {lowest:.0f} to {highest:.0f} Hz at {rate_hz:.0f} Hz, expected 0 to "
            f"{rate_hz / FASTEST:.0f} Hz; mark unvoiced frames by 0, or resample to a higher rate."
        )


def _most_lags(f0_hz: NDArray[np.float64], rate_hz: float, search: float) -> int:
    """Tell how many lags the search has at the lowest pitch."""
    return int(2 * search * rate_hz / _lowest_of(f0_hz, rate_hz)) + 3


def _lowest_of(f0_hz: NDArray[np.floating], rate_hz: float) -> float:
    """Return the lowest pitch of frames with voice; the rate without one."""
    return float(f0_hz[f0_hz > 0].min(initial=rate_hz))


@kernel
def _walk(wave, f0, rate, hop, search, least, scores, sums, periods, places, last, measured):  # type: ignore[no-untyped-def]
    """Go through the frames; `at` is where the next period starts, `begun` where the last one did."""
    origin, at, begun = places[0], places[1], places[2]
    length, change = last[0], last[1]
    for i in range(len(f0)):
        start = origin + i * hop
        if f0[i] <= 0:
            at = begun = start + hop
            length = change = last[2] = last[3] = last[4] = 0.0
            if periods is not None:
                measured[i, 3] = last[5] = UNVOICED_DB
            continue
        expected = rate / f0[i]
        low, high = int(expected * (1 - search)), int(expected * (1 + search))
        if at >= start - 1:
            at = begun
        ahead = 2 * high + SPARE
        end = min(max(start + hop, at + ahead), len(wave))
        for k in range(8):
            sums[k] = 0.0
        count, tried = 0, False
        while at + ahead <= end:
            begun = at
            lag, exact = _period(wave, at, low, high, least, scores)
            if exact > 0:
                length, change = _count(sums, exact, length, change)
                first, second = _swing(wave, at, lag), _swing(wave, at + lag, lag)
                sums[6] += _beyond_rounding(abs(first - second), first)
                sums[7] += 0.5 * (first + second)
            tried = True
            if periods is not None and lag > 0:
                periods[0, count], periods[1, count] = at, lag
                count += 1
            at += lag if lag > 0 else int(expected + 0.5)
        _close_frame(sums, last, measured, i)
        if periods is not None:
            if tried:
                last[5] = noise_ratio(wave, periods[0, :count], periods[1, :count], at, expected)
            measured[i, 3] = last[5]
    places[0], places[1], places[2] = origin + len(f0) * hop, at, begun
    last[0], last[1] = length, change


@part
def _count(sums, exact, length, change):  # type: ignore[no-untyped-def]
    """Add one period: counts and sums of periods, of their changes, and of the changes of those."""
    sums[0] += 1
    sums[1] += exact
    if length > 0:
        now = _beyond_rounding(abs(exact - length), exact)
        sums[2] += 1
        sums[3] += now
        if change > 0:
            sums[4] += 1
            sums[5] += abs(now - change)
        change = now
    return exact, change


@part
def _beyond_rounding(apart, whole):  # type: ignore[no-untyped-def]
    """Return a difference, 0 where it is only rounding: what is measured twice must not seem to change."""
    return apart if apart > 1e-6 * whole else 0.0


@part
def _close_frame(sums, last, measured, i):  # type: ignore[no-untyped-def]
    """Turn a frame's sums into its values, and hold what was measured for frames without a period."""
    if sums[0] > 0:
        mean = sums[1] / sums[0]
        if sums[2] > 0:
            last[2] = min(1.0, sums[3] / sums[2] / mean)
        if sums[4] > 0:
            last[3] = sums[5] / sums[4] / mean
        last[4] = min(1.0, sums[6] / sums[7]) if sums[7] > 0 else 0.0
        measured[i, 0] = last[2] if sums[2] > 0 else 0.0
        measured[i, 1] = last[3] if sums[4] > 0 else 0.0
        measured[i, 2] = last[4]
    else:
        for k in range(3):
            measured[i, k] = last[2 + k]


@part
def _period(wave, at, low, high, least, scores):  # type: ignore[no-untyped-def]
    """Find the period that starts at a sample: whole and refined length, 0 where there is none."""
    _correlate(wave, at, low, high, scores)
    best = 0
    for k in range(1, high - low):
        if (
            scores[k] > scores[k - 1]
            and scores[k] > scores[k + 1]
            and (best == 0 or scores[k] > scores[best])
        ):
            best = k
    if best == 0:
        return 0, 0.0
    left, top, right = scores[best - 1], scores[best], scores[best + 1]
    shift = 0.5 * (left - right) / (left - 2 * top + right)
    if top - 0.25 * (left - right) * shift < least:
        return low + best, 0.0
    return low + best, low + best + shift


@inner
def _correlate(wave, at, low, high, scores):  # type: ignore[no-untyped-def]
    """Correlate the `lag` samples from `at` with the `lag` samples after them, for every lag of the span."""
    a, aa, b, bb = 0.0, 0.0, 0.0, 0.0
    for k in range(at, at + low):
        x, y = wave[k], wave[k + low]
        a, aa, b, bb = a + x, aa + x * x, b + y, bb + y * y
    for lag in range(low, high + 1):
        one, two = aa - a * a / lag, bb - b * b / lag
        same = _dot(wave[at : at + lag], wave[at + lag : at + 2 * lag]) - a * b / lag
        # Sums that move along leave rounding behind: a window without sound has no correlation.
        sound = one > 1e-9 * aa and two > 1e-9 * bb
        scores[lag - low] = same / np.sqrt(one * two) if sound else 0.0
        x, y, z = wave[at + lag], wave[at + 2 * lag], wave[at + 2 * lag + 1]
        a, aa = a + x, aa + x * x
        b, bb = b + y + z - x, bb + y * y + z * z - x * x


@inner_with("reassoc", "contract")
def _dot(one, two):  # type: ignore[no-untyped-def]
    """Sum products in any order, which lets the processor do several at once."""
    total = 0.0
    for k in range(len(one)):
        total += one[k] * two[k]
    return total


@inner_with("nnan", "nsz")
def _swing(wave, at, lag):  # type: ignore[no-untyped-def]
    """Tell the peak-to-peak amplitude of a period, its first and last sample left out."""
    low = high = wave[at + 1]
    for k in range(at + 2, at + lag - 1):
        low, high = min(low, wave[k]), max(high, wave[k])
    return high - low
