"""Change the sampling rate, whole or block by block, with the same result."""

import numpy as np
from numpy.typing import NDArray


class Resampler:
    """Change the sampling rate of a stream of blocks.

    All blocks together give `round(samples * rate_out_hz / rate_in_hz)` samples, however they were cut,
    so times before and after agree to the sample.

    Args:
        rate_in_hz: rate of the blocks in Hz.
        rate_out_hz: wanted rate in Hz.

    Source:
        The SoX resampler library (soxr), quality HQ: pass band to 91 % of the lower Nyquist rate.
    """

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        self._ratio = (rate_out_hz, rate_in_hz)
        self._taken = 0
        self._given = 0
        self._stream = None
        if rate_in_hz != rate_out_hz:
            import soxr

            self._stream = soxr.ResampleStream(rate_in_hz, rate_out_hz, 1, dtype="float32", quality="HQ")

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take float32 `(samples,)` and return what is ready, which may be nothing."""
        if self._stream is None or not len(block):
            return block
        self._taken += len(block)
        return self._give(self._stream.resample_chunk(np.ascontiguousarray(block, np.float32)))

    def finish(self) -> NDArray[np.float32]:
        """Return the rest; the resampler is used up."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        rest = self._give(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        missing = self._wanted() - self._given
        return np.pad(rest, (0, missing)) if missing > 0 else rest

    def _wanted(self) -> int:
        out, into = self._ratio
        return (2 * self._taken * out + into) // (2 * into)

    def _give(self, ready: NDArray[np.float32]) -> NDArray[np.float32]:
        """Count what is given, and never give more than the samples taken amount to."""
        ready = ready[: max(self._wanted() - self._given, 0)]
        self._given += len(ready)
        return ready


def resample(samples: NDArray[np.float32], rate_in_hz: int, rate_out_hz: int) -> NDArray[np.float32]:
    """Change the sampling rate of a whole signal.

    Args:
        samples: float32 `(samples,)`.
        rate_in_hz: its rate in Hz.
        rate_out_hz: wanted rate in Hz.

    Returns:
        float32 `(round(samples * rate_out_hz / rate_in_hz),)`; the input itself where the rates are equal.

    Example:
        >>> resample(np.zeros(44100, np.float32), 44100, 16000).shape
        (16000,)
    """
    if rate_in_hz == rate_out_hz:
        return samples
    resampler = Resampler(rate_in_hz, rate_out_hz)
    return np.concatenate([resampler.push(samples), resampler.finish()])
