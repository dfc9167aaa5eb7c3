"""How loud a clip is where it sounds, and how loud it may be."""

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02
SOUNDING_DB = 30.0
"""A frame sounds where it is at most so far below the loudest one."""


def sounding_frames(samples: NDArray[np.float32], *, rate_hz: int) -> NDArray[np.intp]:
    """Return the first sample of every 20-ms frame in which something is heard.

    A frame counts where its power is at most 30 dB below that of the loudest; a rest shorter than a frame
    at the end is left out, unless the clip is no longer than that.

    Args:
        samples: float32 `(samples,)`, at least one.
        rate_hz: sampling rate in Hz.

    Returns:
        `(frames,)` sample numbers; empty for digital silence.
    """
    size = _frame_size(samples, rate_hz)
    powers = _frame_powers(samples, size)
    return np.flatnonzero((powers > 0) & (powers >= powers.max() * 10 ** (-SOUNDING_DB / 10))) * size


def sounding_power(samples: NDArray[np.float32], *, rate_hz: int) -> float:
    """Return the mean square over the sounding frames, so that pauses do not make a clip quieter.

    Args:
        samples: float32 `(samples,)`, at least one.
        rate_hz: sampling rate in Hz.

    Returns:
        Mean square, 0 for digital silence; a sine at full scale has 0.5.

    Example:
        >>> tone = np.sin(np.arange(1600, dtype=np.float32))
        >>> half_silent = np.concatenate([tone, np.zeros(1600, np.float32)])
        >>> round(sounding_power(half_silent, rate_hz=16000), 2)
        0.5
    """
    size = _frame_size(samples, rate_hz)
    frames = sounding_frames(samples, rate_hz=rate_hz) // size
    return float(_frame_powers(samples, size)[frames].mean()) if frames.size else 0.0


def match_power(changed: NDArray[np.floating], original: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a changed clip to the power that the original has over its whole length."""
    scale = np.sqrt((np.mean(original**2) + 1e-12) / (np.mean(changed**2) + 1e-12))
    return (changed * scale).astype(np.float32)


def within_full_scale(changed: NDArray[np.float32], original: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn a clip down as a whole where it would pass full scale; one that was beyond it keeps its peak."""
    most = max(1.0, float(np.abs(original).max()))
    peak = float(np.abs(changed).max())
    return changed if peak <= most else (changed * (most / peak)).astype(np.float32)


def _frame_size(samples: NDArray[np.float32], rate_hz: int) -> int:
    return min(max(round(FRAME_S * rate_hz), 1), samples.size)


def _frame_powers(samples: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    whole = samples[: samples.size // size * size].astype(np.float64)
    return np.mean(whole.reshape(-1, size) ** 2, axis=1)
