"""The degradation ladder: named conditions, each with five severities in physical units."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.signals.degrade import codecs, filters, levels, noises, packets, rooms
from mien.signals.degrade.filters import fast_size
from mien.signals.degrade.power import within_full_scale

Floats = NDArray[np.float32]
LEVELS = (1, 2, 3, 4, 5)
SLOWEST_HZ = 2000
ROOM_RATIO_DB = 0.0
DISTANCE_REVERBERATION_S = 0.5


@dataclass(frozen=True)
class Place:
    """Hold what a condition needs besides the clip and the severity."""

    rate_hz: int
    generator: np.random.Generator
    noises: Sequence[Floats]
    speech: Sequence[Floats]


Change = Callable[[Floats, float, Place], Floats]


@dataclass(frozen=True)
class Condition:
    """Describe one way in which recordings get worse.

    Attributes:
        title: what happens, in words.
        unit: of the severities.
        severities: of levels 1 (mild) to 5 (severe), in the unit.
        source: where method or range come from.
        needs: `noises` or `speech` where `apply` must be given them, else empty.
        change: takes (samples, severity, place) and returns the degraded clip.
    """

    title: str
    unit: str
    severities: tuple[float, float, float, float, float]
    source: str
    change: Change
    needs: str = ""


def _coloured(slope: float) -> Change:
    def change(samples: Floats, snr_db: float, place: Place) -> Floats:
        lowest_hz = noises.LOWEST_HZ if slope else 0.0
        size, rate_hz = fast_size(samples.size), place.rate_hz
        sound = noises.colour(size, place.generator, slope=slope, lowest_hz=lowest_hz, rate_hz=rate_hz)
        sound = sound[: samples.size]
        return noises.add(samples, sound, snr_db=snr_db, rate_hz=place.rate_hz)

    return change


def _recorded(samples: Floats, snr_db: float, place: Place) -> Floats:
    sound = noises.recorded(samples.size, place.generator, noises=place.noises, rate_hz=place.rate_hz)
    return noises.add(samples, sound, snr_db=snr_db, rate_hz=place.rate_hz)


def _babble(samples: Floats, snr_db: float, place: Place) -> Floats:
    sound = noises.babble(samples.size, place.generator, speech=place.speech, rate_hz=place.rate_hz)
    return noises.add(samples, sound, snr_db=snr_db, rate_hz=place.rate_hz)


def _room(samples: Floats, reverberation_s: float, place: Place) -> Floats:
    return rooms.room(
        samples,
        place.generator,
        reverberation_s=reverberation_s,
        direct_to_reverberant_db=ROOM_RATIO_DB,
        rate_hz=place.rate_hz,
    )


def _distance(samples: Floats, ratio_db: float, place: Place) -> Floats:
    return rooms.room(
        samples,
        place.generator,
        reverberation_s=DISTANCE_REVERBERATION_S,
        direct_to_reverberant_db=ratio_db,
        rate_hz=place.rate_hz,
    )


def _microphone(samples: Floats, depth_db: float, place: Place) -> Floats:
    return filters.microphone(samples, place.generator, depth_db=depth_db, rate_hz=place.rate_hz)


def _codec(codec: codecs.Codec) -> Change:
    def change(samples: Floats, bit_rate_kbps: float, place: Place) -> Floats:
        return codecs.through(samples, codec, rate_hz=place.rate_hz, bit_rate=round(1000 * bit_rate_kbps))

    return change


def _telephone(codec: codecs.Codec) -> Change:
    def change(samples: Floats, level_db: float, place: Place) -> Floats:
        return codecs.telephone_line(samples, codec, level_db=level_db, rate_hz=place.rate_hz)

    return change


def _packets(*, repeat: bool) -> Change:
    def change(samples: Floats, percent: float, place: Place) -> Floats:
        share = percent / 100
        return packets.drop_packets(
            samples, place.generator, share=share, repeat=repeat, rate_hz=place.rate_hz
        )

    return change


def _clipping(samples: Floats, over_db: float, place: Place) -> Floats:
    return levels.overdrive(samples, over_db=over_db)


def _quiet(samples: Floats, gain_db: float, place: Place) -> Floats:
    return levels.sixteen_bits(levels.gain(samples, gain_db))


def _low_pass(samples: Floats, high_hz: float, place: Place) -> Floats:
    return filters.band(samples, high_hz=high_hz, rate_hz=place.rate_hz)


def _high_pass(samples: Floats, low_hz: float, place: Place) -> Floats:
    return filters.band(samples, low_hz=low_hz, rate_hz=place.rate_hz)


_SNR_DB = (20.0, 15.0, 10.0, 5.0, 0.0)
_SNR = "signal-to-noise ratio in dB"
_LINE_DB = (-26.0, -40.0, -50.0, -60.0, -70.0)
_LINE = "level of speech on the line in dBov"
_LOSS = (2.0, 5.0, 10.0, 20.0, 30.0)
_RATE = "bit rate in kbit/s"
_MOORER = "Moorer 1979; range of ACE Challenge rooms (Eaton et al. 2016)"
_GILBERT = "Gilbert 1960, Elliott 1963; packets of 20 ms as in RFC 3551"

LADDER: MappingProxyType[str, Condition] = MappingProxyType(
    {
        "white-noise": Condition(
            "White noise", _SNR, _SNR_DB, "Gaussian, equal power per hertz", _coloured(0.0)
        ),
        "pink-noise": Condition(
            "Pink noise from 50 Hz", _SNR, _SNR_DB, "Gaussian, -3 dB per octave", _coloured(1.0)
        ),
        "brown-noise": Condition(
            "Brown noise from 50 Hz", _SNR, _SNR_DB, "Gaussian, -6 dB per octave", _coloured(2.0)
        ),
        "recorded-noise": Condition(
            "Recorded noise", _SNR, _SNR_DB, "recordings given, such as ESC-10 (Piczak 2015)", _recorded,
            "noises",
        ),
        "babble": Condition(
            "Six other people talking", _SNR, _SNR_DB, "clips given, of other speakers", _babble, "speech"
        ),
        "room": Condition(
            "Room, direct sound and echo equally strong", "reverberation time RT60 in s",
            (0.2, 0.4, 0.7, 1.0, 1.5), _MOORER, _room,
        ),
        "distance": Condition(
            "Further and further from the microphone, RT60 0.5 s", "direct-to-reverberant ratio in dB",
            (10.0, 5.0, 0.0, -5.0, -10.0), _MOORER, _distance,
        ),
        "microphone": Condition(
            "Another microphone: smooth random frequency response", "standard deviation of its gain in dB",
            (2.0, 4.0, 6.0, 8.0, 10.0), "drawn at seven frequencies from 60 Hz", _microphone,
        ),
        "mp3": Condition(
            "MP3 at 16 kHz", _RATE, (48.0, 32.0, 24.0, 16.0, 8.0), "ISO 13818-3, LAME", _codec(codecs.MP3)
        ),
        "opus": Condition(
            "Opus at 16 kHz, for voice", _RATE, (24.0, 16.0, 12.0, 8.0, 6.0), "RFC 6716, libopus",
            _codec(codecs.OPUS),
        ),
        "amr": Condition(
            "Mobile telephone (AMR narrow band)", _RATE, (12.2, 10.2, 7.4, 5.9, 4.75),
            "3GPP TS 26.071, OpenCORE", _codec(codecs.AMR),
        ),
        "mu-law": Condition(
            "Telephone, mu-law, 300 to 3400 Hz", _LINE, _LINE_DB, "ITU-T G.711", _telephone(codecs.MU_LAW)
        ),
        "a-law": Condition(
            "Telephone, A-law, 300 to 3400 Hz", _LINE, _LINE_DB, "ITU-T G.711", _telephone(codecs.A_LAW)
        ),
        "packet-loss": Condition(
            "Packets lost in bursts of three, silence instead", "lost packets in %", _LOSS, _GILBERT,
            _packets(repeat=False),
        ),
        "packet-loss-concealed": Condition(
            "Packets lost in bursts of three, the last one repeated and faded", "lost packets in %", _LOSS,
            _GILBERT, _packets(repeat=True),
        ),
        "clipping": Condition(
            "Overdriven recorder", "peak over the limit in dB", (3.0, 6.0, 12.0, 18.0, 24.0),
            "hard clipping", _clipping,
        ),
        "gain": Condition(
            "Recorded too quietly, in 16 bits", "gain in dB", (-10.0, -20.0, -30.0, -40.0, -50.0),
            "rounded to 16 bits", _quiet,
        ),
        "low-pass": Condition(
            "High frequencies missing", "upper limit in Hz", (5000.0, 4000.0, 3000.0, 2000.0, 1000.0),
            "zero phase, edges of 10 %", _low_pass,
        ),
        "high-pass": Condition(
            "Low frequencies missing", "lower limit in Hz", (100.0, 200.0, 400.0, 800.0, 1600.0),
            "zero phase, edges of 10 %", _high_pass,
        ),
    }
)  # fmt: skip
"""Name → condition. A published ratio means these severities: changing one makes it another ladder."""


def conditions() -> list[str]:
    """Return the names of all conditions, in the order of the ladder."""
    return list(LADDER)


def apply(
    samples: ArrayLike,
    condition: str,
    level: int,
    *,
    rate_hz: int,
    generator: np.random.Generator,
    noises: Sequence[Floats] | None = None,
    speech: Sequence[Floats] | None = None,
) -> Floats:
    """Degrade a clip to one rung of the ladder.

    The result lies on top of the clip, sample for sample: codecs' delays are taken out. Power ratios hold
    where the clip sounds (`mien.signals.degrade.noises.add`). Where the result would pass full scale, it is
    turned down as a whole, so that a ratio stays as stated; only a clip that is beyond full scale itself
    may stay there. Silence stays silence, but for what a codec makes of it.

    Args:
        samples: float `(samples,)`, mono, in [-1, 1], at least one.
        condition: a name of `LADDER`.
        level: 0 (unchanged) to 5.
        rate_hz: sampling rate in Hz, at least 2000. Codecs resample to their own rate and back.
        generator: source of all chance: same generator, same result.
        noises: for `recorded-noise`: mono recordings at `rate_hz`. Judge with other noises than trained with.
        speech: for `babble`: mono clips at `rate_hz` of other speakers than this clip's.

    Returns:
        float32 `(samples,)`, a new array.

    Raises:
        ConfigError: an unknown condition, level or rate, or `noises` or `speech` are missing.
        DataError: samples that are no finite numbers, none, or not mono; a noise that is silent.
        MissingExtra: this build of PyAV lacks the codec.

    Example:
        >>> tone = 0.1 * np.sin(np.arange(16000, dtype=np.float32) / 20)
        >>> noisy = apply(tone, "white-noise", 3, rate_hz=16000, generator=np.random.default_rng(0))
        >>> added = noisy - tone
        >>> round(float(10 * np.log10(np.mean(tone**2) / np.mean(added**2))), 1)
        10.0
    """
    check_rung(condition, level)
    if rate_hz < SLOWEST_HZ:
        raise ConfigError(f"Got a rate of {rate_hz} Hz, expected at least {SLOWEST_HZ} Hz.")
    clean = _checked(samples)
    if level == 0:
        return clean
    rung = LADDER[condition]
    place = Place(rate_hz, generator, noises or (), speech or ())
    if rung.needs and not getattr(place, rung.needs):
        raise ConfigError(
            f"Got no {rung.needs} for the condition `{condition}`, expected at least one recording at "
            f"{rate_hz} Hz; pass `{rung.needs}`."
        )
    return within_full_scale(rung.change(clean, rung.severities[int(level) - 1], place), clean)


def clip_generator(name: str, condition: str, *, seed: int = 0) -> np.random.Generator:
    """Return the generator of one clip in one condition, whatever is degraded before or beside it.

    The level does not enter: a clip meets the same noise, room or lost packets at every level, only more of
    it, so that levels can be compared.

    Args:
        name: of the clip, such as its segment.
        condition: a name of `LADDER`.
        seed: another seed draws everything anew.
    """
    digest = hashlib.sha256(f"{seed}\n{condition}\n{name}".encode()).digest()
    return np.random.default_rng(list(digest))


def check_rung(condition: str, level: int) -> None:
    """Refuse what the ladder does not have.

    Raises:
        ConfigError: an unknown condition or level.
    """
    if condition not in LADDER:
        known = ", ".join(LADDER)
        raise ConfigError(
            f"Got condition `{condition}`, expected one of {known}.{did_you_mean(condition, LADDER)}"
        )
    if level not in (0, *LEVELS):
        raise ConfigError(f"Got level {level}, expected a whole number from 0 (unchanged) to {LEVELS[-1]}.")


def _checked(samples: ArrayLike) -> Floats:
    """Return a float32 copy."""
    values = np.asarray(samples)
    if values.dtype.kind != "f" or values.ndim != 1 or not values.size:
        raise DataError(
            f"Got samples of shape {values.shape} and type {values.dtype}, expected one mono row of floats "
            "in [-1, 1], at least one; mix channels and scale integers first."
        )
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise DataError(
            f"Got {bad} samples of {values.size} that are not finite (NaN), expected numbers; repair the "
            "clip first, as `mien.signals.decode.decode` does."
        )
    return values.astype(np.float32)
