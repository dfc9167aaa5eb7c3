"""Turn speech probabilities into regions of speech, frame by frame."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9


@dataclass(frozen=True)
class Region:
    """Frames `start` to `end` (exclusive) of speech.

    Attributes:
        start: first frame.
        end: frame after the last.
        continues: speech went on before, and was split at `start`.
        is_continued: speech goes on after, and was split at `end`.
    """

    start: int
    end: int
    continues: bool
    is_continued: bool


class RegionFinder:
    """Find regions of speech in a stream of probabilities.

    Speech begins where the probability reaches `on`; it ends where it stays below `off` for `pause` frames.

    Args:
        on: probability that begins speech.
        off: probability below which a frame may end it.
        shortest: least frames of a region that is not part of a longer one.
        pause: frames of non-speech that end a region.
        longest: most frames of a region; longer speech is split where it is least speech-like.
    """

    def __init__(self, *, on: float, off: float, shortest: int, pause: int, longest: int) -> None:
        self._on, self._off = on, off
        self._shortest, self._pause, self._longest = shortest, pause, longest
        self._frame = 0
        self._history: list[float] = []
        self._start: int | None = None
        self._end = 0
        self._continues = False

    @property
    def start(self) -> int | None:
        """Return the first frame of the region that is open, if any."""
        return self._start

    @property
    def frame(self) -> int:
        """Return how many frames have been seen."""
        return self._frame

    def push(self, probabilities: Iterable[float]) -> list[Region]:
        """Take the next frames and return the regions that end in them."""
        closed: list[Region] = []
        for probability in probabilities:
            frame, self._frame = self._frame, self._frame + 1
            if self._start is None:
                if probability >= self._on:
                    self._start, self._end = frame, frame + 1
                    self._history, self._continues = [probability], False
                continue
            self._history.append(probability)
            if probability >= self._off:
                self._end = frame + 1
                while self._end - self._start > self._longest:
                    closed.append(self._split())
            elif frame + 1 - self._end >= self._pause:
                closed.extend(self._close())
        return closed

    def finish(self) -> list[Region]:
        """Return the region that was open at the end, if any."""
        return [] if self._start is None else self._close()

    def _close(self) -> list[Region]:
        region = Region(self._start or 0, self._end, self._continues, False)
        self._start, self._history = None, []
        long_enough = region.end - region.start >= self._shortest
        return [region] if long_enough or region.continues else []

    def _split(self) -> Region:
        """Cut the open region where its smoothed probabilities are lowest, late if equal."""
        start = self._start or 0
        high = max(self._longest - self._shortest, 1)
        low = min(max(self._longest // 2, 1), high)
        smooth = np.convolve(np.array(self._history), SMOOTHING, mode="same")[low : high + 1]
        cut = low + len(smooth) - 1 - int(np.argmin(smooth[::-1]))
        region = Region(start, start + cut, self._continues, True)
        self._start, self._continues = start + cut, True
        self._history = self._history[cut:]
        return region
