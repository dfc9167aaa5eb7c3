import av
import numpy as np
import pytest
import soxr

from mien.core.errors import MissingExtra
from mien.signals.degrade.codecs import A_LAW, AMR, MP3, MU_LAW, OPUS, Codec, telephone_line, through

RATE_HZ = 16000
CODED = [
    (MP3, 48000),
    (MP3, 8000),
    (OPUS, 24000),
    (OPUS, 6000),
    (AMR, 12200),
    (AMR, 4750),
    (MU_LAW, None),
    (A_LAW, None),
]
NAMES = [f"{codec.encoder}-{bit_rate}" for codec, bit_rate in CODED]


def lag(clean: np.ndarray, changed: np.ndarray, *, rate_hz: int) -> float:
    """Return by how many milliseconds `changed` comes later, by the correlation from 300 to 3000 Hz."""
    size = 2 * clean.size
    frequencies_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    inside = (frequencies_hz > 300) & (frequencies_hz < 3000)
    product = np.conj(np.fft.rfft(clean, size)) * np.fft.rfft(changed, size) * inside
    place = int(np.argmax(np.fft.irfft(product, size)))
    return 1000 * (place if place < clean.size else place - size) / rate_hz


@pytest.mark.parametrize(("codec", "bit_rate"), CODED, ids=NAMES)
def test_decoded_speech_lies_on_top_of_the_clean_one(speech, codec, bit_rate):
    for start in (0, 15 * RATE_HZ, 30 * RATE_HZ):
        clip = speech[start : start + 3 * RATE_HZ]
        decoded = through(clip, codec, rate_hz=RATE_HZ, bit_rate=bit_rate)
        assert decoded.shape == clip.shape
        assert decoded.dtype == np.float32
        assert not np.array_equal(decoded, clip)
        assert abs(lag(clip, decoded, rate_hz=RATE_HZ)) <= 0.2


@pytest.mark.parametrize(("codec", "bit_rate"), CODED, ids=NAMES)
@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_other_rates_are_aligned_as_well(speech, codec, bit_rate, rate_hz):
    clip = soxr.resample(speech[: 2 * RATE_HZ], RATE_HZ, rate_hz)
    decoded = through(clip, codec, rate_hz=rate_hz, bit_rate=bit_rate)
    assert decoded.shape == clip.shape
    assert abs(lag(clip, decoded, rate_hz=rate_hz)) <= 0.2


@pytest.mark.parametrize(("codec", "bit_rate"), CODED, ids=NAMES)
def test_the_end_of_a_clip_is_not_lost(hiss, codec, bit_rate):
    decoded = through(hiss, codec, rate_hz=RATE_HZ, bit_rate=bit_rate)
    assert np.mean(decoded[-800:] ** 2) > 0.1 * np.mean(decoded**2)


@pytest.mark.parametrize(("codec", "bit_rate"), CODED, ids=NAMES)
def test_one_sample_and_silence_pass(codec, bit_rate):
    assert through(np.array([0.5], np.float32), codec, rate_hz=48000, bit_rate=bit_rate).shape == (1,)
    silent = through(np.zeros(4000, np.float32), codec, rate_hz=RATE_HZ, bit_rate=bit_rate)
    # A-law has no step at zero: its smallest is 8 of 32768, and the resampler rings.
    assert np.abs(silent).max() <= 12 / 32768


def mu_law_values() -> np.ndarray:
    """Return all values that G.711's mu-law knows, in units of 16 bits: 8 segments of 16 steps, twice."""
    sizes = [(((step << 3) + 132) << segment) - 132 for segment in range(8) for step in range(16)]
    return np.unique([*sizes, *(-size for size in sizes)])


def test_mu_law_is_that_of_g711(hiss):
    coded = np.round(through(hiss, MU_LAW, rate_hz=8000) * 32768)
    values, given = mu_law_values(), hiss * 32768
    assert len(values) == 255
    assert set(coded) <= set(values)
    nearest = np.abs(values[:, None] - given).min(axis=0)
    # FFmpeg's table takes 14 bits: up to 4 from the middle of two steps, a sample may go either way.
    assert (np.abs(coded - given) <= nearest + 8).all()


def test_a_quiet_caller_is_coded_more_coarsely_and_comes_back_at_the_own_level(speech):
    clip = speech[: 2 * RATE_HZ]
    loud = telephone_line(clip, MU_LAW, level_db=-26.0, rate_hz=RATE_HZ)
    errors = []
    for level_db in (-40.0, -60.0, -70.0):
        quiet = telephone_line(clip, MU_LAW, level_db=level_db, rate_hz=RATE_HZ)
        errors.append(np.mean((quiet - loud) ** 2))
        assert np.mean(quiet**2) == pytest.approx(np.mean(loud**2), rel=0.3)
    assert errors[0] < errors[1] < errors[2]


def test_only_the_telephone_band_passes(hiss):
    heard = telephone_line(hiss, A_LAW, level_db=-26.0, rate_hz=RATE_HZ)
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    inside = spectrum[350:3000].mean()
    assert spectrum[10:250].mean() < 0.01 * inside
    assert spectrum[4000:].mean() < 0.001 * inside


def test_silence_on_the_line_stays_silent():
    np.testing.assert_array_equal(
        telephone_line(np.zeros(100, np.float32), MU_LAW, level_db=-26.0, rate_hz=RATE_HZ), np.zeros(100)
    )


def test_a_codec_that_is_not_there_says_what_to_install():
    with pytest.raises(MissingExtra, match=rf"PyAV {av.__version__} without `no_such`.*--only-binary"):
        through(np.zeros(10, np.float32), Codec("no_such", "no_such", 8000, "s16"), rate_hz=8000)
