"""Cut a stream of audio into timed segments: by speech, in windows, whole, or as listed."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError
from mien.signals.recent_audio import RecentAudio
from mien.signals.resample import Resampler
from mien.signals.spans import Keep, Part, Span, SpanCutter
from mien.signals.speech_regions import Region, RegionFinder
from mien.signals.voice_activity import FRAME_S, RATE_HZ, Detector
from mien.signals.windows import keeps_last

MAX_PART_S = 15.0
LEAST_PART_S = 1.0
LONGEST_WINDOW_S = 600.0
SHORTEST_WINDOW_S = 0.5

Blocks = Iterable[NDArray[np.float32]]


@dataclass(frozen=True)
class Cut:
    """One part of a segment; a segment of more than `MAX_PART_S` comes as several with the same index.

    Attributes:
        index: number of the segment, from 0.
        start: start of this part in seconds from the start of the recording.
        end: its end in seconds, exclusive.
        samples: float32 `(samples,)`, mono.
    """

    index: int
    start: float
    end: float
    samples: NDArray[np.float32]


class Segmenter(Protocol):
    """Cuts a stream; the cuts do not depend on how the stream is divided into blocks."""

    def cuts(self, blocks: Blocks, rate_hz: int) -> Iterator[Cut]:
        """Yield cuts while blocks of mono float32 `(samples,)` come in; memory stays bounded."""
        ...


class Whole:
    """Take the whole recording as one segment."""

    def cuts(self, blocks: Blocks, rate_hz: int) -> Iterator[Cut]:
        """Yield the recording in parts; see `Segmenter`."""
        return _cut_spans([Span(0, 0, None)], blocks, rate_hz)


class Windows:
    """Cut windows of equal length.

    Args:
        length_s: length in seconds, at most 600.
        hop_s: distance of starts in seconds; less than `length_s` overlaps, more leaves gaps.

    Raises:
        ConfigError: a length or distance that is not positive, or a window too long.
    """

    def __init__(self, length_s: float = 3.0, hop_s: float = 3.0) -> None:
        if not (0.025 <= length_s <= LONGEST_WINDOW_S and 0.01 <= hop_s < math.inf):
            raise ConfigError(
                f"Got windows of {length_s} s every {hop_s} s, expected a length of 0.025 to "
                f"{LONGEST_WINDOW_S:g} s and a hop of at least 0.01 s; choose other values."
            )
        self.length_s = length_s
        self.hop_s = hop_s

    def cuts(self, blocks: Blocks, rate_hz: int) -> Iterator[Cut]:
        """Yield the windows; a last shorter one if it is at least 0.5 s or the only one."""
        length, hop = max(round(self.length_s * rate_hz), 1), max(round(self.hop_s * rate_hz), 1)
        shortest = round(SHORTEST_WINDOW_S * rate_hz)
        spans = (Span(k, k * hop, k * hop + length, whole=True) for k in itertools.count())

        def keeps(span: Span, samples: int) -> bool:
            return keeps_last(samples, start=span.start, length=length, hop=hop, shortest=shortest)

        return _cut_spans(spans, blocks, rate_hz, keeps=keeps)


class Listed:
    """Cut the segments that a table lists.

    Args:
        starts: starts in seconds; segments may overlap and come in any order.
        ends: ends in seconds, exclusive; NaN is the end of the recording.

    Raises:
        InputError: a start below 0 or not a number, or an end that is not after its start.
    """

    def __init__(self, starts: Sequence[float], ends: Sequence[float]) -> None:
        self.times = [(float(start), float(end)) for start, end in zip(starts, ends, strict=True)]
        for row, (start, end) in enumerate(self.times):
            if not (0 <= start < math.inf and (math.isnan(end) or end > start)):
                raise InputError(
                    f"Got a segment from {start} to {end} s in row {row}, expected 0 <= start < end; "
                    "correct the table."
                )

    def cuts(self, blocks: Blocks, rate_hz: int) -> Iterator[Cut]:
        """Yield the segments with their row as index; what lies beyond the end is clipped or left out."""
        spans = []
        for row, (start, end) in enumerate(self.times):
            first = round(start * rate_hz)
            last = None if math.isnan(end) or math.isinf(end) else max(round(end * rate_hz), first + 1)
            spans.append(Span(row, first, last))
        return _cut_spans(sorted(spans, key=lambda span: (span.start, span.index)), blocks, rate_hz)


class VoiceActivity:
    """Cut where someone speaks.

    Args:
        detector: tells speech from the rest; see `mien.signals.voice_activity.find_detector`.
        min_speech_s: shorter speech is left out, in seconds.
        min_pause_s: shorter pauses do not end a segment, in seconds.
        pad_s: added before and after speech, in seconds, never into the neighbor.
        max_segment_s: longer speech is split at the least speech-like point of its second half.

    Raises:
        ConfigError: durations that contradict each other.
    """

    def __init__(
        self,
        detector: Detector,
        *,
        min_speech_s: float = 0.25,
        min_pause_s: float = 0.3,
        pad_s: float = 0.1,
        max_segment_s: float = MAX_PART_S,
    ) -> None:
        if min(min_speech_s, min_pause_s, pad_s) < 0 or max_segment_s < 2 * (min_speech_s + 2 * pad_s) + 0.5:
            raise ConfigError(
                f"Got min_speech_s={min_speech_s}, min_pause_s={min_pause_s}, pad_s={pad_s}, "
                f"max_segment_s={max_segment_s}, expected none below 0 and max_segment_s at least "
                "2 * (min_speech_s + 2 * pad_s) + 0.5; choose other values."
            )
        self.detector = detector
        self.min_speech_s = min_speech_s
        self.min_pause_s = max(min_pause_s, FRAME_S)
        self.pad_s = pad_s
        self.max_segment_s = max_segment_s

    def cuts(self, blocks: Blocks, rate_hz: int) -> Iterator[Cut]:
        """Yield the segments in order; see `Segmenter`."""
        stream, finder = self.detector.start(), self._finder()
        resampler, audio = Resampler(rate_hz, RATE_HZ), RecentAudio()
        placed = _Placed(rate_hz, pad=round(self.pad_s * rate_hz), tail=round(self.min_pause_s * rate_hz))
        for block in blocks:
            audio.push(block)
            for region in finder.push(stream.push(resampler.push(block)).tolist()):
                yield from placed.cut(region, audio, round(MAX_PART_S * rate_hz))
            audio.drop_before(placed.needed_from(finder))
        probabilities = np.concatenate([stream.push(resampler.finish()), stream.finish()])
        for region in [*finder.push(probabilities.tolist()), *finder.finish()]:
            yield from placed.cut(region, audio, round(MAX_PART_S * rate_hz))

    def _finder(self) -> RegionFinder:
        return RegionFinder(
            on=self.detector.on,
            off=self.detector.off,
            shortest=max(math.ceil(self.min_speech_s / FRAME_S - 1e-9), 1),
            pause=max(math.ceil(self.min_pause_s / FRAME_S - 1e-9), 1),
            longest=int((self.max_segment_s - 2 * self.pad_s) / FRAME_S + 1e-9),
        )


class _Placed:
    """Turn regions of frames into padded samples that never overlap."""

    def __init__(self, rate_hz: int, *, pad: int, tail: int) -> None:
        self._rate_hz = rate_hz
        self._pad = pad
        # Only so much after a region is sure to have been heard when it closes.
        self._pad_after = min(pad, tail)
        self._previous_end = 0
        self._count = 0

    def cut(self, region: Region, audio: RecentAudio, longest: int) -> Iterator[Cut]:
        """Yield the region, in parts where it is longer than `longest` samples."""
        start, end = self._sample(region.start), self._sample(region.end)
        start = start if region.continues else start - self._pad
        end = end if region.is_continued else end + self._pad_after
        start, end = max(start, self._previous_end), min(end, audio.end)
        if start >= end:
            return
        span = Span(self._count, 0, end - start)
        self._previous_end = end
        self._count += 1
        cutter = SpanCutter([span], longest=longest, least=self._rate_hz, keeps=lambda _span, _samples: True)
        for index, at, samples in cutter.cut([audio.slice(start, end)]):
            yield _as_cut((index, start + at, samples), self._rate_hz)

    def needed_from(self, finder: RegionFinder) -> int:
        """Return the first sample that a coming region may still need."""
        frame = finder.frame if finder.start is None else finder.start
        return max(self._sample(frame) - self._pad, self._previous_end)

    def _sample(self, frame: int) -> int:
        return round(frame * FRAME_S * self._rate_hz)


def _cut_spans(
    spans: Iterable[Span],
    blocks: Blocks,
    rate_hz: int,
    *,
    keeps: Keep = lambda _span, _samples: True,
) -> Iterator[Cut]:
    cutter = SpanCutter(
        spans, longest=round(MAX_PART_S * rate_hz), least=round(LEAST_PART_S * rate_hz), keeps=keeps
    )
    for part in cutter.cut(blocks):
        yield _as_cut(part, rate_hz)


def _as_cut(part: Part, rate_hz: int) -> Cut:
    index, start, samples = part
    return Cut(index, start / rate_hz, (start + len(samples)) / rate_hz, samples)
