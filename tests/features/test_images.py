"""Pictures of sounds: axes, levels, colours, wavelets, and one size for all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mien.core.errors import ConfigError, DataError
from mien.features.images.pictures import make_images, resize
from mien.features.images.planes import levels
from mien.features.images.scalogram import frequencies, response, scalogram
from mien.features.images.style import KINDS, WAVELETS, Style

RATE_HZ = 16000
GREY = Style(colours="grey")


def tone(hz, *, seconds=1.0, rate_hz=RATE_HZ, level=1.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def noise(seconds=1.0, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def grey(clip, **changes):
    """Return the one channel of a grey picture."""
    return make_images([clip], rate_hz=RATE_HZ, style=Style(colours="grey", **changes)).values[0, :, :, 0]


@settings(max_examples=25)
@given(
    old=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    new=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 9),
)
def test_a_plane_is_resized_as_pillow_does_it(old, new, seed):
    plane = np.random.default_rng(seed).uniform(0, 1, old).astype(np.float32)
    theirs = Image.fromarray(plane).resize(new[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resize(plane, new), np.asarray(theirs), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_have_the_size_that_was_asked_for(kind):
    images = make_images([noise(0.5), noise(2.0)], rate_hz=RATE_HZ, style=Style(kind=kind, size=(64, 128)))
    assert images.values.shape == (2, 64, 128, 3)
    assert images.values.dtype == np.uint8
    assert images.spans.tolist() == [[0, 0.5], [0, 2.0]]


@pytest.mark.parametrize("kind", ["mel", "linear", "scalogram"])
@pytest.mark.parametrize("rate_hz", [16000, 22050, 44100, 48000])
def test_a_sine_at_full_scale_has_about_0_db_at_any_rate(kind, rate_hz):
    found = levels(tone(1000, rate_hz=rate_hz), Style(kind=kind, bands=24), rate_hz=rate_hz)
    # between two mel bands each has half of it
    assert -3.1 < found[:, 30:-30].max() < 0.1


def test_low_frequencies_are_at_the_bottom_and_time_runs_to_the_right():
    first_low = np.concatenate([tone(300), tone(6000)])
    for kind in ("mel", "linear", "scalogram"):
        picture = grey(first_low, kind=kind)
        rows = picture[:, [56, 168]].argmax(axis=0)
        assert rows[0] > 112 > rows[1], kind


@pytest.mark.parametrize("hz", [500, 2000, 5000])
def test_a_tone_is_drawn_at_the_row_of_its_frequency(hz):
    row = grey(tone(hz), kind="linear")[:, 112].argmax()
    assert (223 - row + 0.5) / 224 * 8000 == pytest.approx(hz, abs=60)
    mel = 1127 * np.log1p(np.array([50, hz, 8000]) / 700)
    row = grey(tone(hz), kind="mel")[:, 112].argmax()
    assert (223 - row + 0.5) / 224 == pytest.approx((mel[1] - mel[0]) / (mel[2] - mel[0]), abs=0.02)


@pytest.mark.parametrize("kind", ["mel", "linear", "scalogram"])
def test_a_click_is_drawn_in_the_column_of_its_time(kind):
    click = np.zeros(RATE_HZ, np.float32)
    click[RATE_HZ // 4] = 1
    middle = grey(click, kind=kind, range_db=40)[60:100].astype(float).sum(axis=0)
    assert np.average(np.arange(224) + 0.5, weights=middle) == pytest.approx(56, abs=1)


def test_brightness_is_level_over_the_stated_range():
    loud, soft = tone(1000), tone(1000, level=10 ** (-30 / 20))
    picture = grey(np.concatenate([loud, soft]), range_db=60)
    assert picture[:, 56].max() == pytest.approx(255, abs=4)
    assert picture[:, 168].max() == pytest.approx(255 / 2, abs=4)
    fixed = grey(soft, range_db=60, top_db=0.0, kind="linear")
    # a line one bin wide loses a little where rows become fewer
    assert fixed[:, 112].max() == pytest.approx(255 / 2, abs=8)


@pytest.mark.parametrize("kind", KINDS)
def test_gain_changes_nothing_unless_a_top_is_given(kind):
    clip = noise()
    np.testing.assert_allclose(grey(clip, kind=kind).astype(int), grey(0.1 * clip, kind=kind), atol=2)
    assert np.abs(grey(clip, kind="mel", top_db=0.0).astype(int) - grey(0.1 * clip, top_db=0.0)).max() > 20


@pytest.mark.parametrize("kind", KINDS)
def test_silence_is_dark_and_of_a_cepstrum_even(kind):
    picture = grey(np.zeros(RATE_HZ, np.float32), kind=kind)
    assert set(np.unique(picture)) == ({128} if kind == "cepstrum" else {0})


def test_a_cepstrum_shows_the_spacing_of_harmonics():
    # ripples over mel are even where harmonics lie evenly on it: bands 8 apart of 64
    mel = np.linspace(*(1127 * np.log1p(np.array([50, 8000]) / 700)), 66)[1:-1]
    hz = 700 * np.expm1(mel[4::8] / 1127)
    picture = grey(sum(tone(one, level=0.1) for one in hz), kind="cepstrum", window_s=0.064)
    away = np.abs(picture[:, 112].astype(int) - 128)
    ripple = 2 * 64 / 8  # half cycles over the bands
    strongest = 31 - away[:-30].argmax() / 224 * 31
    assert strongest == pytest.approx(ripple, abs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_is_drawn_the_same_alone_and_among_others(kind):
    clips, style = [noise(0.7, 1), noise(1.9, 2), noise(0.3, 3)], Style(kind=kind, colours="deltas")
    batch = make_images(clips, rate_hz=RATE_HZ, style=style, chunk_s=0.5)
    assert batch.starts.tolist() == [0, 1, 5, 6]
    for number, clip in enumerate(clips):
        alone = make_images([clip], rate_hz=RATE_HZ, style=style, chunk_s=0.5)
        np.testing.assert_array_equal(batch.clip(number), alone.values)


def test_chunks_have_one_scale_of_time_and_the_rest_is_filled_with_silence():
    images = make_images([noise(1.3)], rate_hz=RATE_HZ, style=GREY, chunk_s=0.5)
    assert images.spans.tolist() == [[0, 0.5], [0.5, 1.0], [1.0, 1.3]]
    last = images.values[2, :, :, 0]
    assert not last[:, 224 * 62 // 100 :].any()
    assert last[:, : 224 // 2].all(axis=0).any()
    half = make_images([noise(1.2)], rate_hz=RATE_HZ, style=GREY, chunk_s=0.4, chunk_hop_s=0.2)
    assert half.spans[:, 0].tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    np.testing.assert_array_equal(
        half.values[2], make_images([noise(1.2)], rate_hz=RATE_HZ, style=GREY, chunk_s=0.4).values[1]
    )


def test_a_chunk_that_the_clip_fills_has_no_filling():
    images = make_images([noise(1.0)], rate_hz=RATE_HZ, style=GREY, chunk_s=1.0)
    np.testing.assert_array_equal(
        images.values, make_images([noise(1.0)], rate_hz=RATE_HZ, style=GREY).values
    )


def test_colours_are_those_of_matplotlib():
    from matplotlib import colormaps

    # the red of deltas is the level itself
    plain = make_images([noise()], rate_hz=RATE_HZ, style=Style(colours="deltas")).values[0, :, :, 0]
    for name in ("viridis", "magma", "jet"):
        coloured = make_images([noise()], rate_hz=RATE_HZ, style=Style(colours=name)).values[0]
        np.testing.assert_array_equal(coloured, colormaps[name](plain, bytes=True)[..., :3])
    np.testing.assert_allclose(grey(noise()), plain, atol=1)


def test_deltas_are_green_where_sound_begins_and_not_where_it_ends():
    clip = np.concatenate([np.zeros(8000, np.float32), noise(1.0), np.zeros(8000, np.float32)])
    picture = make_images([clip], rate_hz=RATE_HZ, style=Style(colours="deltas")).values[0].astype(float)
    level, slope, _ = picture.mean(axis=0).T
    assert level[112] > 150 > 20 > level[10]
    assert slope[56] > 220
    assert slope[168] < 35
    assert slope[10] == pytest.approx(127.5, abs=1)
    assert slope[112] == pytest.approx(127.5, abs=12)


def naive_transform(samples, frequency, rate_hz, wavelet):
    """Return the wavelet transform by sums over all frequencies of a Fourier transform."""
    size = samples.size
    spectrum, total = np.fft.fft(samples), np.zeros(size, complex)
    for bin_number in range(1, size // 2):
        hz = bin_number * rate_hz / size
        weight = 2 * response(wavelet, np.array([hz / frequency]))[0]
        total += weight * spectrum[bin_number] * np.exp(2j * np.pi * bin_number * np.arange(size) / size)
    return total / size


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_a_scalogram_is_the_sum_of_its_formula(wavelet):
    samples = np.zeros(2000)
    samples[700:1300] = np.random.default_rng(0).normal(0, 0.1, 600)
    expected = np.abs(naive_transform(np.pad(samples, (0, 4000)), 300.0, 8000, wavelet)[:2000]) ** 2
    found = scalogram(samples, np.array([300.0]), rate_hz=8000, hop=1, wavelet=wavelet)
    np.testing.assert_allclose(found[0], expected, atol=1e-4 * expected.max())
    averaged = scalogram(samples, np.array([300.0]), rate_hz=8000, hop=16, wavelet=wavelet)
    np.testing.assert_allclose(averaged[0], expected.reshape(-1, 16).mean(axis=1), atol=1e-4 * expected.max())


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_the_ridge_of_a_chirp_is_recovered_within_2_percent(wavelet):
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    wanted = frequencies(100, 4000, 250)
    chirp = np.sin(2 * np.pi * 200 * (4**time - 1) / np.log(4)).astype(np.float32)  # 200 Hz · 4^t
    power = scalogram(chirp, wanted, rate_hz=RATE_HZ, hop=40, wavelet=wavelet)
    at = (np.arange(power.shape[1]) + 0.5) * 0.0025
    inside = (at > 0.4) & (at < 1.8)  # away from the ends, which are heard as clicks
    ridge = wanted[power.argmax(axis=0)]
    assert np.abs(ridge / (200 * 4**at) - 1)[inside].max() < 0.02


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_a_scalogram_conserves_energy(wavelet):
    # sounds of 400 to 2000 Hz, heard by wavelets of 50 to 8000 Hz
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=RATE_HZ))
    hz = np.fft.rfftfreq(RATE_HZ, 1 / RATE_HZ)
    samples = np.fft.irfft(spectrum * ((hz > 400) & (hz < 2000)))
    wanted = frequencies(50, 8000, 300)
    power = scalogram(samples, wanted, rate_hz=RATE_HZ, hop=100, wavelet=wavelet)
    step = np.log(wanted[1] / wanted[0])
    relative = np.linspace(0.01, 4, 40000)
    admissible = np.trapezoid(response(wavelet, relative) ** 2 / relative, relative)
    # an analytic signal has twice the energy of its real part
    energy = power.sum() * 100 * step / admissible / 2
    assert energy == pytest.approx(np.sum(samples**2), rel=0.01)


def test_an_end_does_not_ring_into_the_beginning():
    clip = np.zeros(RATE_HZ, np.float32)
    clip[-200:] = tone(60, seconds=1)[-200:]
    power = scalogram(clip, np.array([50.0]), rate_hz=RATE_HZ, hop=160, wavelet="bump")
    assert power[0, 0] < 1e-4 * power.max()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "spectrum"}, "Got kind `spectrum`, expected one of mel"),
        ({"kind": "scalogramm"}, "Did you mean `scalogram`"),
        ({"wavelet": "haar"}, "Got wavelet `haar`"),
        ({"range_db": 0}, "Got range_db=0, expected 1 to 200"),
        ({"low_hz": 9000.0}, "Got low_hz=9000.0, expected 1 to 8000"),
        ({"size": (0, 5)}, r"Got size=\(0, 5\)"),
    ],
)
def test_styles_out_of_range_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        Style(**changes)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ConfigError, match="Did you mean `viridis`"):
        make_images([noise()], rate_hz=RATE_HZ, style=Style(colours="viridiss"))
    with pytest.raises(ConfigError, match="pass a style with high_hz=4000"):
        make_images([noise()], rate_hz=8000)
    with pytest.raises(ConfigError, match=r"expected 0\.01 s or more"):
        make_images([noise()], rate_hz=RATE_HZ, chunk_s=0.001)
    with pytest.raises(DataError, match=r"Got clip 1 of 0\.0125 s, expected at least 0\.032 s"):
        make_images([noise(), noise()[:200]], rate_hz=RATE_HZ)
    with pytest.raises(DataError, match="mix it to mono"):
        make_images([np.zeros((2, 16000), np.float32)], rate_hz=RATE_HZ)
    with pytest.raises(DataError, match="not finite"):
        make_images([noise() * np.float32(np.inf)], rate_hz=RATE_HZ)


def test_low_rates_take_a_style_of_their_own():
    images = make_images([tone(500, rate_hz=8000)], rate_hz=8000, style=Style(high_hz=4000))
    assert images.values.shape == (1, 224, 224, 3)
