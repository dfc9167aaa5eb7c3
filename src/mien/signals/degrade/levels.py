"""Record too loud or too quiet."""

import numpy as np

FULL_SCALE_16_BITS = 32768


def gain(samples: np.ndarray, level_db: float) -> np.ndarray:
    """Change the level by `level_db` and clip at full scale, as a recorder does.

    Args:
        samples: float32 `(samples,)` in [-1, 1].
        level_db: gain in dB; positive values may clip.

    Returns:
        float32 `(samples,)` in [-1, 1].

    Example:
        >>> float(gain(np.array([0.5], np.float32), 20.0)[0])
        1.0
    """
    return np.clip(samples * np.float32(10 ** (level_db / 20)), -1.0, 1.0)


def sixteen_bits(samples: np.ndarray) -> np.ndarray:
    """Round to the steps of a 16-bit file, which is where a quiet recording loses its detail.

    Args:
        samples: float32 `(samples,)` in [-1, 1].

    Returns:
        float32 `(samples,)`, multiples of 1 / 32768.
    """
    steps = np.clip(np.round(samples * FULL_SCALE_16_BITS), -FULL_SCALE_16_BITS, FULL_SCALE_16_BITS - 1)
    return (steps / FULL_SCALE_16_BITS).astype(np.float32)


def overdrive(samples: np.ndarray, *, over_db: float) -> np.ndarray:
    """Clip as a recorder would whose gain is too high, and keep the peak where it was.

    Args:
        samples: float32 `(samples,)`.
        over_db: how far the clip's peak passes the limit, in dB.

    Returns:
        float32 `(samples,)`; its peak is that of the input, everything else is up to `over_db` louder.
    """
    peak = np.abs(samples).max()
    return np.clip(samples * np.float32(10 ** (over_db / 20)), -peak, peak)
