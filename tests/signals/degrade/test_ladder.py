from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.signals.degrade import LADDER, LEVELS, apply, clip_generator, conditions
from mien.signals.degrade.power import sounding_power

RATE_HZ = 16000
PAGE = Path(__file__).parents[3] / "docs" / "degradations.md"
NOISY = ["white-noise", "pink-noise", "brown-noise", "recorded-noise", "babble"]


def others() -> dict[str, list[np.ndarray]]:
    """Return noises and speech to add: bursts of noise of different lengths."""
    generator = np.random.default_rng(7)
    clips = [generator.normal(0, 0.1, 8000 + 1000 * number).astype(np.float32) for number in range(7)]
    return {"noises": clips[:2], "speech": clips}


def at(
    samples: np.ndarray, condition: str, level: int, *, rate_hz: int = RATE_HZ, seed: int = 0
) -> np.ndarray:
    return apply(
        samples,
        condition,
        level,
        rate_hz=rate_hz,
        generator=clip_generator("clip", condition, seed=seed),
        **others(),
    )


@pytest.mark.parametrize("condition", conditions())
def test_level_zero_is_the_clip_in_an_array_of_its_own(syllables, condition):
    same = at(syllables, condition, 0)
    np.testing.assert_array_equal(same, syllables)
    assert not np.shares_memory(same, syllables)


@pytest.mark.parametrize("condition", conditions())
def test_every_level_keeps_the_length_and_repeats_by_the_generator(syllables, condition):
    for level in LEVELS:
        first, again = at(syllables, condition, level), at(syllables, condition, level)
        assert first.shape == syllables.shape
        assert first.dtype == np.float32
        assert np.isfinite(first).all()
        np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, syllables)


@pytest.mark.parametrize("condition", conditions())
def test_a_higher_level_lies_further_from_the_clip(speech, condition):
    clip = speech[: 6 * RATE_HZ]
    change = []
    for level in (1, 3, 5):
        heard = at(clip, condition, level)
        spectra = [_log_spectrum(one) for one in (clip, heard)]
        change.append(np.mean((spectra[0] - spectra[1]) ** 2))
    assert change[0] < change[1] < change[2]


