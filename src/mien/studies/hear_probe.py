"""The small network on frozen embeddings: a grid of settings, chosen on validation, tested on each fold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.corpora.split import Fold
from mien.studies.hear_encoders import Moments
from mien.studies.hear_events import Cleaning, active_labels, choose_cleaning, event_table
from mien.studies.hear_scores import Scored, event_result, scene_result, scene_score
from mien.studies.hear_task import HearTask
from mien.training.probe_head import Data, Fitted, Scale, Settings, fit, probabilities

LAYERS = (0, 1, 2, 3)
WIDTHS = (512, 1024)
DROPOUTS = (0.1, 0.3, 0.5)
RATES = (1e-4, 3.2e-4, 1e-3, 3.2e-3, 1e-2)
UNCLEANED = Cleaning()


def draw_grid(count: int, seed: int = 0) -> list[Settings]:
    """Return so many different points of the grid, drawn at random.

    Args:
        count: 1 or more; more than there are gives all.
        seed: of the draw.

    Raises:
        ConfigError: fewer than one.
    """
    if count < 1:
        raise ConfigError(f"Got a grid of {count} points, expected 1 or more; change --grid.")
    every = [Settings(0, 0, 0.0, rate) for rate in RATES]
    every += [
        Settings(layers, width, dropout, rate)
        for layers in LAYERS[1:]
        for width in WIDTHS
        for dropout in DROPOUTS
        for rate in RATES
    ]
    chance = np.random.default_rng(seed)
    # depth first, so that the few settings without a hidden layer are drawn as often as the others
    depths = np.array([one.layers for one in every])
    weights = 1.0 / np.bincount(depths)[depths]
    chosen = chance.choice(len(every), min(count, len(every)), replace=False, p=weights / weights.sum())
    return [every[place] for place in chosen]


def probe(task: HearTask, embedded: Sequence[Moments], *, grid: int = 8, seed: int = 0) -> Scored:
    """Train a head on every fold and score all answers on held-out clips together.

    Settings are chosen on validation in the first fold and kept for the others, as HEAR does. Embeddings are
    standardized by their training part; training ends when the loss on validation no longer falls.

    Args:
        task: what is asked.
        embedded: of each clip, in the order of `task.clips`; of scenes with one row.
        grid: settings to try.
        seed: of grid, weights and order.

    Raises:
        ConfigError: a grid of fewer than one.
        DataError: fewer than three folds.
        UndefinedScore: the metric has no value on these clips.

    Source:
        J. Turian et al., HEAR: Holistic Evaluation of Audio Representations, PMLR 176, 2022, section 4.
    """
    folds = task.splits()
    tried = [_try(task, embedded, folds[0], point, seed=seed) for point in draw_grid(grid, seed)]
    first = min(tried, key=lambda one: one.order)
    heads = [first, *(_try(task, embedded, fold, first.point, seed=seed) for fold in folds[1:])]
    pairs = list(zip(heads, folds, strict=True))
    if task.kind == "scene":
        return scene_result(
            task, [(fold.test, head.answer(task, embedded, fold.test)) for head, fold in pairs]
        )
    tables = [
        event_table(task, fold.test, head.over_time(embedded, fold.test), head.cleaning)
        for head, fold in pairs
    ]
    return event_result(task, np.concatenate([fold.test for fold in folds]), pd.concat(tables))


@dataclass(frozen=True)
class Head:
    """Hold a trained head and what it is judged by.

    Attributes:
        point: its settings.
        fitted: the network.
        scale: of embeddings.
        score: on validation.
        cleaning: of events, the best on validation.
    """

    point: Settings
    fitted: Fitted
    scale: Scale
    score: float = 0.0
    cleaning: Cleaning = UNCLEANED

    @property
    def order(self) -> tuple[float, float]:
        """Return what is lower for a better head: its score, then its loss."""
        return -self.score, self.fitted.loss

    def answer(
        self, task: HearTask, embedded: Sequence[Moments], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return probabilities `(N, K)` of clips."""
        return probabilities(self.fitted.net, self.scale(_stack(embedded, rows)), several=task.several)

    def over_time(self, embedded: Sequence[Moments], rows: NDArray[np.int64]) -> list[Moments]:
        """Return the probabilities of each clip's moments."""
        found = probabilities(self.fitted.net, self.scale(_stack(embedded, rows)), several=True)
        ends = np.cumsum([len(embedded[row].ms) for row in rows])[:-1]
        return [Moments(one, embedded[row].ms) for one, row in zip(np.split(found, ends), rows, strict=True)]


def _try(task: HearTask, embedded: Sequence[Moments], fold: Fold, point: Settings, *, seed: int) -> Head:
    """Train a head on a fold and judge it on validation."""
    scale = Scale.of(_stack(embedded, fold.train))
    train, valid = (
        Data.of(scale(_stack(embedded, rows)), _targets(task, embedded, rows))
        for rows in (fold.train, fold.dev)
    )
    several = task.several or task.kind == "timestamp"
    head = Head(point, fit(train, valid, point, several=several, seed=seed), scale)
    if task.kind == "scene":
        return replace(head, score=scene_score(task, fold.dev, head.answer(task, embedded, fold.dev)))
    cleaning, score = choose_cleaning(task, fold.dev, head.over_time(embedded, fold.dev))
    return replace(head, score=score, cleaning=cleaning)


def _stack(embedded: Sequence[Moments], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.concatenate([embedded[row].values for row in rows]).astype(np.float32)


def _targets(task: HearTask, embedded: Sequence[Moments], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return targets `(N, K)`: of clips, or of all moments of the clips."""
    if task.kind == "scene":
        return task.targets()[rows]
    return np.concatenate([active_labels(task, int(row), embedded[row].ms) for row in rows])
