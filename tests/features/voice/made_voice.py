"""A made-up voice that every machine makes alike: what openSMILE said of it is stored."""

import numpy as np

RATES_HZ = (8000, 16000, 44100)


def made_voice(rate_hz: int) -> np.ndarray:
    """Return 2.6 s of vowels, hiss and pauses, whole 16-bit steps as float32 in [-1, 1].

    Pitch glides, periods and their strengths tremble, and resonances move; only sums and products of
    integers and a plain recurrence make it, so that no library's version can change it.
    """
    count = int(2.6 * rate_hz)
    out = np.zeros(count)
    state, period, next_pulse, strength = 12345, 0.0, 0.0, 1.0
    memory = np.zeros((3, 2))
    noise = np.zeros(count)
    for n in range(count):
        state = (1103515245 * state + 12345) % 2**31
        noise[n] = state / 2**30 - 1
    for n in range(count):
        time = n / rate_hz
        voiced = (time % 0.9) > 0.25 and time < 2.4
        source = 0.0
        if voiced and n >= next_pulse:
            hz = 110 + 50 * ((time * 1.3) % 1) + 4 * noise[n]
            period = rate_hz / hz
            next_pulse = n + period
            strength = 1 + 0.2 * noise[n - 1]
            source = strength
        if not voiced:
            next_pulse = n
        hiss = 0.002 if 0.25 < time < 2.4 else 0.0003
        value = source + hiss * noise[n] * (3 if 0.8 < time < 0.95 else 1)
        for k, (hz, wide) in enumerate(((600 + 150 * ((time * 2) % 1), 90), (1500, 120), (2600, 180))):
            if hz > 0.45 * rate_hz:
                continue
            # a two-pole resonance, its radius from the width
            radius = 1 - np.pi * wide / rate_hz
            turn = 2 * radius * np.cos(2 * np.pi * hz / rate_hz)
            fresh = (1 - radius) * value + turn * memory[k, 0] - radius * radius * memory[k, 1]
            memory[k, 1], memory[k, 0] = memory[k, 0], fresh
            value = fresh * 4
        out[n] = value
    scaled = np.round(out / np.abs(out).max() * 16000)
    return (scaled / 32768).astype(np.float32)
