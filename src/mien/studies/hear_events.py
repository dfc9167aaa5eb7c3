"""From probabilities over time to events: threshold, median filter, least duration."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from mien.studies.hear_encoders import Moments
from mien.studies.hear_scores import event_score
from mien.studies.hear_task import HearTask

THRESHOLDS = (0.2, 0.35, 0.5, 0.65)
MEDIANS_MS = (0.0, 60.0, 150.0, 250.0)
LEAST_MS = (0.0, 125.0, 250.0)


class Cleaning(NamedTuple):
    """Say how probabilities become events.

    Attributes:
        threshold: probability from which on a moment belongs to an event.
        median_ms: length of the median filter over the decisions; 0 for none.
        least_ms: shorter events are left out.
    """

    threshold: float = 0.5
    median_ms: float = 0.0
    least_ms: float = 0.0


def events_of(moments: Moments, labels: Sequence[str], cleaning: Cleaning) -> list[tuple[float, float, str]]:
    """Return start (s), end (s) and label of the events in one clip.

    Args:
        moments: probabilities `(T, K)` and their times.
        labels: the K classes.
        cleaning: how they become events.

    Example:
        >>> steps = Moments(np.array([[0.1], [0.9], [0.8], [0.2]]), np.array([25.0, 75.0, 125.0, 175.0]))
        >>> events_of(steps, ["laugh"], Cleaning())
        [(0.05, 0.15, 'laugh')]
    """
    step_ms = step_of(moments)
    active = moments.values >= cleaning.threshold
    width = _odd(cleaning.median_ms / step_ms)
    if width > 1:
        active = median_filter(active.astype(np.uint8), size=(width, 1), mode="constant").astype(bool)
    found = []
    for place, label in enumerate(labels):
        edges = np.diff(np.concatenate([[0], active[:, place].astype(np.int8), [0]]))
        for first, behind in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            start, end = moments.ms[first] - step_ms / 2, moments.ms[behind - 1] + step_ms / 2
            if end - start >= cleaning.least_ms:
                found.append((max(0.0, float(start)) / 1000, float(end) / 1000, label))
    return found


def step_of(moments: Moments) -> float:
    """Return the time from one moment to the next in ms; of a single one, a second.

    Args:
        moments: at even steps.
    """
    return float(np.median(np.diff(moments.ms))) if len(moments.ms) > 1 else 1000.0


def event_table(
    task: HearTask, rows: NDArray[np.int64], found: Sequence[Moments], cleaning: Cleaning
) -> pd.DataFrame:
    """Return the events in several clips: `clip`, `start` (s), `end` (s), `label`.

    Args:
        task: of timestamps.
        rows: numbers of the clips.
        found: probabilities of each.
        cleaning: how they become events.
    """
    clips = task.clips["clip"].iloc[rows]
    listed = [
        (clip, *event)
        for clip, moments in zip(clips, found, strict=True)
        for event in events_of(moments, task.labels, cleaning)
    ]
    return pd.DataFrame(listed, columns=["clip", "start", "end", "label"])


def choose_cleaning(
    task: HearTask, rows: NDArray[np.int64], found: Sequence[Moments]
) -> tuple[Cleaning, float]:
    """Return what scores best on some clips, and its score; of equals, the first tried.

    Args:
        task: of timestamps.
        rows: numbers of clips that may choose.
        found: probabilities of each.
    """
    best, reached = Cleaning(), -1.0
    step_ms = step_of(found[0])
    widths = {_odd(one / step_ms): one for one in reversed(MEDIANS_MS)}  # others would do the same again
    for threshold, median_ms, least_ms in product(THRESHOLDS, sorted(widths.values()), LEAST_MS):
        tried = Cleaning(threshold, median_ms, least_ms)
        score = event_score(task, rows, event_table(task, rows, found, tried))
        if score > reached:
            best, reached = tried, score
    return best, reached


def active_labels(task: HearTask, row: int, ms: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return which labels are active at moments of a clip, `(T, K)` of 0 and 1.

    Args:
        task: of timestamps.
        row: number of the clip.
        ms: the moments.
    """
    active = np.zeros((len(ms), len(task.labels)), np.float32)
    if task.events is None:
        return active
    for event in task.events[task.events["clip"] == task.clips["clip"].iloc[row]].itertuples():
        inside = (ms >= 1000 * event.start) & (ms < 1000 * event.end)
        if not inside.any():
            # an event shorter than a step belongs to the nearest moment, else it could never be learned
            inside[np.argmin(np.abs(ms - 500 * (event.start + event.end)))] = True
        active[inside, task.labels.index(event.label)] = 1.0
    return active


def _odd(frames: float) -> int:
    """Return the nearest odd number of frames, at least 1."""
    return 2 * int(frames / 2) + 1
