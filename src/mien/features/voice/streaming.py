"""Expert descriptors of a voice while it still speaks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError
from mien.features.voice.clip_checks import FULL_SCALE
from mien.features.voice.framing import HOP_S
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD
from mien.features.voice.geneva_frames import LONG_S
from mien.features.voice.geneva_live import GenevaLive, NewFrames
from mien.features.voice.geneva_running import GenevaRunning
from mien.features.voice.pitch_path import BUFFER
from mien.features.voice.smoothing import Smoother


class GenevaStream:
    """Describe a voice frame by frame while samples still come, as `extract("egemaps", level="lld")` does.

    Use it for microphones and calls, and for recordings that do not fit into memory. For recordings at hand
    `mien.extract` is faster, because frames share its work.

    A frame is given as soon as nothing that may come can change it. It waits until it is complete (60 ms),
    until the path of its pitch is decided, and for the next frame's, with which it is smoothed. The path is
    clear after a frame or a few, mostly; after `delay_s` at the latest. Pieces of any length give the same
    frames, those of the whole at once to 1e-4, and memory does not grow.

    Args:
        rate_hz: of the samples, 8000 or more.
        functionals: also sum the frames up.

    Attributes:
        columns: names of the 25 descriptors.
        hop_s: from one frame to the next, 0.01 s.
        delay_s: a frame that begins at `t` is given when the stream has come to `t + delay_s`, or before.
        frames: how many were given; the next one begins at `frames * hop_s`.

    Raises:
        ConfigError: a rate below 8 kHz.

    Example:
        >>> stream = GenevaStream(16000)
        >>> rows = [stream.push(np.zeros(160, np.float32)) for _ in range(100)]
        >>> rows.append(stream.finish())
        >>> np.concatenate(rows).shape, round(stream.delay_s, 3)
        ((96, 25), 0.46)
    """

    columns = LLD
    functional_columns = FUNCTIONALS
    hop_s = HOP_S

    def __init__(self, rate_hz: int, *, functionals: bool = False) -> None:
        if rate_hz < 8000:
            raise ConfigError(
                f"Got {rate_hz} Hz, expected 8000 or more; there is too little to describe below."
            )
        self._live = GenevaLive(rate_hz)
        self._spectral, self._voiced = Smoother(10), Smoother(15, voiced_only=True)
        self._running = GenevaRunning() if functionals else None
        self._finished = False
        self.frames = 0
        self.delay_s = LONG_S + BUFFER * self._live.hop / rate_hz

    def push(self, samples: ArrayLike) -> NDArray[np.float32]:
        """Return the frames that are certain now, (frames, 25), after those given before; often none.

        Args:
            samples: the next ones, (samples,) of floats in [-1, 1], any number.

        Raises:
            DataError: samples of another shape or kind, not finite, or after `finish`; none of them is taken.
        """
        given = self._check(samples)
        step = self._live.piece
        rows = [
            self._take(self._live.push(FULL_SCALE * given[at : at + step]))
            for at in range(0, given.size, step)
        ]
        found = np.concatenate(rows) if rows else np.empty((0, len(LLD)), np.float32)
        self.frames += len(found)
        return found

    def finish(self) -> NDArray[np.float32]:
        """Return the frames that are left, (frames, 25); the stream is over.

        Raises:
            DataError: when less than a frame of 60 ms came, or the stream is over already.
        """
        least = round(LONG_S * self._live.rate_hz)
        if self._finished or self._live.seen < least:
            came = "a second end" if self._finished else f"the end after {self._live.seen} samples"
            raise DataError(f"Got {came}, expected it once, after at least {least} samples ({LONG_S:g} s).")
        new = self._live.finish()
        self._finished = True
        if self._running:
            self._running.finish(new, self._live.spare)
        voiced = np.concatenate([self._voiced.push(new.voiced), self._voiced.finish()])
        # short frames outnumber long ones, so the one more that smoothing adds has its own
        rows = np.concatenate([self._spectral.push(new.spectral)[: len(voiced)], voiced], axis=1)
        self.frames += len(rows)
        return rows

    def functionals(self) -> NDArray[np.float32]:
        """Return the 88 functionals of the frames so far, (88,), named by `functional_columns`.

        After `finish` they are those of `extract("egemaps")`: means, spreads, stretches of voice and level to
        1e-4; percentiles to 0.01 % of themselves; peaks and slopes those of a threshold that is off by at
        most 0.05 % of itself, which mostly are the same. Before, the last frames, which may still change, are
        not in.

        Raises:
            ConfigError: the stream was made without `functionals`.
        """
        if self._running is None:
            raise ConfigError(
                "Got no functionals in this stream, expected GenevaStream(…, functionals=True)."
            )
        return self._running.row()

    def _take(self, new: NewFrames) -> NDArray[np.float32]:
        """Return smoothed frames, and sum up."""
        if self._running and len(new.voiced):
            self._running.push(new)
        return np.concatenate([self._spectral.push(new.spectral), self._voiced.push(new.voiced)], axis=1)

    def _check(self, samples: ArrayLike) -> NDArray[np.float32]:
        """Return samples as float32."""
        given = np.asarray(samples)
        if self._finished:
            raise DataError("Got samples after the end of a stream, expected none; make a new GenevaStream.")
        if given.ndim != 1 or given.dtype.kind != "f":
            raise DataError(
                f"Got {given.dtype} samples of shape {given.shape}, expected floats (samples,) in [-1, 1]; "
                "mix channels to one, and divide whole numbers by their full scale."
            )
        if not np.isfinite(given).all():
            raise DataError("Got samples that are not finite, expected numbers in [-1, 1].")
        return given.astype(np.float32, copy=False)
