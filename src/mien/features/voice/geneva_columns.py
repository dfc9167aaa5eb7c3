"""Names, units and windows of the Geneva set (eGeMAPSv02): 25 descriptors, 88 functionals."""

from mien.features.described import Descriptor
from mien.features.work_groups import Group, with_needs

_SHORT, _LONG = 0.02, 0.06
_LEVEL = "dB relative to the fundamental"

SPECTRAL = (
    Descriptor("Loudness", "1", _SHORT, "mean of the compressed auditory spectrum"),
    Descriptor("alphaRatio", "dB", _SHORT, "energy from 1 to 5 kHz over energy below 1 kHz"),
    Descriptor("hammarbergIndex", "dB", _SHORT, "strongest bin up to 2 kHz over strongest from 2 to 5 kHz"),
    Descriptor("slope0-500", "dB/Hz", _SHORT, "slope of the spectrum up to 500 Hz"),
    Descriptor("slope500-1500", "dB/Hz", _SHORT, "slope of the spectrum from 500 to 1500 Hz"),
    Descriptor("spectralFlux", "1", _SHORT, "change of the spectrum up to 5 kHz since the frame before"),
    Descriptor("mfcc1", "1", _SHORT, "mel-frequency cepstral coefficient 1"),
    Descriptor("mfcc2", "1", _SHORT, "mel-frequency cepstral coefficient 2"),
    Descriptor("mfcc3", "1", _SHORT, "mel-frequency cepstral coefficient 3"),
    Descriptor("mfcc4", "1", _SHORT, "mel-frequency cepstral coefficient 4"),
)
VOICED = (
    Descriptor("F0semitoneFrom27.5Hz", "semitones", _LONG, "pitch above 27.5 Hz; 0 without voice"),
    Descriptor("jitterLocal", "1", _LONG, "difference of consecutive periods over their mean"),
    Descriptor("shimmerLocaldB", "dB", _LONG, "difference of the amplitudes of consecutive periods"),
    Descriptor("HNRdBACF", "dB", _LONG, "harmonics-to-noise ratio, from the autocorrelation"),
    Descriptor("logRelF0-H1-H2", "dB", _LONG, "first harmonic above the fundamental less the second"),
    Descriptor("logRelF0-H1-A3", "dB", _LONG, "the same harmonic less the amplitude of formant 3"),
    *(
        Descriptor(f"F{number}{what}", unit, window, f"{meaning} of formant {number}")
        for number in (1, 2, 3)
        for what, unit, window, meaning in (
            ("frequency", "Hz", _SHORT, "frequency"),
            ("bandwidth", "Hz", _SHORT, "bandwidth"),
            ("amplitudeLogRelF0", _LEVEL, _LONG, "strongest harmonic near the frequency"),
        )
    ),
)
LLD = (
    *(f"{one.name}_sma3" for one in SPECTRAL),
    *(f"{one.name}_sma3nz" for one in VOICED),
)
"""Columns of the frames: smoothed over three, `nz` without the frames that are 0."""

_BOTH = ("amean", "stddevNorm")
_CONTOUR = (
    *_BOTH,
    *(f"percentile{share}.0" for share in (20, 50, 80)),
    "pctlrange0-2",
    *(f"{kind}{way}Slope" for way in ("Rising", "Falling") for kind in ("mean", "stddev")),
)
_NAMES = [one.name for one in SPECTRAL]
VOICED_SPECTRAL = tuple(
    f"{name.replace('slope', 'slopeV')}" if "slope" in name else f"{name}V" for name in _NAMES[1:]
)
UNVOICED_SPECTRAL = tuple(
    f"{name.replace('slope', 'slopeUV')}" if "slope" in name else f"{name}UV" for name in _NAMES[1:6]
)
FUNCTIONALS = (
    *(f"F0semitoneFrom27.5Hz_sma3nz_{what}" for what in _CONTOUR),
    *(f"loudness_sma3_{what}" for what in _CONTOUR),
    *(f"{name}_sma3_{what}" for name in _NAMES[5:] for what in _BOTH),
    *(f"{one.name}_sma3nz_{what}" for one in VOICED[1:] for what in _BOTH),
    *(f"{name}_sma3nz_{what}" for name in VOICED_SPECTRAL for what in _BOTH),
    *(f"{name}_sma3nz_amean" for name in UNVOICED_SPECTRAL),
    "loudnessPeaksPerSec",
    "VoicedSegmentsPerSec",
    "MeanVoicedSegmentLengthSec",
    "StddevVoicedSegmentLengthSec",
    "MeanUnvoicedSegmentLength",
    "StddevUnvoicedSegmentLength",
    "equivalentSoundLevel_dBp",
)

GROUPS = {
    "spectrum": Group("Fourier transforms of 20-ms frames"),
    "bands": Group("26 mel bands", ("spectrum",)),
    "loudness": Group("loudness and its peaks", ("bands",)),
    "balance": Group("alpha ratio, Hammarberg index and slopes", ("spectrum",)),
    "flux": Group("change of the spectrum", ("spectrum",)),
    "mfcc": Group("cepstra", ("bands",)),
    "level": Group("mean power"),
    "pitch": Group("pitch, and how voice comes and goes"),
    "periods": Group("jitter and shimmer", ("pitch",)),
    "harmonics": Group("harmonics to noise, and levels of harmonics", ("pitch",)),
    "formants": Group("frequencies and bandwidths of formants"),
}
EVERYTHING = frozenset(GROUPS)
SPECTRAL_GROUPS = ("loudness", *("balance",) * 4, "flux", *("mfcc",) * 4)
"""Of each spectral descriptor."""
_OF_FORMANTS = (("formants",), ("formants",), ("formants", "harmonics"))
_VOICED_GROUPS = (
    ("pitch",),
    *(("periods",),) * 2,
    *(("harmonics",),) * 2,
    ("harmonics", "formants"),
    *_OF_FORMANTS * 3,
)


def _needs() -> dict[str, dict[str, frozenset[str]]]:
    """Return what each column of each level needs; all that asks for voice needs pitch."""
    spectral = [with_needs(GROUPS, one) for one in SPECTRAL_GROUPS]
    voiced = [with_needs(GROUPS, *names) for names in _VOICED_GROUPS]
    pitch, loudness = frozenset({"pitch"}), spectral[0]
    functionals = [
        *[pitch] * len(_CONTOUR),
        *[loudness] * len(_CONTOUR),
        *(one for one in spectral[5:] for _ in _BOTH),
        *(one | pitch for one in voiced[1:] for _ in _BOTH),
        *(one | pitch for one in spectral[1:] for _ in _BOTH),
        *(one | pitch for one in spectral[1:6]),
        loudness,
        *[pitch] * 5,
        frozenset({"level"}),
    ]
    return {
        "functionals": dict(zip(FUNCTIONALS, functionals, strict=True)),
        "lld": dict(zip(LLD, (*spectral, *voiced), strict=True)),
    }


NEEDS = _needs()
"""Level → column → the groups that it takes."""
