"""Names, units and windows of the ComParE set: 65 descriptors and their changes, 6373 functionals."""

from mien.features.described import Descriptor
from mien.features.voice import level_segments, linear_prediction, peaks, regression, spread
from mien.features.work_groups import Group, with_needs

_SHORT, _LONG = 0.02, 0.06

VOICED = (
    Descriptor("F0final", "Hz", _LONG, "pitch; 0 without voice"),
    Descriptor(
        "voicingFinalUnclipped", "1", _LONG, "how much of the spectrum lies on harmonics of the pitch"
    ),
    Descriptor("jitterLocal", "1", _LONG, "difference of consecutive periods over their mean"),
    Descriptor("jitterDDP", "1", _LONG, "difference of consecutive differences of periods over their mean"),
    Descriptor("shimmerLocal", "1", _LONG, "difference of the amplitudes of consecutive periods"),
    Descriptor("logHNR", "dB", _LONG, "harmonics over noise, from how alike periods are; -100 without voice"),
)
ENERGY = (
    Descriptor("audspec_lengthL1norm", "1", _SHORT, "mean of the compressed auditory spectrum"),
    Descriptor("audspecRasta_lengthL1norm", "1", _SHORT, "the same after filtering over time"),
    Descriptor("pcm_RMSenergy", "1", _SHORT, "root mean square of the samples, of full scale 1"),
    Descriptor("pcm_zcr", "1", _LONG, "zero crossings per sample"),
)
_SHAPES = (
    ("fband250-650", "1", "energy from 250 to 650 Hz"),
    ("fband1000-4000", "1", "energy from 1 to 4 kHz"),
    *(
        (f"spectralRollOff{share}.0", "Hz", f"{share} % of the energy lie below")
        for share in (25, 50, 75, 90)
    ),
    ("spectralFlux", "1", "change of the spectrum since the frame before"),
    ("spectralCentroid", "Hz", "mean frequency of the energy"),
    ("spectralEntropy", "bit", "how evenly the energy lies over frequency"),
    ("spectralVariance", "Hz²", "spread of the energy around its mean frequency"),
    ("spectralSkewness", "1", "skewness of the energy over frequency"),
    ("spectralKurtosis", "1", "kurtosis of the energy over frequency"),
    ("spectralSlope", "1/Hz", "slope of the energy over frequency"),
    ("psySharpness", "acum", "centroid on the Bark scale, high bands weighted more"),
    ("spectralHarmonicity", "1", "way up and down between the peaks of the spectrum"),
)
SPECTRAL = (
    *(
        Descriptor(f"audSpec_Rfilt[{band}]", "1", _SHORT, f"auditory band {band}, filtered over time")
        for band in range(26)
    ),
    *(Descriptor(f"pcm_fftMag_{name}", unit, _SHORT, meaning) for name, unit, meaning in _SHAPES),
    *(Descriptor(f"mfcc[{k}]", "1", _SHORT, f"mel-frequency cepstral coefficient {k}") for k in range(1, 15)),
)


def column(name: str, ending: str) -> str:
    """Return openSMILE's name of a contour: the ending goes before the place in an array.

    Example:
        >>> column("mfcc[3]", "_sma_de")
        'mfcc_sma_de[3]'
    """
    base, bracket, place = name.partition("[")
    return f"{base}{ending}{bracket}{place}"


LLD = tuple(column(one.name, "_sma") for one in (*VOICED, *ENERGY, *SPECTRAL))
"""Columns of the frames: smoothed over three."""
LLD_DELTAS = tuple(column(one.name, "_sma_de") for one in (*VOICED, *ENERGY, *SPECTRAL))

PEAKS = peaks.NAMES[1:]
SHAPE = (
    *spread.EXTREMES,
    *spread.PERCENTILES,
    *spread.MOMENTS,
    *level_segments.NAMES,
    *spread.TIMES,
    *linear_prediction.NAMES,
)
VOICE = (
    *("amean", "flatness", "posamean", "rqmean"),
    *spread.EXTREMES,
    *regression.NAMES,
    *spread.PERCENTILES,
    *spread.MOMENTS,
    *spread.TIMES,
    *linear_prediction.NAMES,
)
WHOLE = ("amean", "flatness", "rqmean", *PEAKS, *regression.NAMES)
CHANGE = ("flatness", "posamean", "rqmean", *PEAKS)
PITCH = ("nnz", *level_segments.NAMES)


def _names(descriptors: tuple[Descriptor, ...], ending: str, functionals: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{column(one.name, ending)}_{what}" for one in descriptors for what in functionals)


FUNCTIONALS = (
    *(name for ending in ("_sma", "_sma_de") for name in _names(ENERGY, ending, SHAPE)),
    *(name for ending in ("_sma", "_sma_de") for name in _names(SPECTRAL, ending, SHAPE)),
    *(name for ending in ("_sma", "_sma_de") for name in _names(VOICED, ending, VOICE)),
    *(f"F0final_sma_ff0_{what}" for what in PITCH),
    *_names((*ENERGY, *SPECTRAL), "_sma", WHOLE),
    *_names((*ENERGY, *SPECTRAL), "_sma_de", CHANGE),
)

GROUPS = {
    "spectrum": Group("Fourier transforms of 20-ms frames"),
    "bands": Group("26 mel bands", ("spectrum",)),
    "loudness": Group("loudness", ("bands",)),
    "rasta": Group("bands filtered over time, and their loudness", ("bands",)),
    "energy": Group("root mean square"),
    "crossings": Group("zero crossings"),
    "shape": Group("bands, roll-off, moments, entropy, sharpness and peaks of the spectrum", ("spectrum",)),
    "flux": Group("change of the spectrum", ("spectrum",)),
    "mfcc": Group("cepstra", ("bands",)),
    "pitch": Group("pitch and voicing"),
    "periods": Group("jitter, shimmer and harmonics to noise", ("pitch",)),
    **{
        f"{name}-change": Group(f"how {name} changes from frame to frame", (name,))
        for name in ("loudness", "rasta", "energy", "crossings", "shape", "flux", "mfcc")
    },
    # the divisor of these changes counts the frames of all six columns
    "voice-change": Group("how pitch, voicing, jitter, shimmer and noise change", ("periods",)),
}
EVERYTHING = frozenset(GROUPS)
VOICED_GROUPS = (*("pitch",) * 2, *("periods",) * 4)
ENERGY_GROUPS = ("loudness", "rasta", "energy", "crossings")
SPECTRAL_GROUPS = (*("rasta",) * 26, *("shape",) * 6, "flux", *("shape",) * 8, *("mfcc",) * 14)


def change_of(group: str) -> str:
    """Return the group that tells how a group's columns change."""
    return "voice-change" if group in VOICED_GROUPS else f"{group}-change"


def _needs() -> dict[str, dict[str, frozenset[str]]]:
    """Return what each column of each level needs."""
    short = {
        ending: {
            column(one.name, ending): with_needs(GROUPS, group if ending == "_sma" else change_of(group))
            for one, group in zip(
                (*VOICED, *ENERGY, *SPECTRAL), (*VOICED_GROUPS, *ENERGY_GROUPS, *SPECTRAL_GROUPS), strict=True
            )
        }
        for ending in ("_sma", "_sma_de")
    }
    known = {**short["_sma"], **short["_sma_de"], "F0final_sma_ff0": frozenset({"pitch"})}
    functionals = {name: known[name.rpartition("_")[0]] for name in FUNCTIONALS}
    return {"functionals": functionals, "lld": short["_sma"], "lld_de": short["_sma_de"]}


NEEDS = _needs()
"""Level → column → the groups that it takes."""
