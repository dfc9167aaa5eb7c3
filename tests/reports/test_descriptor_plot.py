"""Descriptors under a spectrogram: what is drawn is what was measured."""

import numpy as np
import pytest
from matplotlib import pyplot

import mien
from mien.core.errors import InputError
from mien.reports.descriptor_plot import plot_descriptors

RATE_HZ = 16000


@pytest.fixture
def buzz():
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 200 * k * time) for k in range(1, 15))
    return (0.05 * tone * (time > 0.5)).astype(np.float32)


def test_pitch_stands_at_ten_times_its_height_where_there_is_voice(buzz):
    frames = mien.extract("egemaps", buzz, rate_hz=RATE_HZ, level="lld")
    figure = plot_descriptors(buzz, frames, rate_hz=RATE_HZ)
    top = figure.axes[0]
    drawn = {line.get_label(): line for line in top.get_lines()}
    time, hz = drawn["10 x pitch"].get_data()
    assert np.median(hz) == pytest.approx(2000, rel=0.01)
    assert time.min() > 0.45
    assert len(figure.axes) == 4
    assert [axes.get_ylabel().split("\n")[0] for axes in figure.axes[1:]] == [
        "Loudness",
        "alphaRatio",
        "HNRdBACF",
    ]
    pyplot.close(figure)


def test_the_wide_set_is_drawn_with_its_own_pitch_and_panels(buzz):
    frames = mien.extract("compare", buzz, rate_hz=RATE_HZ, level="lld")
    figure = plot_descriptors(buzz, frames, rate_hz=RATE_HZ)
    (pitch,) = figure.axes[0].get_lines()
    assert np.median(pitch.get_ydata()) == pytest.approx(2000, rel=0.01)
    labels = [axes.get_ylabel().split("\n")[0] for axes in figure.axes[1:]]
    assert labels == ["loudness", "sharpness", "logHNR"]
    noise = figure.axes[3].get_lines()[0].get_ydata()
    assert np.isnan(noise[:40]).all()
    assert np.nanmedian(noise) > 20
    pyplot.close(figure)


def test_times_of_a_segment_begin_at_zero(buzz):
    frames = mien.extract("egemaps", buzz, rate_hz=RATE_HZ, level="lld")
    moved = frames.assign(start=frames["start"] + 7, end=frames["end"] + 7)
    figure = plot_descriptors(buzz, moved, rate_hz=RATE_HZ)
    assert figure.axes[1].get_lines()[0].get_xdata()[0] == pytest.approx(0.01)
    pyplot.close(figure)


def test_what_is_too_long_or_empty_is_refused(buzz):
    frames = mien.extract("egemaps", buzz, rate_hz=RATE_HZ, level="lld")
    with pytest.raises(InputError, match="at most 60 s"):
        plot_descriptors(np.tile(buzz, 61), frames, rate_hz=RATE_HZ)
    with pytest.raises(InputError, match="0 frames"):
        plot_descriptors(buzz, frames.iloc[:0], rate_hz=RATE_HZ)
