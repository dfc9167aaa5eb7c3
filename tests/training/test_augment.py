import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.signals.degrade.power import sounding_power
from mien.training.augment import (
    add_noise,
    change_level,
    change_pitch,
    change_speed,
    crop,
    mask_frames,
    mixup,
    shift,
)
from mien.training.batch import make_batch, soft_targets

NAN = float("nan")
ON_SIGNALS = {
    "level": change_level,
    "noise": add_noise,
    "speed": change_speed,
    "pitch": change_pitch,
    "shift": shift,
    "crop": lambda samples, generator: crop(samples, generator, longest=4000),
}


def draw(seed=0):
    return np.random.default_rng(seed)


def tone(frequency_hz=300.0, seconds=1.0, level=0.3):
    time_s = np.arange(int(seconds * 16000)) / 16000
    return (level * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def peak_hz(samples):
    middle = samples[samples.size // 4 : -samples.size // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size), 1 << 18))
    return np.argmax(spectrum) * 16000 / (1 << 18)


@pytest.mark.parametrize("name", ON_SIGNALS)
def test_same_generator_gives_the_same_signal_and_another_seed_another(name):
    change, samples = ON_SIGNALS[name], tone() + 0.01 * draw(5).standard_normal(16000).astype(np.float32)
    before = samples.copy()
    first, again, other = change(samples, draw(1)), change(samples, draw(1)), change(samples, draw(2))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)
    assert np.array_equal(samples, before)
    assert first.dtype == np.float32


@pytest.mark.parametrize("name", ON_SIGNALS)
@pytest.mark.parametrize(
    "samples", [np.zeros(8000, np.float32), np.full(1, 0.5, np.float32), tone(level=1.0)]
)
def test_silence_one_sample_and_full_scale_stay_finite(name, samples):
    for seed in range(5):
        changed = ON_SIGNALS[name](samples, draw(seed))
        assert changed.ndim == 1
        assert changed.size >= 1
        assert np.isfinite(changed).all()
        assert samples.any() or not changed.any()


def test_levels_are_drawn_from_the_range_and_clip():
    gains = [np.abs(change_level(tone(), draw(seed), gain_db=(-6, 0))).max() / 0.3 for seed in range(40)]
    assert 10 ** (-6 / 20) <= min(gains) < 0.6
    assert 0.9 < max(gains) <= 1.0
    assert np.abs(change_level(tone(), draw(), gain_db=(40, 40))).max() == 1.0


@pytest.mark.parametrize("noises", [(), (tone(2000.0, 0.2),)])
@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_noise_has_the_ratio_that_was_asked_for(noises, snr_db):
    noisy = add_noise(tone(), draw(), snr_db=(snr_db, snr_db), noises=noises)
    found = sounding_power(tone(), rate_hz=16000) / np.mean((noisy - tone()) ** 2)
    assert 10 * np.log10(found) == pytest.approx(snr_db, abs=0.1)


def test_speed_changes_duration_and_pitch_alike():
    fast = change_speed(tone(), draw(), factor=(1.25, 1.25))
    assert fast.size == 12800
    assert peak_hz(fast) == pytest.approx(375, abs=1)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 0.0, 2.0, 12.0])
def test_pitch_moves_by_semitones_and_the_duration_stays(semitones):
    moved = change_pitch(tone(), draw(), semitones=(semitones, semitones))
    assert moved.size == 16000
    assert peak_hz(moved) == pytest.approx(300 * 2 ** (semitones / 12), rel=0.005)
    level = np.sqrt(np.mean(moved[4000:-4000] ** 2) / np.mean(tone() ** 2))
    assert level == pytest.approx(1.0, abs=0.1)


def test_a_rhythm_keeps_its_times_when_the_pitch_moves():
    beat = tone() * (np.arange(16000) % 4000 < 2000)
    moved = change_pitch(beat, draw(), semitones=(3, 3))

    def envelope(samples):
        return np.abs(samples).reshape(-1, 400).mean(1)

    assert np.corrcoef(envelope(beat), envelope(moved))[0, 1] > 0.9


def test_shift_moves_the_clip_and_fills_with_silence():
    samples = np.arange(1, 2001, dtype=np.float32)
    for seed in range(30):
        moved = shift(samples, draw(seed), longest_s=0.05)
        assert moved.size == 2000
        later = int(np.argmax(moved > 0)) if moved[0] == 0 else 1 - int(moved[0])
        assert abs(later) <= 800
        kept = samples[max(-later, 0) : 2000 - max(later, 0)]
        assert np.array_equal(moved[moved > 0], kept)


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 1000))
def test_crop_is_a_stretch_of_the_clip(size, longest, seed):
    samples = np.arange(size, dtype=np.float32)
    cut = crop(samples, draw(seed), longest=longest)
    assert cut.size == min(size, longest)
    assert np.array_equal(cut, np.arange(cut[0], cut[0] + cut.size))


