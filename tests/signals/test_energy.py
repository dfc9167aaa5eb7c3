import numpy as np

from mien.signals.energy import REACH, EnergyDetector


def probabilities(signal: np.ndarray, *, block: int | None = None) -> np.ndarray:
    stream = EnergyDetector().start()
    size = block or max(len(signal), 1)
    parts = [stream.push(signal[at : at + size]) for at in range(0, len(signal), size)]
    return np.concatenate([*parts, stream.finish()])


def levels_db(signal: np.ndarray) -> np.ndarray:
    """Naive twin of the level: one frame at a time over the pre-emphasized signal."""
    emphasized = np.array([b - 0.97 * a for a, b in zip([0.0, *signal[:-1]], signal, strict=True)])
    emphasized = np.pad(emphasized, (0, -len(emphasized) % 512))
    return np.array([10 * np.log10(np.mean(frame**2) + 1e-12) for frame in emphasized.reshape(-1, 512)])


def test_answers_agree_with_a_naive_noise_floor():
    generator = np.random.default_rng(0)
    signal = generator.normal(0, 1, 16000 * 9) * np.repeat(generator.uniform(0.001, 0.1, 90), 1600)
    signal = signal.astype(np.float32)
    level = levels_db(signal.astype(float))
    floor = [max(level[max(0, i - REACH) : i + REACH + 1].min(), -80) for i in range(len(level))]
    expected = 1 / (1 + np.exp(-(level - floor - 10) / 2))
    np.testing.assert_allclose(probabilities(signal)[:-1], expected[:-1], atol=1e-3)


def test_blocks_do_not_change_the_answers():
    signal = np.random.default_rng(1).normal(0, 0.1, 16000 * 20 + 123).astype(np.float32)
    signal[100000:200000] *= 0.01
    once = probabilities(signal)
    assert len(once) == -(-len(signal) // 512)
    for block in (1, 999, 70000):
        if block > 1:
            np.testing.assert_array_equal(probabilities(signal, block=block), once)


def test_a_constant_offset_changes_nothing_but_the_edges():
    signal = np.random.default_rng(2).normal(0, 0.01, 16000 * 8).astype(np.float32)
    signal[48000:80000] *= 20
    difference = np.abs(probabilities(signal + 0.3) - probabilities(signal))
    assert np.median(difference) < 0.1


def test_loud_after_quiet_is_speech_and_steady_noise_is_not():
    noise = np.random.default_rng(3).normal(0, 0.01, 16000 * 8).astype(np.float32)
    assert np.mean(probabilities(noise) >= 0.5) < 0.01
    noise[48000:80000] *= 20
    assert np.mean(probabilities(noise)[95:155] >= 0.5) > 0.95
