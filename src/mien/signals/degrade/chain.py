"""Draw a random chain of degradations, for training."""

import io

import numpy as np
import soxr

from mien.signals.degrade.codecs import fit_length
from mien.signals.degrade.filters import microphone
from mien.signals.degrade.levels import gain
from mien.signals.degrade.noises import noise
from mien.signals.degrade.rooms import room

TELEPHONE_RATE_HZ = 8000


def degrade(samples: np.ndarray, generator: np.random.Generator, *, rate_hz: int) -> np.ndarray:
    """Draw a random chain of speed, room, microphone, noise, level and codec.

    For training only: each link is present with a fixed chance and a random severity. To judge a model, use
    `apply`, whose severities are stated. What a generator gives never changes: shipped weights were trained
    with it.

    Args:
        samples: float32 `(samples,)` in [-1, 1].
        generator: source of every choice.
        rate_hz: sampling rate in Hz.

    Returns:
        float32, of another length where the speed was changed.
    """
    if generator.random() < 0.5:
        samples = speed(samples, generator.uniform(0.9, 1.1), rate_hz=rate_hz)
    if generator.random() < 0.25:
        samples = room(samples, generator, reverberation_s=generator.uniform(0.1, 0.5), rate_hz=rate_hz)
    if generator.random() < 0.4:
        samples = microphone(samples, generator, depth_db=generator.uniform(1.0, 4.0), rate_hz=rate_hz)
    if generator.random() < 0.3:
        samples = noise(samples, generator, snr_db=generator.uniform(10.0, 35.0))
    if generator.random() < 0.3:
        peak_db = 20 * np.log10(np.max(np.abs(samples)) + 1e-6)
        samples = gain(samples, generator.uniform(-30.0, 8.0) - peak_db)
    line = generator.random()
    if line < 0.06:
        return telephone(samples, rate_hz=rate_hz)
    if line < 0.18:
        return mp3(samples, bit_rate=int(generator.choice([8000, 16000, 24000, 32000])), rate_hz=rate_hz)
    return samples


def speed(samples: np.ndarray, factor: float, *, rate_hz: int) -> np.ndarray:
    """Play faster (`factor` > 1) or slower; pitch and formants move along.

    It is no part of the ladder: a voice that is played faster may rightly be heard as another affect.

    Returns:
        float32 `(samples / factor,)`.
    """
    return soxr.resample(samples, rate_hz * factor, rate_hz, quality="MQ").astype(np.float32)


def telephone(samples: np.ndarray, *, rate_hz: int) -> np.ndarray:
    """Send through a telephone line: 8 kHz and eight-bit mu-law steps below the clip's own peak.

    Returns:
        float32 `(samples,)`.

    Source:
        ITU-T Recommendation G.711, mu = 255; the continuous law, not its tables.
    """
    narrow = soxr.resample(samples, rate_hz, TELEPHONE_RATE_HZ, quality="MQ")
    peak = np.max(np.abs(narrow)) + 1e-9
    companded = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
    steps = np.round(companded * 127) / 127
    expanded = np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * peak
    wide = soxr.resample(expanded, TELEPHONE_RATE_HZ, rate_hz, quality="MQ")
    return fit_length(wide, samples.size)


def mp3(samples: np.ndarray, *, bit_rate: int, rate_hz: int) -> np.ndarray:
    """Write an MP3 file at the clip's own rate and read it again.

    Unlike `codecs.through` it goes through the file format, which now and then decodes the first frame
    otherwise; FFmpeg takes out the encoder's delay.

    Args:
        samples: float32 `(samples,)`.
        bit_rate: bits per second, such as 16000.
        rate_hz: sampling rate in Hz; one that MP3 knows, such as 16000.

    Returns:
        float32 `(samples,)`.
    """
    import av

    packed = io.BytesIO()
    with av.open(packed, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz, layout="mono")
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    packed.seek(0)
    with av.open(packed) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return fit_length(np.concatenate(blocks), samples.size)