def _log_spectrum(samples: np.ndarray) -> np.ndarray:
    """Return log powers of bands of 160 Hz from 320 to 3360 Hz, which every condition touches."""
    frames = samples[: samples.size // 400 * 400].reshape(-1, 400) * np.hanning(400)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = [power[:, low : low + 4].sum(axis=1) for low in range(8, 84, 4)]
    return np.log10(np.stack(bands) + 1e-6)


@pytest.mark.parametrize("condition", NOISY)
def test_the_stated_ratio_is_measured_on_the_output(syllables, condition):
    quiet = 0.3 * syllables
    for level, snr_db in enumerate(LADDER[condition].severities, start=1):
        added = (at(quiet, condition, level) - quiet).astype(float)
        found_db = 10 * np.log10(sounding_power(quiet, rate_hz=RATE_HZ) / np.mean(added**2))
        assert found_db == pytest.approx(snr_db, abs=0.1)


def test_real_noise_from_a_folder_has_the_stated_ratio(speech, data_root):
    files = sorted((data_root / "esc10_noise" / "audio").glob("*/*.flac"))
    if not files:
        pytest.skip("no ESC-10 here")
    clip = 0.1 * speech[: 3 * RATE_HZ]
    for file in files:
        noise = soundfile.read(file, dtype="float32")[0]
        generator = clip_generator(file.name, "recorded-noise")
        noisy = apply(clip, "recorded-noise", 3, rate_hz=RATE_HZ, generator=generator, noises=[noise])
        added = (noisy - clip).astype(float)
        scale = 1.0
        if np.abs(noisy).max() > 0.999:  # turned down as a whole: find by how much
            scale = float(np.dot(noisy, clip) / np.dot(clip, clip))
            added = noisy / scale - clip
        found_db = 10 * np.log10(sounding_power(clip, rate_hz=RATE_HZ) / np.mean(added**2))
        assert found_db == pytest.approx(10.0, abs=0.1 if scale == 1.0 else 1.5), file


@pytest.mark.parametrize("condition", conditions())
def test_nothing_is_louder_than_full_scale(syllables, condition):
    loud = syllables / np.abs(syllables).max()
    for level in LEVELS:
        assert np.abs(at(loud, condition, level)).max() <= 1.0


@pytest.mark.parametrize("condition", conditions())
@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_other_rates_silence_and_single_samples_pass(condition, rate_hz):
    generator = np.random.default_rng(0)
    for clip in (generator.normal(0, 0.1, rate_hz), np.zeros(rate_hz // 2), np.array([0.5]), np.zeros(1)):
        for level in (1, 5):
            heard = at(clip, condition, level, rate_hz=rate_hz)
            assert heard.shape == clip.shape
            assert np.isfinite(heard).all()
            if not clip.any():
                assert np.abs(heard).max() < 1e-3


def test_levels_of_one_clip_share_their_noise(syllables):
    quiet = 0.1 * syllables
    mild, strong = (at(quiet, "pink-noise", level) - quiet for level in (1, 5))
    np.testing.assert_allclose(strong, 10 * mild, atol=1e-4)


def test_seed_name_and_condition_draw_anew():
    drawn = {
        clip_generator(name, condition, seed=seed).random()
        for name in ("a", "b")
        for condition in ("room", "babble")
        for seed in (0, 1)
    }
    assert len(drawn) == 8


@given(st.sampled_from(conditions()), st.integers(1, 5), st.integers(1, 3000), st.integers(0, 2**32))
def test_any_short_clip_keeps_its_length(condition, level, size, seed):
    clip = np.random.default_rng(seed).uniform(-1, 1, size)
    heard = at(clip, condition, level, seed=seed)
    assert heard.shape == (size,)
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.array([0.1, np.nan, np.inf], np.float32), r"2 samples of 3 that are not finite \(NaN\)"),
        (np.zeros((2, 10), np.float32), r"shape \(2, 10\)"),
        (np.zeros(0, np.float32), "at least one"),
        (np.zeros(10, np.int16), "scale integers first"),
    ],
)
def test_what_is_no_mono_clip_is_refused(samples, reason):
    for level in (0, 1):
        with pytest.raises(DataError, match=reason):
            at(samples, "white-noise", level)


@pytest.mark.parametrize(
    ("condition", "level", "rate_hz", "reason"),
    [
        ("white-nose", 1, RATE_HZ, r"Did you mean `white-noise`"),
        ("room", 6, RATE_HZ, r"from 0 \(unchanged\) to 5"),
        ("room", 1.5, RATE_HZ, "whole number"),
        ("room", 1, 0, "at least 2000 Hz"),
    ],
)
def test_unknown_rungs_are_refused(syllables, condition, level, rate_hz, reason):
    with pytest.raises(ConfigError, match=reason):
        at(syllables, condition, level, rate_hz=rate_hz)


@pytest.mark.parametrize(("condition", "needs"), [("recorded-noise", "noises"), ("babble", "speech")])
def test_a_condition_says_what_it_needs(syllables, condition, needs):
    with pytest.raises(ConfigError, match=f"Got no {needs}.*at 16000 Hz; pass `{needs}`"):
        apply(syllables, condition, 1, rate_hz=RATE_HZ, generator=np.random.default_rng(0))


def test_the_page_lists_every_condition_as_it_is():
    text = PAGE.read_text(encoding="utf-8")
    for name, condition in LADDER.items():
        levels = " | ".join(f"{value:g}" for value in condition.severities)
        assert f"| `{name}` | {condition.title} | {condition.unit} | {levels} | {condition.source} |" in text
