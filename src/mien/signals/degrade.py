"""Make a clean recording sound as if it came through another room, microphone or line."""

import io

import numpy as np
import soxr

TELEPHONE_RATE_HZ = 8000


def gain(samples: np.ndarray, level_db: float) -> np.ndarray:
    """Change the level by `level_db` and clip at full scale, as a recorder does.

    Args:
        samples: float32 `(samples,)` in [-1, 1].
        level_db: gain in dB; positive values may clip.

    Returns:
        float32 `(samples,)` in [-1, 1].

    Example:
        >>> float(gain(np.array([0.5], np.float32), 20.0)[0])
        1.0
    """
    return np.clip(samples * np.float32(10 ** (level_db / 20)), -1.0, 1.0)


def speed(samples: np.ndarray, factor: float, *, rate_hz: int) -> np.ndarray:
    """Play faster (`factor` > 1) or slower; pitch and formants move along.

    Returns:
        float32 `(samples / factor,)`.
    """
    return soxr.resample(samples, rate_hz * factor, rate_hz, quality="MQ").astype(np.float32)


def room(
    samples: np.ndarray, generator: np.random.Generator, *, reverberation_s: float, rate_hz: int
) -> np.ndarray:
    """Add the echo of a room: a direct path and exponentially decaying noise.

    Args:
        samples: float32 `(samples,)`.
        generator: source of the impulse response's noise.
        reverberation_s: time in seconds until the echo has fallen by 60 dB (RT60).
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`, with the power of the input.

    Source:
        J. A. Moorer, About This Reverberation Business, Computer Music Journal 3(2), 1979.
    """
    time_s = np.arange(max(int(reverberation_s * rate_hz), 1)) / rate_hz
    response = generator.standard_normal(time_s.size) * 10 ** (-3 * time_s / reverberation_s)
    direct_to_reverberant = 10 ** (generator.uniform(-3, 9) / 20)
    response[0] = direct_to_reverberant * np.sqrt(np.sum(response[1:] ** 2) + 1e-12)
    size = 1 << int(np.ceil(np.log2(samples.size + response.size)))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: samples.size]
    return _match_power(wet, samples)


def microphone(
    samples: np.ndarray, generator: np.random.Generator, *, depth_db: float, rate_hz: int
) -> np.ndarray:
    """Colour the spectrum as another microphone would: a smooth random gain over log frequency.

    Args:
        samples: float32 `(samples,)`.
        generator: source of the gains.
        depth_db: standard deviation of the gain, drawn at seven frequencies, in dB.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`, with the power of the input.
    """
    anchors_hz = np.geomspace(60, rate_hz / 2, 7)
    gains_db = generator.normal(0.0, depth_db, anchors_hz.size)
    spectrum = np.fft.rfft(samples)
    frequencies_hz = np.fft.rfftfreq(samples.size, 1 / rate_hz)
    curve_db = np.interp(np.log(np.maximum(frequencies_hz, 20.0)), np.log(anchors_hz), gains_db)
    return _match_power(np.fft.irfft(spectrum * 10 ** (curve_db / 20), samples.size), samples)


def noise(samples: np.ndarray, generator: np.random.Generator, *, snr_db: float) -> np.ndarray:
    """Add coloured noise, between white and brown, at a signal-to-noise ratio in dB.

    Returns:
        float32 `(samples,)`.
    """
    slope = generator.uniform(0.0, 2.0)
    spectrum = np.fft.rfft(generator.standard_normal(samples.size))
    spectrum *= np.maximum(np.arange(spectrum.size), 1.0) ** (-slope / 2)
    sound = np.fft.irfft(spectrum, samples.size)
    power = np.mean(samples**2) / 10 ** (snr_db / 10)
    return (samples + sound * np.sqrt(power / (np.mean(sound**2) + 1e-12))).astype(np.float32)


def telephone(samples: np.ndarray, *, rate_hz: int) -> np.ndarray:
    """Send through a telephone line: 8 kHz and eight-bit mu-law steps.

    Returns:
        float32 `(samples,)`.

    Source:
        ITU-T Recommendation G.711, mu = 255.
    """
    narrow = soxr.resample(samples, rate_hz, TELEPHONE_RATE_HZ, quality="MQ")
    peak = np.max(np.abs(narrow)) + 1e-9
    companded = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
    steps = np.round(companded * 127) / 127
    expanded = np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * peak
    wide = soxr.resample(expanded, TELEPHONE_RATE_HZ, rate_hz, quality="MQ")
    return _fit_length(wide, samples.size)


def mp3(samples: np.ndarray, *, bit_rate: int, rate_hz: int) -> np.ndarray:
    """Encode to MP3 and decode again.

    Args:
        samples: float32 `(samples,)`.
        bit_rate: bits per second, such as 16000.
        rate_hz: sampling rate in Hz; one that MP3 knows, such as 16000.

    Returns:
        float32 `(samples,)`; the encoder's delay is left in.
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
    return _fit_length(np.concatenate(blocks), samples.size)


def degrade(samples: np.ndarray, generator: np.random.Generator, *, rate_hz: int) -> np.ndarray:
    """Draw a random chain of speed, room, microphone, noise, level and codec.

    For training only: each link is present with a fixed chance and a random severity.

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


def _match_power(changed: np.ndarray, original: np.ndarray) -> np.ndarray:
    scale = np.sqrt((np.mean(original**2) + 1e-12) / (np.mean(changed**2) + 1e-12))
    return (changed * scale).astype(np.float32)


def _fit_length(samples: np.ndarray, length: int) -> np.ndarray:
    if samples.size >= length:
        return samples[:length].astype(np.float32)
    return np.pad(samples, (0, length - samples.size)).astype(np.float32)
