"""Numbers and times as a reader expects to see them."""

import math

NO_BREAK = "\u00a0"
"""Space between a number and its unit, at which no line breaks."""
LOW_DOUBT = 1 / 3
HIGH_DOUBT = 2 / 3


def clock(time_s: float, *, tenths: bool = False) -> str:
    """Return seconds as a clock reads them.

    Example:
        >>> clock(75.25), clock(75.25, tenths=True), clock(3675)
        ('1:15', '1:15.3', '1:01:15')
    """
    if not math.isfinite(time_s):
        return "–"
    ticks = math.floor(max(time_s, 0.0) * 10 + 0.5) if tenths else math.floor(max(time_s, 0.0)) * 10
    minutes, tenth_seconds = divmod(ticks, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{tenth_seconds // 10:02d}" + (f".{tenth_seconds % 10}" if tenths else "")
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def length(duration_s: float) -> str:
    """Return a duration in words.

    Example:
        >>> [length(s).replace(NO_BREAK, " ") for s in (2.84, 75, 7260, float("nan"))]
        ['2.8 s', '1 min 15 s', '2 h 1 min', 'unknown length']
    """
    if not math.isfinite(duration_s):
        return "unknown length"
    if round(duration_s, 1) < 60:
        return f"{duration_s:.1f}{NO_BREAK}s"
    seconds = round(duration_s)
    if seconds < 3600:
        rest = f" {seconds % 60}{NO_BREAK}s" if seconds % 60 else ""
        return f"{seconds // 60}{NO_BREAK}min{rest}"
    minutes = round(duration_s / 60)
    rest = f" {minutes % 60}{NO_BREAK}min" if minutes % 60 else ""
    return f"{minutes // 60}{NO_BREAK}h{rest}"


def percent(share: float) -> str:
    """Return a share in [0, 1] as a percentage, never rounding something to nothing.

    Example:
        >>> [percent(p).replace(NO_BREAK, " ") for p in (0.614, 0.004, 0.0, 0.9999)]
        ['61 %', 'under 1 %', '0 %', 'over 99 %']
    """
    if not math.isfinite(share):
        return "–"
    if 0 < share < 0.005:
        return f"under 1{NO_BREAK}%"
    if 0.995 <= share < 1:
        return f"over 99{NO_BREAK}%"
    return f"{share * 100:.0f}{NO_BREAK}%"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where needed.

    Example:
        >>> count(1, "segment"), count(1200, "segment")
        ('1 segment', '1,200 segments')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def doubt_word(share: float) -> str:
    """Return doubt, as a share of the most there can be, in one word.

    Example:
        >>> doubt_word(0.1), doubt_word(0.5), doubt_word(0.9)
        ('low', 'medium', 'high')
    """
    if not math.isfinite(share):
        return "unknown"
    return "low" if share < LOW_DOUBT else "medium" if share < HIGH_DOUBT else "high"


def listed(items: list[str]) -> str:
    """Return items joined as in a sentence.

    Example:
        >>> listed(["anger"]), listed(["a", "b", "c"])
        ('anger', 'a, b and c')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
