"""Does doubt notice what the model was not made for?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.covariance import EmpiricalCovariance

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.ranking_metrics import area_under_roc
from mien.evaluation.resampling import as_numbers
from mien.evaluation.speaker_interval import Found, over_speakers
from mien.evaluation.uncertainty import doubts_of, resampled_detection

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """Hold the means of categories in a model's embeddings and their common spread.

    Attributes:
        means: `(K, D)`, one row per category.
        precision: `(D, D)`, inverse of the covariance within categories.
    """

    means: Floats
    precision: Floats

    def distance(self, embeddings: ArrayLike) -> Floats:
        """Return the squared distance `(clips,)` of embeddings `(clips, D)` to the nearest category.

        Raises:
            DataError: another width than at fitting, or NaN.
        """
        values = as_numbers(embeddings)
        if values.ndim != 2 or values.shape[1] != self.means.shape[1]:
            raise DataError(f"Got embeddings {values.shape}, expected (clips, {self.means.shape[1]}).")
        steps = values[:, None, :] - self.means
        squares = np.einsum("nkd,de,nke->nk", steps, self.precision, steps, optimize=True)
        return np.asarray(squares.min(axis=1), dtype=np.float64)


def domain_detection(inside: ArrayLike, outside: ArrayLike) -> float:
    """Return the probability that doubt is higher outside a model's domain than inside, from 0 to 1.

    This is mien's goal U3, with epistemic doubt of speech (inside) and of noise, music, tones and silence
    (outside); chance is 0.5. Any score that is higher for stranger input can be passed.

    Args:
        inside: `(clips,)`, doubt of input that the model is made for, from speakers that it has not seen.
        outside: `(others,)`, doubt of input that it is not made for.

    Raises:
        DataError: NaN or infinite doubt, or not 1-D.
        UndefinedScore: no clip inside, or none outside.

    Example:
        >>> domain_detection([0.1, 0.2], [0.15, 0.4])
        0.75

    Source:
        D. Hendrycks, K. Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples,
        ICLR 2017, section 3.
    """
    parts = [as_numbers(values) for values in (inside, outside)]
    if any(part.ndim != 1 for part in parts):
        raise DataError(f"Got shapes {parts[0].shape} and {parts[1].shape}, expected two 1-D arrays.")
    if not (parts[0].size and parts[1].size):
        raise UndefinedScore(f"Got {parts[0].size} clips inside and {parts[1].size} outside, expected both.")
    return area_under_roc(np.repeat([0, 1], [part.size for part in parts]), np.concatenate(parts))


def domain_interval(
    inside: ArrayLike, outside: ArrayLike, *, speaker: "pd.Series[Any]", draws: int = 1000, seed: int = 0
) -> Found:
    """Return `domain_detection` with its 95 % interval over speakers inside and single sounds outside.

    Args:
        inside: `(clips,)`, as in `domain_detection`.
        outside: `(others,)`, as in `domain_detection`.
        speaker: `(clips,)`, who speaks; clips of unknown people count as one person's.
        draws: number of resamples.
        seed: seeds the resampling.

    Raises:
        DataError: NaN or infinite doubt, or not 1-D.
    """
    parts = [as_numbers(values) for values in (inside, outside)]
    people = speaker.astype("string").fillna("?")
    names = pd.Series([*people, *(f"sound {number}" for number in range(len(parts[1])))])
    is_outside = np.arange(len(names)) >= len(parts[0])
    doubt = np.concatenate(parts)
    return over_speakers(
        lambda: domain_detection(*parts),
        lambda units: resampled_detection(is_outside, doubt, cluster=units, draws=draws, seed=seed),
        speaker=names,
    )


def compare_domain_doubts(
    inside: pd.DataFrame,
    outside: pd.DataFrame,
    *,
    kind: ArrayLike | None = None,
    speaker: "pd.Series[Any] | None" = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare all kinds of doubt as guides to what lies outside a model's domain.

    Args:
        inside: prediction table of input that the model is made for.
        outside: prediction table of other input. What was refused before the model (no speech found) is not
            in it and counts for the voice activity, not for the doubt.
        kind: `(others,)`, what each row of `outside` is, e.g. noise; judged together and one by one.
        speaker: `(clips,)`, who speaks inside; without it there are no intervals.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        One row per kind and doubt: `outside` (`all` or the kind), `doubt`, `inside_n`, `outside_n`,
        `domain_detection`, with `speaker` its 95 % interval `low` and `high`.

    Raises:
        DataError: a table without probabilities or with NaN, or another number of kinds than rows.
        UndefinedScore: none of the doubts is in both tables.
    """
    here, there = doubts_of(inside), doubts_of(outside)
    names = np.full(len(there), "all") if kind is None else np.asarray(kind, dtype=str)
    if names.shape != (len(there),):
        raise DataError(f"Got {names.size} kinds of {len(there)} rows outside, expected one for each.")
    groups = {"all": np.ones(len(there), dtype=bool)} | {name: names == name for name in np.unique(names)}
    rows = []
    for group, chosen in groups.items():
        for name in [name for name in here if name in there]:
            row = {"outside": group, "doubt": name, "inside_n": len(here), "outside_n": int(chosen.sum())}
            pair = here[name], there[name][chosen]
            if speaker is None:
                rows.append(row | {"domain_detection": domain_detection(*pair)})
                continue
            found = domain_interval(*pair, speaker=speaker, draws=draws, seed=seed)
            rows.append(row | {"domain_detection": found.value, "low": found.low, "high": found.high})
    return pd.DataFrame(rows)


def energy(logits: ArrayLike, *, temperature: float = 1.0) -> Floats:
    """Return the energy of logits, higher for stranger input: what softmax throws away.

    Args:
        logits: `(clips, K)`, before softmax.
        temperature: above 0, as for the probabilities.

    Returns:
        `(clips,)`.

    Raises:
        ConfigError: a temperature that is not above 0.
        DataError: NaN, or not 2-D.

    Source:
        W. Liu et al., Energy-based Out-of-distribution Detection, NeurIPS 2020, eq. 3.
    """
    values = as_numbers(logits)
    if temperature <= 0:
        raise ConfigError(f"Got temperature {temperature}, expected more than 0.")
    if values.ndim != 2:
        raise DataError(f"Got logits {values.shape}, expected (clips, K).")
    return np.asarray(-temperature * logsumexp(values / temperature, axis=1), dtype=np.float64)


def fit_mahalanobis(embeddings: ArrayLike, truth: ArrayLike) -> Mahalanobis:
    """Learn where the categories lie in a model's embeddings, to measure how far other input lies.

    Args:
        embeddings: `(clips, D)`, of training clips.
        truth: `(clips,)`, their categories.

    Returns:
        Means and inverse covariance; directions in which the embeddings do not vary are left out.

    Raises:
        DataError: NaN, or shapes that do not fit.
        UndefinedScore: no spread within the categories.

    Source:
        K. Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial
        Attacks, NeurIPS 2018, eq. 1-2, on one layer and without perturbing the input.
    """
    values, labels = as_numbers(embeddings), np.asarray(truth)
    if values.ndim != 2 or labels.shape != values.shape[:1]:
        raise DataError(f"Got {values.shape} and {labels.shape}, expected (clips, D) and (clips,).")
    names, place = np.unique(labels, return_inverse=True)
    means = np.stack([values[place == number].mean(axis=0) for number in range(len(names))])
    rest = values - means[place]
    if not rest.any():
        raise UndefinedScore(f"Got {len(values)} clips that do not differ within their categories.")
    return Mahalanobis(means, EmpiricalCovariance(assume_centered=True).fit(rest).precision_)
