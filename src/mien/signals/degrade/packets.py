"""Lose packets of a call, in bursts, and conceal what is missing or not."""

import numpy as np

PACKET_S = 0.02
BURST = 3.0
"""Packets that are lost in a row, on average: 60 ms."""

FADE = 0.5
"""What is left of the amplitude each time that a packet is repeated."""

FORGOTTEN = 5
"""Packets after which a repeated one has faded out: nothing more is heard."""


def lost_packets(
    count: int, generator: np.random.Generator, *, share: float, burst: float = BURST
) -> np.ndarray:
    """Draw which packets are lost, from a line that is either good or bad.

    In the good state all packets arrive, in the bad state none. The line goes bad with probability
    `share / (burst * (1 - share))` and good again with `1 / burst` per packet; it begins in the state that
    it is in on average. A short clip may lose none, or most. With the same generator, what is lost at a small
    share is lost at a larger one.

    Args:
        count: number of packets.
        generator: source of chance.
        share: expected share of lost packets, from 0 to less than burst / (burst + 1).
        burst: mean number of packets lost in a row, at least 1.

    Returns:
        bool `(count,)`, True = lost.

    Source:
        E. N. Gilbert, Capacity of a Burst-Noise Channel, Bell System Technical Journal 39, 1960; E. O.
        Elliott, Estimates of Error Rates for Codes on Burst-Noise Channels, BSTJ 42, 1963, with the loss
        probabilities 0 (good) and 1 (bad).
    """
    to_bad, stay_bad = share / (burst * (1 - share)), 1 - 1 / burst
    first, *chances = generator.random(count + 1)
    lost = np.zeros(count, dtype=bool)
    bad = first < share
    for number, chance in enumerate(chances):
        lost[number] = bad
        bad = chance < (stay_bad if bad else to_bad)
    return lost


def drop_packets(
    samples: np.ndarray, generator: np.random.Generator, *, share: float, repeat: bool, rate_hz: int
) -> np.ndarray:
    """Lose packets of 20 ms in bursts of three on average.

    Args:
        samples: float32 `(samples,)`.
        generator: source of chance.
        share: expected share of lost packets, 0 to 0.7.
        repeat: conceal by the last packet that arrived, at half the amplitude of the one before each time,
            for at most 100 ms; else leave silence.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`.
    """
    size = max(round(PACKET_S * rate_hz), 1)
    count = -(-samples.size // size)
    lost = lost_packets(count, generator, share=share)
    packets = np.pad(samples, (0, count * size - samples.size)).reshape(count, size)  # (packets, S)
    number = np.arange(count)
    last = np.maximum.accumulate(np.where(lost, -1, number))  # -1: nothing has arrived so far
    age = number - last
    kept = np.where(age < FORGOTTEN + 1, FADE**age, 0.0) if repeat else (age == 0).astype(float)
    heard = packets[np.maximum(last, 0)] * np.where(last < 0, 0.0, kept)[:, None]
    return heard.reshape(-1)[: samples.size].astype(np.float32)
