"""Harmonics over noise within one frame, from how alike its periods are."""

import numpy as np

from mien.features.voice.compiled import inner

UNVOICED_DB = -100.0
"""What openSMILE writes for frames without voice."""

LOUDEST_DB = 100.0
EDGE = 2
"""Samples at each end of a period that are left out of its noise."""


@inner
def noise_ratio(wave, begins, lags, end, expected):  # type: ignore[no-untyped-def]
    """Return the energy of the mean period over that of what departs from it, in dB; 0 without a period.

    Use it on the periods of one frame, also those that correlate badly. The first and last two samples of a
    period are left out, as openSMILE does.

    Args:
        wave: (samples,) of the recording.
        begins: (periods,), where each period begins.
        lags: (periods,), samples of each.
        end: where one more period begins.
        expected: samples of a period at the pitch of the frame.

    Source:
        F. Eyben, Real-time Speech and Music Classification (2016), section 2.2.13; which samples count was
        found by changing one at a time and looking at openSMILE 2.6's answer.
    """
    if len(begins) == 0:
        return 0.0
    size, count = int(expected + 0.5), len(begins) + 1
    harmonic, noise, counted = 0.0, 0.0, 0.0
    for k in range(EDGE, size - EDGE):
        total = wave[end + k]
        for begin in begins:
            total += wave[begin + k]
        mean = total / count
        if k > EDGE:
            harmonic += mean * mean
        for number in range(count - 1):
            if k < lags[number] - EDGE:
                noise += (wave[begins[number] + k] - mean) ** 2
        if k < lags[-1] - EDGE:
            noise += (wave[end + k] - mean) ** 2
    for number in range(count):
        counted += min(lags[min(number, count - 2)], size) - 2 * EDGE
    power, loss = count * harmonic / (size - 2 * EDGE), noise * count / counted
    if power <= 0 or loss <= 0:
        return UNVOICED_DB if power <= 0 else LOUDEST_DB
    return min(max(10 * np.log10(power / loss), UNVOICED_DB), LOUDEST_DB)
