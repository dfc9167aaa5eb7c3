"""How a run cuts recordings into segments: the options that change its numbers."""

from dataclasses import dataclass
from typing import Any

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean

SEGMENTS = ("vad", "windows", "whole")
DEFAULT_WINDOW_S = 3.0


@dataclass(frozen=True)
class Options:
    """Say how recordings are cut; two runs with equal options and model give equal tables.

    Attributes:
        segments: `vad` cuts at pauses in speech, `windows` cuts equal lengths, `whole` does not cut.
        window_s: length of a window, in seconds.
        hop_s: time from one window's start to the next, in seconds.
    """

    segments: str = "vad"
    window_s: float = DEFAULT_WINDOW_S
    hop_s: float = DEFAULT_WINDOW_S

    def as_dict(self) -> dict[str, Any]:
        """Return the options that apply, for run.json and for comparison by --resume."""
        if self.segments == "windows":
            return {"segments": self.segments, "window_s": self.window_s, "hop_s": self.hop_s}
        return {"segments": self.segments}


def read_options(segments: str, *, window_s: float | None = None, hop_s: float | None = None) -> Options:
    """Check the options that cut recordings.

    Args:
        segments: `vad`, `windows` or `whole`.
        window_s: window length in seconds, at least 0.5; default 3.
        hop_s: time between window starts in seconds, above 0; default the window length.

    Raises:
        ConfigError: an unknown word, a length out of range, or a window without `windows`.

    Example:
        >>> read_options("windows", window_s=2.0).hop_s
        2.0
    """
    if segments not in SEGMENTS:
        raise ConfigError(
            f"Got segments `{segments}`, expected one of {', '.join(SEGMENTS)}."
            f"{did_you_mean(segments, SEGMENTS)}"
        )
    if segments != "windows":
        if window_s is not None or hop_s is not None:
            raise ConfigError(
                f"Got a window or hop with segments `{segments}`, expected `windows`; use --segments windows."
            )
        return Options(segments)
    window = DEFAULT_WINDOW_S if window_s is None else float(window_s)
    hop = window if hop_s is None else float(hop_s)
    if not 0.5 <= window <= 3600:
        raise ConfigError(f"Got a window of {window:g} s, expected 0.5 to 3600 s; change --window.")
    if not 0.05 <= hop <= 3600:
        raise ConfigError(f"Got a hop of {hop:g} s, expected 0.05 to 3600 s; change --hop.")
    return Options("windows", window, hop)
