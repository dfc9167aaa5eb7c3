"""The 88 functionals of the Geneva set (eGeMAPSv02) of a voice that still speaks."""

import numpy as np
from numpy.typing import NDArray

from mien.features.online import Moments, QuantileSketch, Stretches
from mien.features.voice.egemaps import PERIOD_COLUMNS, SHARES
from mien.features.voice.endings import REACH, hold_late, late_frames
from mien.features.voice.framing import HOP_S
from mien.features.voice.geneva_live import NOTHING, NewFrames
from mien.features.voice.running_peaks import RunningPeaks, Slopes
from mien.features.voice.smoothing import Smoother

QUANTILE_ERROR = 1e-4
PEAK_TOLERANCE = 5e-4
FOLD_FRAMES = 50
"""Frames that wait to be summed up together, which takes no longer than one frame alone."""
_SPECTRAL = [0, 5, 6, 7, 8, 9]
"""Loudness, flux and cepstra, which are described everywhere; the others with or without voice."""
_FORMANT = (np.arange(15) >= 6) & (np.arange(15) % 3 < 2)
"""Formants are described where there is voice, their amplitudes everywhere."""


class RunningContour:
    """Hold what the ten functionals of pitch or loudness need, beside mean and spread.

    Args:
        span: magnitudes that occur.
    """

    def __init__(self, span: tuple[float, float]) -> None:
        self._sketch = QuantileSketch(error=QUANTILE_ERROR, smallest=span[0], largest=span[1])
        self._peaks = RunningPeaks(tolerance=PEAK_TOLERANCE)

    def add(self, contour: NDArray[np.float32]) -> None:
        """Take more values, (n,)."""
        self._sketch.add(contour)
        self._peaks.add(contour)

    def describe(self) -> tuple[NDArray[np.float64], Slopes]:
        """Return three percentiles with the range between them, and the slopes between peaks."""
        shares = self._sketch.quantiles(SHARES)
        return np.append(shares, shares[2] - shares[0]), self._peaks.slopes()


class GenevaRunning:
    """Sum frames up to the 88 functionals of `egemaps`, in a fixed amount of memory.

    Means, spreads, stretches of voice and the level are those of `extract` to 1e-4. Percentiles are off by
    at most 0.01 % of themselves (their range by 0.01 % of the sum of the two). Peaks and slopes are those of
    a threshold that is off by at most 0.05 % of itself.
    """

    def __init__(self) -> None:
        self._smooth_voiced, self._smooth_spectral = Smoother(29, voiced_only=True), Smoother(10)
        self._moments = Moments(29 + len(_SPECTRAL))
        # semitones of 55 to 1000 Hz, and loudness from below the floor of its bands to far above full scale
        self._pitch, self._loud = RunningContour((10, 100)), RunningContour((1e-4, 1e3))
        self._voiced, self._unvoiced = Stretches(), Stretches()
        self._frames, self._powers, self._power = 0, 0, 0.0
        self._waiting: list[NewFrames] = []

    def push(self, new: NewFrames) -> None:
        """Take the frames that were decided."""
        self._waiting.append(new)
        if sum(len(one.voiced) for one in self._waiting) >= FOLD_FRAMES:
            self._fold()

    def _fold(self) -> None:
        """Sum up the frames that wait, but for the last, which may turn out to come late."""
        new = self._take(NOTHING)
        early = len(new.voiced) - REACH
        if early <= 0:
            self._waiting = [new]
            return
        self._waiting = [NewFrames(*(part[early:] for part in new))]
        self._sum(NewFrames(*(part[:early] for part in new)))

    def _take(self, new: NewFrames) -> NewFrames:
        """Return the frames that wait and new ones as one."""
        return NewFrames(*(np.concatenate(parts) for parts in zip(*self._waiting, new, strict=True)))

    def _sum(self, new: NewFrames) -> None:
        voiced, spectral = self._smooth(new)
        self._add_level(new)
        self._add(voiced, spectral)
        self._add_stretches(voiced[:, 0])

    def finish(self, new: NewFrames, spare: int) -> None:
        """Take the last frames; means over voice leave out those that come late, as openSMILE does.

        Args:
            new: the last frames.
            spare: samples behind the very last.
        """
        new, self._waiting = self._take(new), []
        starts = np.array([0, len(new.voiced)])
        late = late_frames(new.voiced[:, 0] > 0, starts, np.array([spare]))
        held = new.voiced.copy()
        held[:, PERIOD_COLUMNS] = hold_late(held[:, PERIOD_COLUMNS], starts, late)
        voiced, spectral = self._smooth(new._replace(voiced=held))
        self._add_level(new)
        in_time = len(voiced) + 1 - int(late[0])
        self._add(voiced[:in_time], np.concatenate([spectral, self._smooth_spectral.finish()[:1]]))
        self._add_stretches(voiced[:in_time, 0])

    def _smooth(self, new: NewFrames) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return smoothed columns with voice or without, (n, 29), and everywhere, (m, 10)."""
        has_voice = new.voiced[:, :1] > 0
        voiced = np.where(_FORMANT & ~has_voice, np.float32(0), new.voiced)
        beside = new.spectral[: len(voiced), 1:]
        with_voice = np.where(has_voice, beside, np.float32(0))
        without = np.where(has_voice, np.float32(0), beside[:, :5])
        columns = np.concatenate([voiced, with_voice, without], axis=1)
        return self._smooth_voiced.push(columns), self._smooth_spectral.push(new.spectral)

    def _add(self, voiced: NDArray[np.float32], spectral: NDArray[np.float32]) -> None:
        """Take smoothed frames."""
        columns = np.zeros((len(spectral), self._moments.mean.size), np.float32)
        columns[: len(voiced), :29], columns[:, 29:] = voiced, spectral[:, _SPECTRAL]
        valid = columns != 0
        valid[:, 29:] = True
        if columns.size:
            self._moments.add(columns, valid)
        pitch = voiced[:, 0]
        self._pitch.add(pitch[pitch != 0])
        self._loud.add(spectral[:, 0])

    def _add_stretches(self, pitch: NDArray[np.float32]) -> None:
        self._voiced.add(pitch > 0)
        self._unvoiced.add(pitch <= 0)
        self._frames += pitch.size

    def _add_level(self, new: NewFrames) -> None:
        self._powers, self._power = self._powers + new.power.size, self._power + float(new.power.sum())

    def row(self) -> NDArray[np.float32]:
        """Return the functionals of the frames so far, (88,); the last three wait for those after them."""
        if self._waiting:
            self._fold()
        mean = self._moments.mean
        spread = np.divide(self._moments.deviation, mean, out=np.zeros_like(mean), where=mean != 0)
        both = np.stack([mean, spread], axis=1)
        (pitch, pitch_slopes), (loud, loud_slopes) = self._pitch.describe(), self._loud.describe()
        voiced, unvoiced = self._voiced.lengths(), self._unvoiced.lengths()
        lengths = np.array([voiced.mean, voiced.deviation, unvoiced.mean, unvoiced.deviation])
        spoken_s = max(self._frames, 1) * HOP_S
        parts = [
            *(both[0], pitch, pitch_slopes[1:]),
            *(both[29], loud, loud_slopes[1:]),
            *(both[30:].ravel(), both[1:24].ravel(), mean[24:29]),
            *([loud_slopes.peaks_per_second, voiced.number / spoken_s], HOP_S * lengths),
            [10 * np.log10(max(self._power / max(self._powers, 1), 1e-20))],
        ]
        return np.concatenate(parts).astype(np.float32)
