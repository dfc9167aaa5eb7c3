"""What a picture of a sound shows, and how."""

from dataclasses import dataclass

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean

KINDS = ("mel", "linear", "cepstrum", "scalogram")
WAVELETS = ("morlet", "bump", "morse")
DELTAS = "deltas"


@dataclass(frozen=True)
class Style:
    """Say what a picture shows. Time runs to the right, low frequencies are at the bottom.

    Attributes:
        kind: `mel` (power in mel bands), `linear` (power of the bins of a Fourier transform), `cepstrum`
            (ripples of the mel spectrum, the broadest at the bottom, up to half as many as there are bands)
            or `scalogram` (power of a continuous wavelet transform, on a logarithmic axis of frequency).
        size: height and width in pixels.
        colours: name of a colour map of matplotlib (`viridis`, `magma`, `jet`, `grey` …); or `deltas`: level,
            its change and the change of that as red, green and blue.
        range_db: from the darkest to the brightest, 1 to 200. Of a `cepstrum`, ripples of an eighth of
            this up and down reach the ends.
        top_db: level of the brightest; a sine at full scale has 0, up to 3 less in mel bands.
            None takes each clip's own highest, so that its gain does not matter.
        low_hz: lowest frequency; `linear` begins at 0 instead.
        high_hz: highest frequency, at most half the sampling rate.
        bands: mel bands, or frequencies of a scalogram.
        window_s: seconds of a Hann window; a scalogram has none.
        hop_s: seconds from one column to the next, before the picture takes its width; a scalogram's power is
            averaged over them.
        wavelet: of a scalogram: `morlet` (6 radians), `bump` (5, 0.6; sharpest in frequency) or `morse` (3,
            20; sharpest in time).

    Raises:
        ConfigError: an unknown name, or a number out of range.
    """

    kind: str = "mel"
    size: tuple[int, int] = (224, 224)
    colours: str = "viridis"
    range_db: float = 80.0
    top_db: float | None = None
    low_hz: float = 50.0
    high_hz: float = 8000.0
    bands: int = 64
    window_s: float = 0.032
    hop_s: float = 0.01
    wavelet: str = "morlet"

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("wavelet", WAVELETS)):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"Got {name} `{getattr(self, name)}`, expected one of {', '.join(known)}."
                    f"{did_you_mean(getattr(self, name), known)}"
                )
        limits = {
            "range_db": (1, 200),
            "low_hz": (1, self.high_hz),
            "bands": (4, 512),
            "window_s": (0.001, 1),
            "hop_s": (0.0005, 1),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"Got {name}={getattr(self, name)}, expected {low} to {high:g}.")
        if len(self.size) != 2 or min(self.size) < 1:
            raise ConfigError(f"Got size={self.size}, expected height and width in pixels, each 1 or more.")
