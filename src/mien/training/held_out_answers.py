"""What networks said of clips that they had not heard, target by target, ready to be scored."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.dimension_metrics import concordance_correlation
from mien.evaluation.metrics import unweighted_average_recall
from mien.training.fine_tune_run import TuneRun
from mien.training.finish_run import OutOfFold, calibrate_across_folds


class Answered(NamedTuple):
    """Hold the answers for one target.

    Attributes:
        metric: `uar`, or `<rating>.ccc`.
        score: takes (truth, said), each `(clips,)`.
        truth: `(clips,)` class numbers or ratings, NaN where unknown.
        said: `(clips,)` likewise.
    """

    metric: str
    score: Callable[..., float]
    truth: NDArray[np.float64]
    said: NDArray[np.float64]


def answers_of(run: TuneRun, held_out: OutOfFold) -> list[Answered]:
    """Return the answers for each target, decided as the model that ships decides.

    Args:
        run: says what was learned.
        held_out: its answers for clips that no model of theirs had heard.
    """
    found = []
    if run.settings.data.categories:
        truth = np.where(held_out.truth < 0, math.nan, held_out.truth)
        said = calibrate_across_folds(held_out).mean(axis=1).argmax(axis=1).astype(float)
        found.append(Answered("uar", unweighted_average_recall, truth, said))
    values = held_out.values.mean(axis=1)
    for place, name in enumerate(run.settings.data.dimensions):
        truth = held_out.true_values[:, place]
        found.append(Answered(f"{name}.ccc", concordance_correlation, truth, values[:, place]))
    return found


def speakers_of(held_out: OutOfFold) -> NDArray[np.object_] | None:
    """Return who speaks in each clip, None where that is not known of all."""
    speaker = held_out.table.get("speaker")
    return None if speaker is None or speaker.isna().any() else speaker.to_numpy(dtype=object)
