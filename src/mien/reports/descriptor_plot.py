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
PANELS = {
    "Loudness_sma3": "Loudness\n(1)",
    "alphaRatio_sma3": "alphaRatio\n(dB)",
    "HNRdBACF_sma3nz": "HNRdBACF\n(dB)",
    "audspec_lengthL1norm_sma": "loudness\n(1)",
    "pcm_fftMag_psySharpness_sma": "sharpness\n(acum)",
    "logHNR_sma": "logHNR\n(dB)",
}
"""Contours that get a panel of their own, where the table has them."""
OF_VOICE = ("HNRdBACF_sma3nz", "logHNR_sma")
SEMITONES, PITCH = "F0semitoneFrom27.5Hz_sma3nz", "F0final_sma"
LOWEST_PITCH_HZ = 27.5
LONGEST_S = 60.0
INK, PITCH_COLOR, FORMANT_COLOR = "#1e2327", "#00b7c6", "#f2a900"


def plot_descriptors(samples: NDArray[np.float32], frames: pd.DataFrame, *, rate_hz: int) -> "Figure":
    """Draw a spectrogram with pitch and formants, and contours of other descriptors under it.

    Use it to see whether descriptors can be trusted on a recording: pitch that jumps by an octave, formants
    that hop, voice heard in noise.

    Args:
        samples: mono, (samples,), at most 60 s.
        frames: rows of `mien.extract("egemaps", …, level="lld")` of these samples, or of `compare`.
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
    shown = [name for name in PANELS if name in frames]
    pitch_hz = _pitch(frames)
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
    _draw_voice(top, frames, pitch_hz)
    time = frames["start"].to_numpy() - frames["start"].iloc[0] + WINDOW_S / 2
    for axes, name in zip(below, shown, strict=True):
        values = frames[name].to_numpy()
        heard = np.where(pitch_hz > 0, values, np.nan) if name in OF_VOICE else values
        axes.plot(time, heard, color=INK, lw=1)
        axes.set_ylabel(PANELS[name], fontsize=8)
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


def _pitch(frames: pd.DataFrame) -> NDArray[np.float64]:
    """Return the pitch of each frame in Hz, 0 without voice or where the table has none."""
    if SEMITONES in frames:
        semitones = frames[SEMITONES].to_numpy(dtype=float)
        return np.where(semitones > 0, LOWEST_PITCH_HZ * 2 ** (semitones / 12), 0)
    return frames[PITCH].to_numpy(dtype=float) if PITCH in frames else np.zeros(len(frames))


def _draw_voice(axes: Any, frames: pd.DataFrame, pitch_hz: NDArray[np.float64]) -> None:
    """Draw pitch, and formants where the table has them, in frames with voice."""
    voiced = frames[pitch_hz > 0]
    time = voiced["start"].to_numpy() - frames["start"].iloc[0]
    for number in (1, 2, 3):
        name = f"F{number}frequency_sma3nz"
        label = "formants" if number == 1 else None
        if name in frames:
            axes.plot(time + WINDOW_S / 2, voiced[name], ".", ms=2.5, color=FORMANT_COLOR, label=label)
    if len(voiced):
        # a frame of pitch is 60 ms long
        axes.plot(time + 0.03, 10 * pitch_hz[pitch_hz > 0], ".", ms=3, color=PITCH_COLOR, label="10 x pitch")
        axes.legend(loc="upper right", fontsize=8, markerscale=3)
