import numpy as np
import pytest

from mien.signals.degrade.packets import drop_packets, lost_packets

RATE_HZ = 16000
PACKET = 320


def bursts(lost: np.ndarray) -> np.ndarray:
    edges = np.diff(np.concatenate([[0], lost.astype(int), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_as_many_packets_are_lost_as_stated_and_in_bursts_of_three(share):
    lost = lost_packets(200_000, np.random.default_rng(0), share=share)
    assert lost.mean() == pytest.approx(share, rel=0.06)
    found = bursts(lost)
    assert found.mean() == pytest.approx(3.0, rel=0.05)
    # Geometric, as the model says: one burst in three is a single packet.
    assert (found == 1).mean() == pytest.approx(1 / 3, abs=0.02)


def test_short_clips_lose_as_much_on_average_as_long_ones():
    shares = [lost_packets(10, np.random.default_rng(seed), share=0.2).mean() for seed in range(4000)]
    assert np.mean(shares) == pytest.approx(0.2, abs=0.015)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_lost_at_a_small_share_is_lost_at_a_larger_one(seed):
    few, more, many = (
        lost_packets(500, np.random.default_rng(seed), share=share) for share in (0.02, 0.1, 0.3)
    )
    assert (few <= more).all()
    assert (more <= many).all()
    assert few.sum() < many.sum()


def first_loss(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a ramp without and with concealment, and which of its packets are lost."""
    ramp = np.linspace(0.1, 0.9, 100 * PACKET, dtype=np.float32)
    plain, concealed = (
        drop_packets(ramp, np.random.default_rng(seed), share=0.3, repeat=repeat, rate_hz=RATE_HZ)
        for repeat in (False, True)
    )
    lost = lost_packets(100, np.random.default_rng(seed), share=0.3)
    for number in range(100):
        packet = slice(number * PACKET, (number + 1) * PACKET)
        expected = 0.0 * ramp[packet] if lost[number] else ramp[packet]
        np.testing.assert_array_equal(plain[packet], expected)
    return ramp, concealed, lost


@pytest.mark.parametrize("seed", range(5))
def test_a_lost_packet_is_silent_or_the_last_one_at_half_the_amplitude_each_time(seed):
    ramp, concealed, lost = first_loss(seed)
    last, age = None, 0
    for number in range(100):
        packet = slice(number * PACKET, (number + 1) * PACKET)
        last, age = (last, age + 1) if lost[number] else (ramp[packet], 0)
        if last is None:
            expected = np.zeros(PACKET)
        else:
            expected = last * 0.5**age if age <= 5 else 0 * last
        np.testing.assert_allclose(concealed[packet], expected, atol=1e-7)
    assert lost.any()


def test_the_last_packet_may_be_shorter(hiss):
    cut = hiss[: 5 * PACKET + 7]
    heard = drop_packets(cut, np.random.default_rng(0), share=0.3, repeat=True, rate_hz=RATE_HZ)
    assert heard.shape == cut.shape
    assert heard.dtype == np.float32
