"""Cut given spans out of a stream, in parts of bounded length, in an order that blocks cannot change."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.signals.recent_audio import RecentAudio


@dataclass(frozen=True)
class Span:
    """Samples `start` to `end` of a stream; `end` None is the end of the stream.

    Attributes:
        index: number of the segment.
        start: first sample.
        end: sample after the last, may lie beyond the stream.
        whole: give nothing before the whole span is known, instead of part by part.
    """

    index: int
    start: int
    end: int | None
    whole: bool = False


Part = tuple[int, int, NDArray[np.float32]]
Keep = Callable[[Span, int], bool]
FAR = 1 << 62


class SpanCutter:
    """Cut spans from a stream.

    A span longer than `longest` comes in parts of `longest`; where a rest shorter than `least` would
    remain, the last two parts are equal halves.

    Args:
        spans: sorted by start; may be endless.
        longest: most samples in a part.
        least: least samples in a part of a longer span.
        keeps: asked about each span that ends beyond the stream, with the stream's length.
    """

    def __init__(self, spans: Iterable[Span], *, longest: int, least: int, keeps: Keep) -> None:
        self._spans = iter(spans)
        self._next = next(self._spans, None)
        self._longest = longest
        self._least = least
        self._keeps = keeps
        self._audio = RecentAudio()
        # (sample at which the next part can be given, index, its start, span)
        self._active: list[tuple[int, int, int, Span]] = []

    def cut(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Part]:
        """Yield index, start in samples, and samples of each part."""
        for block in blocks:
            self._audio.push(block)
            self._activate()
            yield from self._ready(self._audio.end)
            self._audio.drop_before(self._needed_from())
        yield from self._finish()

    def _activate(self) -> None:
        while self._next is not None and self._next.start < self._audio.end:
            self._wait(self._next, self._next.start)
            self._next = next(self._spans, None)

    def _wait(self, span: Span, position: int) -> None:
        end = FAR if span.end is None else span.end
        ready = end if span.whole else min(position + self._longest + self._least, end)
        heapq.heappush(self._active, (ready, span.index, position, span))

    def _ready(self, available: int) -> Iterator[Part]:
        while self._active and self._active[0][0] <= available:
            _, index, position, span = heapq.heappop(self._active)
            end = FAR if span.end is None else span.end
            stop = position + self._part_length(end - position)
            yield index, position, self._audio.slice(position, stop)
            if stop < end:
                self._wait(span, stop)

    def _part_length(self, remaining: int) -> int:
        if remaining <= self._longest:
            return remaining
        return (remaining + 1) // 2 if remaining < self._longest + self._least else self._longest

    def _finish(self) -> Iterator[Part]:
        """Give what the end of the stream has clipped."""
        samples = self._audio.end
        waiting, self._active = sorted(self._active, key=lambda item: (item[1], item[2])), []
        for _, index, position, span in waiting:
            if position == span.start and not self._keeps(span, samples):
                continue
            while position < samples:
                stop = position + self._part_length(samples - position)
                yield index, position, self._audio.slice(position, stop)
                position = stop

    def _needed_from(self) -> int:
        starts = [position for _, _, position, _ in self._active]
        if self._next is not None:
            starts.append(self._next.start)
        return min(starts, default=self._audio.end)
