"""Bases, their file, separation of made and real mixtures, and activations as features."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError, InputError
from mien.corpora import emodb
from mien.features.factorisation.activations import activations_of, extract_activations
from mien.features.factorisation.bases import Bases, join_bases, learn_bases, load_bases, save_bases
from mien.features.factorisation.separation import separate
from mien.features.factorisation.spectra import Spectra
from mien.signals.decode import decode
from mien.signals.degrade import apply

RATE_HZ = 8000
SPECTRA = Spectra(RATE_HZ)
STUDY = runpy.run_path(str(Path(__file__).parents[3] / "scripts" / "separation_study.py"))
si_sdr = STUDY["si_sdr"]


def chords(seed, *, notes, seconds=2.0):
    """Return a tune of two-tone chords of given frequencies, each played at random times."""
    generator = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tune = np.zeros(time.size)
    for note in notes:
        loud = np.repeat(generator.integers(0, 2, 16), time.size // 16)
        tune += loud * sum(np.sin(2 * np.pi * note * k * time) / k for k in (1, 2, 3))
    return (0.1 * tune).astype(np.float32)


LOW, HIGH = (220, 331), (523, 881)


@pytest.fixture(scope="module")
def bases():
    clips = {"low": [chords(1, notes=LOW)], "high": [chords(2, notes=HIGH)]}
    return learn_bases(clips, 4, spectra=SPECTRA)


def naive_si_sdr(estimate, truth):
    scaled = np.sum(estimate * truth) / np.sum(truth**2) * truth
    return 10 * np.log10(np.sum(scaled**2) / np.sum((estimate - scaled) ** 2))


def test_si_sdr_is_its_formula_and_does_not_hear_gain():
    generator = np.random.default_rng(0)
    truth, noise = generator.normal(size=(2, 500))
    assert si_sdr(truth + noise, truth) == pytest.approx(naive_si_sdr(truth + noise, truth))
    assert si_sdr(5 * (truth + noise), truth) == pytest.approx(si_sdr(truth + noise, truth))


def test_two_tunes_are_separated_by_15_db(bases):
    low, high = chords(3, notes=LOW), chords(4, notes=HIGH)
    parts = separate(low + high, bases, rate_hz=RATE_HZ)
    assert list(parts) == ["low", "high"]
    for name, truth in (("low", low), ("high", high)):
        assert si_sdr(parts[name], truth) > si_sdr(low + high, truth) + 15


def test_an_unknown_tune_is_separated_by_10_db_when_the_other_is_known(bases):
    known = Bases(bases.values[:, :, :4], bases.classes[:4], bases.spectra)
    low, high = chords(3, notes=LOW), chords(4, notes=HIGH)
    parts = separate(low + high, known, rate_hz=RATE_HZ, unknown=4)
    assert list(parts) == ["low", "rest"]
    assert si_sdr(parts["low"], low) > si_sdr(low + high, low) + 10


@pytest.mark.parametrize(
    "spectra",
    [SPECTRA, Spectra(RATE_HZ, mel_bands=40), Spectra(RATE_HZ, exponent=2), Spectra(RATE_HZ, hop_s=0.016)],
    ids=["magnitudes", "mel", "powers", "half a window"],
)
def test_parts_sum_to_the_mixture_whatever_is_factorised(spectra):
    loss = "itakura-saito" if spectra.exponent == 2 else "kullback-leibler"
    clips = {"low": [chords(1, notes=LOW)], "high": [chords(2, notes=HIGH)]}
    found = learn_bases(clips, {"low": 2, "high": 3}, spectra=spectra, loss=loss, iterations=20)
    mixture = chords(5, notes=LOW + HIGH)[:7777]
    parts = separate(mixture, found, rate_hz=RATE_HZ, unknown=1, iterations=20)
    assert {part.dtype for part in parts.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(sum(parts.values()), mixture, atol=1e-5)


def test_convolutive_bases_separate_a_rising_from_a_falling_sweep():
    time = np.arange(4000) / RATE_HZ
    rising = np.tile(np.sin(2 * np.pi * (400 + 1600 * time) * time), 4).astype(np.float32) / 4
    falling = rising[::-1].copy()
    found = learn_bases({"up": [rising], "down": [falling]}, 4, spectra=SPECTRA, length=8)
    plain = learn_bases({"up": [rising], "down": [falling]}, 4, spectra=SPECTRA)
    mixture = np.roll(rising, 555) + np.roll(falling, 1400)
    gain, without = (
        si_sdr(separate(mixture, one, rate_hz=RATE_HZ)["up"], np.roll(rising, 555)) for one in (found, plain)
    )
    assert gain > 3
    assert gain > without + 3


def test_silence_stays_silence(bases):
    parts = separate(np.zeros(4000, np.float32), bases, rate_hz=RATE_HZ)
    assert not any(part.any() for part in parts.values())


@settings(max_examples=15)
@given(
    size=st.integers(400, 3000),
    hop=st.sampled_from([0.004, 0.008, 0.016]),
    window=st.sampled_from([0.032, 0.05]),
    seed=st.integers(0, 9),
)
def test_a_spectrogram_leads_back_to_its_samples(size, hop, window, seed):
    spectra = Spectra(RATE_HZ, window_s=window, hop_s=hop)
    samples = np.random.default_rng(seed).normal(0, 0.1, size).astype(np.float32)
    there = spectra.transform(samples)
    assert there.shape[0] == spectra.rows
    np.testing.assert_allclose(spectra.invert(there, size=size), samples, atol=1e-5)


def test_a_mask_of_ones_over_mel_bands_is_one_over_bins():
    spectra = Spectra(RATE_HZ, mel_bands=24)
    np.testing.assert_allclose(spectra.spread(np.ones((24, 3))), 1, rtol=1e-5)


def test_bases_come_back_from_their_file_as_they_were(bases, tmp_path):
    save_bases(bases, tmp_path / "tunes.npz")
    found = load_bases(tmp_path / "tunes.npz")
    np.testing.assert_array_equal(found.values, bases.values)
    assert replace(found, values=bases.values) == bases


def test_a_file_of_another_format_or_kind_is_refused(bases, tmp_path):
    path = tmp_path / "bases.npz"
    np.savez(path, values=bases.values, about=np.array(json.dumps({"format": 99})))
    with pytest.raises(InputError, match="Got bases of format 99"):
        load_bases(path)
    save_bases(replace(bases, classes=("low",)), path)
    with pytest.raises(InputError, match="expected those its settings say"):
        load_bases(path)
    np.savez(path, values=bases.values, about=np.array([{"a": 1}], dtype=object))  # would need pickle
    for broken in (path, tmp_path / "nowhere.npz", Path(__file__)):
        with pytest.raises(InputError, match="expected bases that `save_bases` wrote"):
            load_bases(broken)
    with pytest.raises(ConfigError, match=r"ending in \.npz"):
        save_bases(bases, tmp_path / "bases.pkl")


def test_bases_learned_apart_are_joined_where_they_fit(bases):
    noise = np.random.default_rng(0).normal(0, 0.1, 4000)
    other = learn_bases({"noise": [noise]}, 2, spectra=SPECTRA)
    assert join_bases(bases, other).names == ("low", "high", "noise")
    with pytest.raises(ConfigError, match="Got bases of loss"):
        join_bases(bases, replace(other, loss="euclidean"))
    longer = learn_bases({"noise": [noise]}, 2, spectra=SPECTRA, length=3, iterations=5)
    with pytest.raises(ConfigError, match="Got bases of 1 and 3 frames"):
        join_bases(bases, longer)


def test_what_cannot_be_separated_is_refused(bases):
    mixture = chords(0, notes=LOW)
    with pytest.raises(ConfigError, match="Got 16000 Hz, expected 8000"):
        separate(mixture, bases, rate_hz=16000)
    with pytest.raises(ConfigError, match="learn another kind, or pass `unknown`"):
        separate(mixture, Bases(bases.values[:, :, :4], bases.classes[:4], SPECTRA), rate_hz=RATE_HZ)
    with pytest.raises(DataError, match=r"Got 0\.025 s, expected at least 0\.032 s"):
        separate(mixture[:200], bases, rate_hz=RATE_HZ)
    with pytest.raises(DataError, match="mix them to mono"):
        separate(np.stack([mixture, mixture]), bases, rate_hz=RATE_HZ)
    with pytest.raises(DataError, match="not finite"):
        separate(mixture * np.nan, bases, rate_hz=RATE_HZ)


def test_clips_that_teach_nothing_are_refused():
    with pytest.raises(ConfigError, match="Got no clips"):
        learn_bases({"speech": []}, 2, spectra=SPECTRA)
    with pytest.raises(DataError, match="nothing but silence as `speech`"):
        learn_bases({"speech": [np.zeros(1000)]}, 2, spectra=SPECTRA)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_hz": 100}, "Got 100 Hz"),
        ({"hop_s": 0.02}, "at most half of that"),
        ({"window_s": 3.0}, "at most 1 s"),
        ({"mel_bands": 65}, "expected 0 to 64"),
        ({"exponent": 3}, "1 for magnitudes or 2 for powers"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        Spectra(**({"rate_hz": RATE_HZ} | change))


def test_activations_say_what_is_played_whatever_the_level(bases):
    clips = [chords(6, notes=LOW), chords(7, notes=HIGH), 0.01 * chords(6, notes=LOW)]
    table = extract_activations(clips, bases, rate_hz=RATE_HZ)
    assert list(table.columns[:5]) == ["segment", "file", "start", "end", "low-1.mean"]
    assert table.shape == (3, 4 + 3 * 8)
    means = table[[name for name in table if name.endswith(".mean")]]
    np.testing.assert_allclose(means.sum(axis=1), 1, rtol=1e-5)
    low = means[[name for name in means if name.startswith("low")]].sum(axis=1)
    assert low[0] > 0.9
    assert low[1] < 0.1
    np.testing.assert_allclose(table.iloc[0, 4:].astype(float), table.iloc[2, 4:].astype(float), atol=1e-4)


def test_a_clip_has_the_same_activations_alone_and_among_others(bases):
    clips = [chords(6, notes=LOW, seconds=0.5), chords(7, notes=HIGH, seconds=1.5)]
    both = extract_activations(clips, bases, rate_hz=RATE_HZ)
    for number, clip in enumerate(clips):
        alone = extract_activations(clip, bases, rate_hz=RATE_HZ)
        np.testing.assert_array_equal(alone.iloc[0, 3:], both.iloc[number, 3:])


def test_functionals_are_those_of_the_contours(bases):
    clip = chords(6, notes=LOW + HIGH)
    contours = activations_of(clip, bases)
    shares = contours / contours.sum(axis=0).mean()
    row = extract_activations(clip, bases, rate_hz=RATE_HZ).iloc[0]
    assert row["low-2.mean"] == pytest.approx(shares[1].mean(), rel=1e-5)
    assert row["high-1.stddev"] == pytest.approx(shares[4].std(), rel=1e-5)
    assert row["high-4.q95"] == pytest.approx(np.quantile(shares[7], 0.95), rel=1e-5)


def test_listed_segments_of_a_file_at_another_rate_become_rows(bases, tmp_path):
    samples = np.repeat(chords(6, notes=LOW), 2)
    soundfile.write(tmp_path / "tune.wav", samples, 2 * RATE_HZ)
    listed = pd.DataFrame(
        {
            "file": [str(tmp_path / "tune.wav")] * 2,
            "start": [0.5, 1.0],
            "end": [1.0, 1.01],
            "segment": ["a", "b"],
        }
    )
    table = extract_activations(listed, bases)
    assert table[["segment", "start", "end"]].to_numpy().tolist() == [["a", 0.5, 1.0]]
    assert "expected at least 0.032 s" in table.attrs["failures"]["b"]
    assert "`b`" in table.attrs["failures"]["b"]


def test_silence_has_activations_of_zero(bases):
    table = extract_activations(np.zeros(4000, np.float32), bases, rate_hz=RATE_HZ)
    assert not table.iloc[0, 4:].astype(float).any()


def test_a_second_of_the_noise_helps_real_speech_by_3_db(data_root):
    table = emodb.load(data_root / "emodb")
    known, new = (table[table["speaker"].isin(names)] for names in (["emodb/03"], ["emodb/11"]))
    heard = [decode(file, rate_hz=RATE_HZ, mono=True).samples[0] for file in known["file"][:12]]
    spectra = Spectra(RATE_HZ, hop_s=0.016)
    speech = learn_bases({"speech": heard}, 20, spectra=spectra, sparsity=1.0)
    clean = decode(new["file"].iloc[0], rate_hz=RATE_HZ, mono=True).samples[0]
    led_in = np.concatenate([np.zeros(RATE_HZ, np.float32), clean])
    noisy = apply(led_in, "pink-noise", 4, rate_hz=RATE_HZ, generator=np.random.default_rng(0))
    noise = learn_bases({"noise": [noisy[:RATE_HZ]]}, 10, spectra=spectra, sparsity=1.0)
    found = separate(noisy, join_bases(speech, noise), rate_hz=RATE_HZ)["speech"]
    assert si_sdr(found[RATE_HZ:], clean) > si_sdr(noisy[RATE_HZ:], clean) + 3
