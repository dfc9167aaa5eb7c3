"""Send speech through a codec and back, without delay."""

from dataclasses import dataclass, field

import numpy as np
import soxr

from mien.core.errors import MissingExtra
from mien.signals.degrade.filters import band
from mien.signals.degrade.power import sounding_power

TELEPHONE_HZ = (300.0, 3400.0)


@dataclass(frozen=True)
class Codec:
    """Say how FFmpeg encodes and decodes one format.

    Attributes:
        encoder: its name in FFmpeg.
        decoder: its name in FFmpeg.
        rate_hz: rate at which it codes, in Hz.
        sample_format: what the encoder takes: `s16` or `fltp`.
        delay: samples, at `rate_hz`, by which the decoded clip comes later; FFmpeg takes out by itself what
            MP3 and Opus add.
        shortest: samples that it wants at least: shorter clips are followed by silence.
        options: for the encoder.
    """

    encoder: str
    decoder: str
    rate_hz: int
    sample_format: str
    delay: int = 0
    shortest: int = 1
    options: dict[str, str] = field(default_factory=dict)


MP3 = Codec("libmp3lame", "mp3float", 16000, "fltp", shortest=1152)
OPUS = Codec("libopus", "libopus", 16000, "s16", shortest=320, options={"application": "voip"})
# The encoder looks 5 ms ahead (3GPP TS 26.090).
AMR = Codec("libopencore_amrnb", "amrnb", 8000, "s16", delay=40, shortest=160)
MU_LAW = Codec("pcm_mulaw", "pcm_mulaw", 8000, "s16")
A_LAW = Codec("pcm_alaw", "pcm_alaw", 8000, "s16")


def through(samples: np.ndarray, codec: Codec, *, rate_hz: int, bit_rate: int | None = None) -> np.ndarray:
    """Encode and decode a clip, so that both lie on top of each other.

    Args:
        samples: float32 `(samples,)` in [-1, 1], at least one.
        codec: `MP3`, `OPUS`, `AMR`, `MU_LAW` or `A_LAW`.
        rate_hz: sampling rate of the clip in Hz; it is changed to the codec's and back.
        bit_rate: bits per second, for codecs that have a choice.

    Returns:
        float32 `(samples,)`.

    Raises:
        MissingExtra: this build of PyAV lacks the codec.
    """
    inside = _resampled(samples, rate_hz, codec.rate_hz)
    padded = np.pad(inside, (0, max(codec.shortest - inside.size, 0) + codec.delay))
    decoded, decoded_rate_hz = _coded(padded, codec, bit_rate)
    decoded = _resampled(decoded, decoded_rate_hz, codec.rate_hz)[codec.delay :]
    outside = _resampled(fit_length(decoded, inside.size), codec.rate_hz, rate_hz)
    return fit_length(outside, samples.size)


def telephone_line(samples: np.ndarray, codec: Codec, *, level_db: float, rate_hz: int) -> np.ndarray:
    """Send through a telephone line at a stated level, and bring the clip back to its own level.

    The quieter the caller, the coarser are the steps of G.711. Only 300 to 3400 Hz pass.

    Args:
        samples: float32 `(samples,)`.
        codec: `MU_LAW` (North America, Japan) or `A_LAW` (elsewhere).
        level_db: level of the sounding part on the line, mean square in dB below that of a square wave at
            full scale (dBov).
        rate_hz: sampling rate of the clip in Hz.

    Returns:
        float32 `(samples,)`.

    Raises:
        MissingExtra: this build of PyAV lacks the codec.

    Source:
        ITU-T Recommendation G.711 (1988); dBov: G.100.1.
    """
    narrow = _telephone_band(samples, rate_hz)
    power = sounding_power(narrow, rate_hz=rate_hz)
    if power == 0:
        return narrow
    scale = np.float32(10 ** (level_db / 20) / np.sqrt(power))
    decoded = through(narrow * scale, codec, rate_hz=rate_hz) / scale
    # The receiver filters as well: G.711 may turn silence into a constant of one step.
    return _telephone_band(decoded, rate_hz)


def fit_length(samples: np.ndarray, length: int) -> np.ndarray:
    """Cut off what is too long, or follow what is too short by silence; float32 `(length,)`."""
    if samples.size >= length:
        return samples[:length].astype(np.float32)
    return np.pad(samples, (0, length - samples.size)).astype(np.float32)


def _telephone_band(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    low_hz, high_hz = TELEPHONE_HZ
    return band(samples, low_hz=low_hz, high_hz=high_hz, rate_hz=rate_hz)


def _coded(samples: np.ndarray, codec: Codec, bit_rate: int | None) -> tuple[np.ndarray, int]:
    """Return what the decoder gives, and its rate in Hz."""
    import av

    encoder, decoder = _context(codec.encoder, "w"), _context(codec.decoder, "r")
    for context in (encoder, decoder):
        context.sample_rate, context.layout = codec.rate_hz, "mono"
    encoder.format, encoder.options = codec.sample_format, codec.options
    if bit_rate is not None:
        encoder.bit_rate = bit_rate
    encoder.open()
    decoder.extradata = encoder.extradata
    frame = av.AudioFrame.from_ndarray(_as(samples, codec.sample_format), codec.sample_format, "mono")
    frame.sample_rate = codec.rate_hz
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    frames = [one for packet in [*packets, None] for one in decoder.decode(packet)]
    decoded = np.concatenate([one.to_ndarray().reshape(-1) for one in frames])
    if decoded.dtype == np.int16:
        decoded = decoded.astype(np.float32) / np.float32(32768)
    return decoded, frames[0].sample_rate


def _context(name: str, mode: str):
    import av

    try:
        return av.CodecContext.create(name, mode)
    except av.codec.codec.UnknownCodecError:
        raise MissingExtra(
            f"Got a PyAV {av.__version__} without `{name}`, expected one that has it; install the wheel: pip "
            "install --only-binary av av."
        ) from None


def _as(samples: np.ndarray, sample_format: str) -> np.ndarray:
    if sample_format == "s16":
        return np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)[None]
    return samples.astype(np.float32)[None]


def _resampled(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    if from_hz == to_hz:
        return samples
    return soxr.resample(samples, from_hz, to_hz, quality="HQ")
