"""What every set of voice descriptors asks of its clips."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError

FULL_SCALE = np.float32(32768 / 32767)
"""openSMILE reads 16-bit samples as parts of 32767."""
LOWEST_RATE_HZ = 8000


def check_clips(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, *, level: str, levels: Iterable[str], least_s: float
) -> None:
    """Refuse what cannot be described.

    Args:
        clips: mono arrays (samples,).
        rate_hz: of all of them.
        level: that is asked for.
        levels: that there are.
        least_s: what a clip must last.

    Raises:
        ConfigError: no such level, or a rate below 8 kHz.
        DataError: a clip is too short, has channels, or holds values that are not finite.
    """
    if level not in levels:
        raise ConfigError(f"Got level `{level}`, expected {' or '.join(levels)}.")
    if rate_hz < LOWEST_RATE_HZ:
        raise ConfigError(f"Got {rate_hz} Hz, expected 8000 or more; there is too little to describe below.")
    for number, clip in enumerate(clips):
        if clip.ndim != 1:
            raise DataError(f"Got clip {number} of shape {clip.shape}, expected (samples,); mix it to mono.")
        if clip.size < round(least_s * rate_hz):
            raise DataError(
                f"Got clip {number} of {clip.size / rate_hz:.3f} s, expected at least {least_s:g} s, one "
                "frame; leave it out or pad it."
            )
        if not np.isfinite(clip).all():
            raise DataError(
                f"Got clip {number} with values that are not finite, expected samples in [-1, 1]."
            )
