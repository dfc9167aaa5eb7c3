"""Make decoded samples clean and mono, and note what had to be done."""

import numpy as np
from numpy.typing import NDArray

CLIPPED_AT = 0.9995
CLIPPED_SHARE = 1e-4
OFFSET_AT = 0.01
QUIET_PEAK = 10 ** (-45 / 20)
UNSCALED_PEAK = 4.0
LARGEST = 1e10
"""No scale in use has larger samples (32-bit integers reach 2.1e9); beyond it they are damage."""

CANCELLED = 0.3
"""A mean of channels weaker than this share of what independent channels would give has cancelled out."""


class Condition:
    """Mix, repair and watch one recording, chunk by chunk.

    Not-finite samples become 0, channels are averaged (or the loudest taken where they cancel), and what a
    listener should know is kept for `notes`.

    Args:
        rate_hz: rate of the chunks in Hz.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.samples = 0
        self.not_finite = 0
        self.values = 0
        self._clipped = 0
        self._peak = 0.0
        self._only: int | None = None
        self._decided = False

    @property
    def all_not_finite(self) -> bool:
        """Tell whether there were samples, and none of them was a number."""
        return self.values > 0 and self.not_finite == self.values

    def repair(self, chunk: NDArray[np.float32]) -> NDArray[np.float32]:
        """Replace NaN, infinite and absurd samples by 0, in place, and count; `(samples, channels)`."""
        self.samples += len(chunk)
        self.values += chunk.size
        # Two dot-free reductions instead of a mask: nearly every chunk is clean.
        low, high = float(chunk.min()), float(chunk.max())
        if not (low >= -LARGEST and high <= LARGEST):
            bad = ~(np.abs(chunk) <= LARGEST)
            self.not_finite += int(bad.sum())
            chunk[bad] = 0.0
            low, high = float(chunk.min()), float(chunk.max())
        peak = max(-low, high)
        self._peak = max(self._peak, peak)
        if peak >= CLIPPED_AT:
            self._clipped += int((np.abs(chunk) >= CLIPPED_AT).sum())
        return chunk

    def mix(self, chunk: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn `(samples, channels)` into mono `(samples,)`."""
        if chunk.shape[1] == 1:
            return chunk[:, 0]
        mono = chunk @ np.full(chunk.shape[1], 1 / chunk.shape[1], np.float32)
        if not self._decided:
            power = np.einsum("sc,sc->c", chunk, chunk) / len(chunk)
            if power.max() > 1e-8:
                self._decided = True
                independent = np.sqrt(power.sum()) / chunk.shape[1]
                if np.sqrt(np.mean(mono**2)) < CANCELLED * independent:
                    # The first of equally loud ones.
                    self._only = int(np.argmax(power > 0.99 * power.max()))
        return mono if self._only is None else chunk[:, self._only]

    def notes(self) -> list[str]:
        """Return what was found, worst first."""
        found = []
        if self.not_finite:
            found.append(f"{self.not_finite} samples that are not numbers (NaN) replaced by 0")
        if self._only is not None:
            found.append(f"channels cancel each other; channel {self._only + 1} used instead of their mean")
        if self._peak < UNSCALED_PEAK and self._clipped > CLIPPED_SHARE * self.values:
            found.append(f"clipped: {100 * self._clipped / self.values:.2g} % of the samples at full scale")
        if self.values and self._peak == 0.0:
            found.append("silent: every sample is 0")
        elif self._peak < QUIET_PEAK:
            found.append(f"very quiet: no sample above {20 * np.log10(self._peak):.0f} dB of full scale")
        return found


class Leveller:
    """Remove a constant offset and a wrong scale, both judged on a recording's first block."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._scale = 1.0

    def level(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block within [-1, 1]; float32 `(samples,)`."""
        if self._offset is None:
            self._judge(block)
        if self._offset:
            block = block - np.float32(self._offset)
        if self._scale != 1.0:
            block = block * np.float32(self._scale)
        return np.clip(block, -1.0, 1.0)

    def _judge(self, block: NDArray[np.float32]) -> None:
        peak = float(np.abs(block).max()) if len(block) else 0.0
        offset = float(block.mean(dtype=np.float64)) if len(block) else 0.0
        self._scale = 1 / peak if peak > UNSCALED_PEAK else 1.0
        self._offset = offset if abs(offset) * self._scale > OFFSET_AT else 0.0

    def notes(self) -> list[str]:
        """Return what was done."""
        found = []
        if self._scale != 1.0:
            found.append(f"samples reach {1 / self._scale:.0f} times full scale; scaled down to it")
        if self._offset:
            found.append(f"constant offset of {self._offset * self._scale:.2g} of full scale removed")
        return found
