"""Say where windows lie in a signal, in whole samples."""

from collections.abc import Iterator


def window_spans(samples: int, *, length: int, hop: int, shortest: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each window.

    Full windows start at 0, hop, 2·hop …; one shorter window follows where samples lie beyond the last
    full one, if it is at least `shortest` long or the only one.

    Args:
        samples: length of the signal in samples.
        length: window length in samples, at least 1.
        hop: distance of starts in samples, at least 1.
        shortest: least length of the last window in samples.

    Returns:
        Pairs (start, end) in samples, end exclusive, `0 <= start < end <= samples`.

    Example:
        >>> list(window_spans(10, length=4, hop=4, shortest=1))
        [(0, 4), (4, 8), (8, 10)]
    """
    start, end = 0, 0
    while start + length <= samples:
        end = start + length
        yield start, end
        start += hop
    if keeps_last(samples, start=start, length=length, hop=hop, shortest=shortest):
        yield start, samples


def keeps_last(samples: int, *, start: int, length: int, hop: int, shortest: int) -> bool:
    """Tell whether the shorter window at `start`, a multiple of `hop`, is kept; see `window_spans`."""
    if start == 0:
        return samples > 0
    previous_end = start - hop + length
    return previous_end < samples and samples - start >= shortest and start < samples
