"""Clips in, pictures of one size out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.features.images.planes import brightness, column_samples, levels
from mien.features.images.style import DELTAS, Style
from mien.signals.windows import window_spans

DELTA_S = 0.04
"""A slope is that of a line through so many seconds to both sides."""
STEEPEST_S = 0.1
"""Colours of a slope end where the whole range is passed in so many seconds."""
DEFAULT = Style()


@dataclass(frozen=True)
class Images:
    """Hold the pictures of a batch of clips.

    Attributes:
        values: (n, height, width, 3) of uint8; row 0 is the highest frequency.
        starts: (clips + 1,), clip c has the pictures `starts[c]` to `starts[c + 1]`.
        spans: (n, 2), where each picture begins and ends in its clip, in seconds.
        style: what they show.
    """

    values: NDArray[np.uint8]
    starts: NDArray[np.int64]
    spans: NDArray[np.float64]
    style: Style

    def clip(self, number: int) -> NDArray[np.uint8]:
        """Return the pictures of one clip, (pictures, height, width, 3)."""
        return self.values[self.starts[number] : self.starts[number + 1]]


def make_images(
    clips: Sequence[NDArray[np.float32]],
    *,
    rate_hz: int,
    style: Style = DEFAULT,
    chunk_s: float | None = None,
    chunk_hop_s: float | None = None,
) -> Images:
    """Draw clips as pictures without axes, for networks that were trained on photographs.

    Use it to feed an image network (AlexNet and VGG take 224 by 224), or to look at sounds. Divide by 255 and
    normalize as that network asks. An encoder of speech (`embed`) knows more about voices.

    Args:
        clips: mono arrays (samples,) in [-1, 1].
        rate_hz: of all clips, at least twice the style's `high_hz`.
        style: what a picture shows.
        chunk_s: seconds of a picture, so that time has the same scale in all; a clip's rest makes one more
            where it is half a picture or the only one, filled up with silence. None draws each clip as one
            picture, stretched to its width.
        chunk_hop_s: seconds from one picture's start to the next; default `chunk_s`.

    Returns:
        The pictures; those of a clip are the same alone and among others.

    Raises:
        ConfigError: an unknown colour map, a rate too low for the style, or a chunk shorter than a column.
        DataError: a clip that is not mono, not finite, or shorter than a window.

    Example:
        >>> sound = np.sin(np.arange(16000, dtype=np.float32))
        >>> make_images([sound], rate_hz=16000, chunk_s=0.5).values.shape
        (2, 224, 224, 3)

    Source:
        S. Amiriparian et al., Snore sound classification using image-based deep spectrum features,
        Interspeech 2017; scalograms: Z. Ren et al., Deep scalogram representations for acoustic
        scene classification, IEEE/CAA Journal of Automatica Sinica 5(3), 2018.
    """
    if rate_hz < 2 * style.high_hz:
        raise ConfigError(
            f"Got {rate_hz} Hz, expected at least {2 * style.high_hz:g}, twice the highest frequency of the "
            f"pictures; pass a style with high_hz={rate_hz / 2:g}, or resample."
        )
    table = _colour_table(style.colours)
    column_s = column_samples(style, rate_hz) / rate_hz
    length, hop = _chunk_columns(chunk_s, chunk_hop_s, column_s)
    drawn, spans, starts = [], [], [0]
    for number, clip in enumerate(clips):
        _check(clip, number, style, rate_hz=rate_hz)
        channels = _channels(brightness(levels(clip, style, rate_hz=rate_hz), style), style, column_s)
        whole = channels.shape[2]
        columns = window_spans(whole, length=length or whole, hop=hop or whole, shortest=-(-length // 2))
        for start, end in columns:
            part = _cut(channels, start, end, style=style, length=length)
            drawn.append(_draw(part, style, table))
            spans.append((start * column_s, min(end * column_s, clip.size / rate_hz)))
        starts.append(len(drawn))
    values = np.stack(drawn) if drawn else np.zeros((0, *style.size, 3), np.uint8)
    return Images(values, np.array(starts, np.int64), np.array(spans).reshape(-1, 2), style)


def resize(plane: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a plane (rows, columns) with another size, smoothed where it gets smaller.

    Each pixel is a mean weighted by a triangle, as wide as two pixels of the coarser of both planes (Pillow's
    `BILINEAR`).

    Example:
        >>> resize(np.array([[0.0, 2.0], [4.0, 6.0]]), (1, 1)).tolist()
        [[3.0]]
    """
    down, across = (_weights(old, new) for old, new in zip(plane.shape, size, strict=True))
    return down @ plane.astype(np.float32) @ across.T


