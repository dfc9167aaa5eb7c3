"""Write small real media files in many containers for the tests of signals."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

RATE_HZ = 16000


def tone(
    duration_s: float = 1.0, rate_hz: int = RATE_HZ, *, frequency_hz: float = 440.0, level: float = 0.3
) -> np.ndarray:
    """Return float32 `(samples,)`: a tone whose level rises and falls four times a second."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s)
    return (level * swell * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def write_plain(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ, **options: str) -> Path:
    """Write `(samples,)` or `(samples, channels)` through libsndfile."""
    soundfile.write(path, samples, rate_hz, **options)
    return path


def write_media(
    path: Path,
    samples: np.ndarray | None,
    *,
    codec: str = "aac",
    rate_hz: int = 48000,
    channels: int = 1,
    video: str | None = None,
    start_s: float = 0.0,
    irregular: bool = False,
) -> Path:
    """Write mono samples, and pictures where `video` names a codec, through FFmpeg."""
    with av.open(str(path), "w") as container:
        audio = None
        if samples is not None:
            audio = container.add_stream(codec, rate=rate_hz, layout="stereo" if channels == 2 else "mono")
        pictures = _add_pictures(container, video) if video else None
        if pictures is not None:
            _write_pictures(container, pictures, irregular=irregular)
        if audio is not None:
            _write_samples(container, audio, samples, rate_hz, channels, start_s)
    return path


def _add_pictures(container, video: str):
    stream = container.add_stream(video, rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def _write_pictures(container, stream, *, irregular: bool) -> None:
    times = np.cumsum([1, 1, 5, 1, 2, 9, 1, 1, 3, 1]) if irregular else np.arange(25)
    for at in times:
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 10 * (at % 25), np.uint8), format="rgb24")
        frame.pts = int(at)
        frame.time_base = Fraction(1, 25)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _write_samples(container, stream, samples, rate_hz: int, channels: int, start_s: float) -> None:
    layout = "stereo" if channels == 2 else "mono"
    fifo = av.AudioFifo()
    size = stream.codec_context.frame_size or 1024
    frame = av.AudioFrame.from_ndarray(
        np.repeat(samples[None], channels, axis=0).astype(np.float32), format="fltp", layout=layout
    )
    frame.sample_rate = rate_hz
    resampler = av.AudioResampler(stream.codec_context.format.name, layout, rate_hz)
    frame.pts = 0
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        part.pts = None
        fifo.write(part)
    position = round(start_s * rate_hz)
    while fifo.samples:
        piece = fifo.read(size, partial=True)
        piece.pts, position = position, position + piece.samples
        piece.time_base = Fraction(1, rate_hz)
        piece.sample_rate = rate_hz
        container.mux(stream.encode(piece))
    container.mux(stream.encode())