def test_crops_begin_everywhere():
    starts = {int(crop(np.arange(6), draw(seed), longest=3)[0]) for seed in range(60)}
    assert starts == {0, 1, 2, 3}
    with pytest.raises(ConfigError, match="longest = 0"):
        crop(np.arange(6), draw(), longest=0)


def test_masks_blank_whole_bands_and_times_and_nothing_else():
    frames = 1 + torch.rand(8, 40, 100, generator=torch.Generator().manual_seed(0))
    valid = torch.arange(100) < torch.tensor([100, 50, 20, 5, 1, 100, 100, 100])[:, None]
    masked = mask_frames(frames, valid, draw())
    kept = masked != 0
    assert torch.equal(masked[kept], frames[kept])
    bands, times = kept.any(dim=2), kept.any(dim=1)
    assert torch.equal(kept, bands[:, :, None] & times[:, None, :])
    assert (~bands).sum(1).max() <= 20
    assert (~times).sum(1).max() <= 30
    assert (~bands).any()
    assert (~times).any()


def test_times_are_blanked_within_what_is_real_and_never_more_than_the_share():
    valid = torch.arange(100) < torch.tensor([[20]])
    for seed in range(50):
        masked = mask_frames(torch.ones(1, 4, 100), valid, draw(seed), masks=1, widest=0, largest_share=0.3)
        blank = (masked[0, 0] == 0).nonzero().ravel()
        assert blank.numel() <= 6
        assert (blank < 20).all()


def mixable():
    """Three items know emotion and valence, two know their emotion only, one its valence only."""
    generator = draw(3)
    clips = [generator.normal(size=size).astype(np.float32) for size in (4, 6, 5, 3, 8, 2)]
    emotion = soft_targets(torch.tensor([0, 1, 2, 1, 0, -1]), 3).numpy()
    valence = np.array([0.1, 0.5, 0.9, NAN, NAN, 0.3])[:, None]
    weight = np.array([1.0, 2.0, 1.0, 0.5, 1.0, 1.0])
    return make_batch(clips, {"emotion": emotion, "valence": valence}, row=np.arange(6), weight=weight)


def test_mixtures_have_the_proportions_of_their_targets():
    batch = mixable()
    mixed = mixup(batch, draw(1), alpha=1.0)
    found = 0
    for item in range(5):  # the last has no partner
        for other in range(6):
            if other == item:
                continue
            difference = batch.x[item] - batch.x[other]
            share = ((mixed.x[item] - batch.x[other]) @ difference) / (difference @ difference)
            if torch.allclose(share * batch.x[item] + (1 - share) * batch.x[other], mixed.x[item], atol=1e-6):
                found += 1  # partner and share, found again from x alone
                for task, target in batch.targets.items():
                    wanted = share * target[item] + (1 - share) * target[other]
                    torch.testing.assert_close(mixed.targets[task][item], wanted, equal_nan=True)
                wanted = share * batch.weight[item] + (1 - share) * batch.weight[other]
                torch.testing.assert_close(mixed.weight[item], wanted)
                assert torch.equal(mixed.valid[item], batch.valid[item] | batch.valid[other])
                break
    assert found == 5


@pytest.mark.parametrize("seed", range(10))
def test_no_target_is_lost_or_made_up_by_mixing(seed):
    batch = mixable()
    mixed = mixup(batch, draw(seed), alpha=1.0)
    for task, target in batch.targets.items():
        assert torch.equal(torch.isnan(mixed.targets[task]), torch.isnan(target))
    known = mixed.targets["emotion"][:5]
    torch.testing.assert_close(known.sum(1), torch.ones(5))
    torch.testing.assert_close(mixed.x[5], batch.x[5])


def test_what_cannot_be_mixed_is_refused():
    words = make_batch([np.array([1, 2])], {}, row=[0])
    with pytest.raises(DataError, match="whole numbers as `x`"):
        mixup(words, draw())
    classes = make_batch([np.ones(2, np.float32)], {"emotion": [1]}, row=[0])
    with pytest.raises(DataError, match=r"whole numbers as `emotion`.*soft_targets"):
        mixup(classes, draw())
    with pytest.raises(ConfigError, match="alpha 0"):
        mixup(mixable(), draw(), alpha=0)
