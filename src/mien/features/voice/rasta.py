"""Slow and fast changes taken out of auditory bands: relative spectral filtering."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SLOWEST_HZ = 1.0
FASTEST_HZ = 29.0
WARM_UP = 5
"""So many first frames of a clip are taken for no change."""


def rasta(logs: NDArray[np.float32], starts: NDArray[np.int64], *, hop_s: float) -> NDArray[np.float32]:
    """Filter the logarithms of band powers over time, clip by clip.

    What stays the same (the microphone, the room) and what changes faster than speech is taken away. The
    first five frames of a clip are 0.

    Args:
        logs: (N, bands), natural logarithms, frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        hop_s: seconds from one frame to the next.

    Returns:
        (N, bands).

    Source:
        H. Hermansky and N. Morgan, RASTA processing of speech, IEEE Transactions on Speech and Audio
        Processing 2(4), 1994; pole and zeros, at 1 Hz and 29 Hz here, were found by regression of openSMILE
        2.6's output on its input.
    """
    pole, taps = rasta_weights(hop_s)
    found = np.zeros_like(logs)
    _filter(logs, starts, pole, taps, found)
    return found


def rasta_weights(hop_s: float) -> tuple[float, tuple[float, float]]:
    """Return the weight of the filter's last value, and of changes over four frames and over two.

    Args:
        hop_s: seconds from one frame to the next.
    """
    pole = 1 - np.sin(2 * np.pi * SLOWEST_HZ * hop_s)
    inner = -2 * np.cos(2 * np.pi * FASTEST_HZ * hop_s)
    outer = np.sqrt(0.05 / (1 + inner**2))
    return float(pole), (float(outer), float(inner * outer))


@njit(cache=True, nogil=True)
def _filter(logs, starts, pole, taps, found):  # type: ignore[no-untyped-def]
    held = np.zeros(logs.shape[1])
    for clip in range(starts.size - 1):
        held[:] = 0
        for row in range(starts[clip] + WARM_UP, starts[clip + 1]):
            for band in range(held.size):
                outer = logs[row, band] - logs[row - 4, band]
                inner = logs[row - 1, band] - logs[row - 3, band]
                held[band] = pole * held[band] + taps[0] * outer + taps[1] * inner
                found[row, band] = held[band]
