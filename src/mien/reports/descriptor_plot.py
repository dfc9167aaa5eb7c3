"""Descriptors of a voice, drawn under its spectrogram."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIGHEST_HZ = 5000
RANGE_DB = 70
WINDOW_S = 0.02
HOP_S = 0.005
SHOWN = ("Loudness_sma3", "alphaRatio_sma3", "HNRdBACF_sma3nz")
"""Contours that get a panel of their own, where the table has them."""
UNITS = {"Loudness_sma3": "1", "alphaRatio_sma3": "dB", "HNRdBACF_sma3nz": "dB"}
PITCH = "F0semitoneFrom27.5Hz_sma3nz"
LOWEST_PITCH_HZ = 27.5
LONGEST_S = 60.0
INK, PITCH_COLOR, FORMANT_COLOR = "#1e2327", "#00b7c6", "#f2a900"


def plot_descriptors(samples: NDArray[np.float32], frames: pd.DataFrame, *, rate_hz: int) -> "Figure":
    """Draw a spectrogram with pitch and formants, and contours of other descriptors under it.

    Use it to see whether descriptors can be trusted on a recording: pitch that jumps by an octave, formants
    that hop, voice heard in noise.

    Args:
        samples: mono, (samples,), at most 60 s.
        frames: rows of `mien.extract("egemaps", …, level="lld")` of these samples.
        rate_hz: of the samples.

    Returns:
        The figure; pitch is drawn ten times as high, so that it can be seen beside formants.

    Raises:
        InputError: the recording is longer than 60 s, or there are no frames.
    """
    from matplotlib import pyplot

    seconds = samples.size / rate_hz
    if seconds > LONGEST_S or frames.empty:
        raise InputError(
            f"Got {seconds:.1f} s and {len(frames)} frames, expected at most {LONGEST_S:g} s and some "
            "frames; cut the recording, and describe it with level lld."
        )
    shown = [name for name in SHOWN if name in frames]
    figure, grid = pyplot.subplots(
        1 + len(shown),
        1,
        figsize=(min(6 + seconds, 16), 3.2 + 1.2 * len(shown)),
        sharex=True,
        squeeze=False,
        height_ratios=(3, *(1 for _ in shown)),
        layout="constrained",
    )
    top, *below = grid[:, 0]
    _draw_spectrogram(top, samples, rate_hz)
    _draw_voice(top, frames)
    time = frames["start"].to_numpy() - frames["start"].iloc[0] + WINDOW_S / 2
    for axes, name in zip(below, shown, strict=True):
        values = frames[name].to_numpy()
        axes.plot(time, np.where(values == 0, np.nan, values) if "nz" in name else values, color=INK, lw=1)
        axes.set_ylabel(f"{name.partition('_')[0]}\n({UNITS[name]})", fontsize=8)
        axes.grid(alpha=0.3)
    grid[-1, 0].set_xlabel("time (s)")
    grid[-1, 0].set_xlim(0, seconds)
    return figure


def _draw_spectrogram(axes: Any, samples: NDArray[np.float32], rate_hz: int) -> None:
    """Draw the power of windows of 20 ms, the strongest and 70 dB below it."""
    size, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    padded = np.pad(samples, (0, max(0, size - samples.size)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hanning(size)
    power = 20 * np.log10(np.abs(np.fft.rfft(windows, axis=1)) + 1e-9)
    kept = int(HIGHEST_HZ * size / rate_hz) + 1
    end = (len(windows) * hop + size - hop) / rate_hz
    top = power.max()
    axes.imshow(
        power[:, :kept].T,
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=top - RANGE_DB,
        vmax=top,
        extent=(0, end, 0, (kept - 1) * rate_hz / size),
    )
    axes.set_ylabel("frequency (Hz)")


def _draw_voice(axes: Any, frames: pd.DataFrame) -> None:
    """Draw pitch and formants where there is voice."""
    if PITCH not in frames:
        return
    voiced = frames[frames[PITCH] > 0]
    time = voiced["start"].to_numpy() - frames["start"].iloc[0]
    hz = LOWEST_PITCH_HZ * 2 ** (voiced[PITCH].to_numpy() / 12)
    for number in (1, 2, 3):
        name = f"F{number}frequency_sma3nz"
        label = "formants" if number == 1 else None
        axes.plot(time + WINDOW_S / 2, voiced[name], ".", ms=2.5, color=FORMANT_COLOR, label=label)
    # a frame of pitch is 60 ms long
    axes.plot(time + 0.03, 10 * hz, ".", ms=3, color=PITCH_COLOR, label="10 x pitch")
    axes.legend(loc="upper right", fontsize=8, markerscale=3)