def _weights(old: int, new: int) -> NDArray[np.float32]:
    """Return what each old pixel adds to each new one, (new, old)."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    apart = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(scale, 1.0)
    triangle = np.maximum(1 - apart, 0)
    return (triangle / triangle.sum(axis=1, keepdims=True)).astype(np.float32)


def _check(clip: NDArray[np.float32], number: int, style: Style, *, rate_hz: int) -> None:
    if np.ndim(clip) != 1:
        raise DataError(f"Got clip {number} of shape {np.shape(clip)}, expected (samples,); mix it to mono.")
    least_s = style.hop_s if style.kind == "scalogram" else style.window_s
    if clip.size < round(least_s * rate_hz):
        raise DataError(
            f"Got clip {number} of {clip.size / rate_hz:g} s, expected at least {least_s:g} s; leave it out "
            "or pad it."
        )
    if not np.isfinite(clip).all():
        raise DataError(f"Got clip {number} with values that are not finite, expected samples in [-1, 1].")


def _channels(shown: NDArray[np.float32], style: Style, column_s: float) -> NDArray[np.float32]:
    """Return brightness alone, (1, rows, columns), or with its two slopes, (3, rows, columns)."""
    if style.colours != DELTAS:
        return shown[None]
    first = _slope(shown, column_s) * STEEPEST_S
    second = _slope(first, column_s) * STEEPEST_S
    return np.stack([shown, *(np.clip(0.5 + one / 2, 0, 1) for one in (first, second))])


def _slope(shown: NDArray[np.float32], column_s: float) -> NDArray[np.float32]:
    """Return the slope of a line through `DELTA_S` to both sides of each column, per second."""
    reach = max(round(DELTA_S / column_s), 1)
    padded = np.pad(shown, ((0, 0), (reach, reach)), mode="edge")
    length = shown.shape[1]
    total = np.zeros_like(shown)
    for apart in range(1, reach + 1):
        later, earlier = reach + apart, reach - apart
        total += apart * (padded[:, later : later + length] - padded[:, earlier : earlier + length])
    return total / np.float32(column_s * 2 * sum(apart**2 for apart in range(1, reach + 1)))


def _chunk_columns(chunk_s: float | None, chunk_hop_s: float | None, column_s: float) -> tuple[int, int]:
    """Return the columns of a picture, and from one picture's start to the next; 0 for the whole clip."""
    if chunk_s is None:
        return 0, 0
    found = round(chunk_s / column_s), round((chunk_s if chunk_hop_s is None else chunk_hop_s) / column_s)
    if min(found) < 1:
        raise ConfigError(
            f"Got chunk_s={chunk_s} and chunk_hop_s={chunk_hop_s}, expected {column_s:g} s or more."
        )
    return found


def _cut(
    channels: NDArray[np.float32], start: int, end: int, *, style: Style, length: int
) -> NDArray[np.float32]:
    """Return some columns of all channels, filled up with silence to `length`."""
    silence = np.array([0.5 if style.kind == "cepstrum" else 0.0, 0.5, 0.5], np.float32)[: len(channels)]
    missing = max(length - (end - start), 0)
    fill = np.broadcast_to(silence[:, None, None], (*channels.shape[:2], missing))
    return np.concatenate([channels[:, :, start:end], fill], axis=2)


def _draw(channels: NDArray[np.float32], style: Style, table: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return one picture (height, width, 3)."""
    sized = np.stack([resize(one[::-1], style.size) for one in channels], axis=-1)
    pixels = np.clip(np.round(sized * 255), 0, 255).astype(np.uint8)
    return pixels if table is None else table[pixels[..., 0]]


def _colour_table(name: str) -> NDArray[np.uint8] | None:
    """Return the 256 colours of a map, (256, 3); None for slopes, which are colours themselves."""
    if name == DELTAS:
        return None
    from matplotlib import colormaps

    if name not in colormaps:
        raise ConfigError(
            f"Got colours `{name}`, expected `{DELTAS}` or a colour map of matplotlib, such as viridis, "
            f"magma, jet or grey.{did_you_mean(name, [*colormaps, DELTAS])}"
        )
    return colormaps[name](np.linspace(0, 1, 256), bytes=True)[:, :3]
