"""Add the echo of a room."""

import numpy as np

from mien.signals.degrade.power import match_power


def room(
    samples: np.ndarray,
    generator: np.random.Generator,
    *,
    reverberation_s: float,
    rate_hz: int,
    direct_to_reverberant_db: float | None = None,
) -> np.ndarray:
    """Add the echo of a room: a direct path and exponentially decaying noise.

    The direct path has no delay, so what was said stays where it was. All frequencies decay alike and there
    are no separate early echoes: use it to blur speech by a stated amount, not to sound like one real room.

    Args:
        samples: float32 `(samples,)`.
        generator: source of the impulse response's noise.
        reverberation_s: time in seconds until the echo has fallen by 60 dB (RT60).
        rate_hz: sampling rate in Hz.
        direct_to_reverberant_db: energy of the direct path over that of the echo, in dB: how far away the
            microphone is; None draws it between -3 and 9.

    Returns:
        float32 `(samples,)`, with the power of the input; the echo after the end is cut off.

    Source:
        J. A. Moorer, About This Reverberation Business, Computer Music Journal 3(2), 1979.
    """
    time_s = np.arange(max(int(reverberation_s * rate_hz), 1)) / rate_hz
    response = generator.standard_normal(time_s.size) * 10 ** (-3 * time_s / reverberation_s)
    ratio_db = generator.uniform(-3, 9) if direct_to_reverberant_db is None else direct_to_reverberant_db
    direct_to_reverberant = 10 ** (ratio_db / 20)
    response[0] = direct_to_reverberant * np.sqrt(np.sum(response[1:] ** 2) + 1e-12)
    size = 1 << int(np.ceil(np.log2(samples.size + response.size)))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: samples.size]
    return match_power(wet, samples)
