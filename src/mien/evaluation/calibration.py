"""Make probabilities mean what they say."""

import numpy as np

from mien.core.errors import DataError
from mien.prediction.onnx_predictor import softmax


def member_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return softmax over the last axis of `logits / temperature`, same shape."""
    return softmax(np.asarray(logits, dtype=np.float64) / temperature)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature that gives the members' mean the least negative log-likelihood.

    Fit it on predictions for speakers that the model has not seen, never on training clips.

    Args:
        logits: `(clips, members, categories)`.
        truth: int `(clips,)`.

    Returns:
        Temperature from 0.25 to 8; above 1 softens, below 1 sharpens.

    Raises:
        DataError: no clips.

    Source:
        C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
    """
    if len(logits) == 0:
        raise DataError("Got no clips, expected at least 1 to fit a temperature.")
    candidates = np.geomspace(0.25, 8.0, 201)
    rows = np.arange(len(truth))
    losses = [
        -np.log(member_probabilities(logits, t).mean(axis=1)[rows, truth] + 1e-12).mean() for t in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, *, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy over bins of equal mass, from 0 to 1.

    Not debiased: with few clips the value is too high by chance.

    Args:
        confidence: `(clips,)`, probability of the chosen category.
        correct: bool `(clips,)`.
        bins: number of bins.
    """
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    gaps = [abs(confidence[part].mean() - correct[part].mean()) * part.size for part in parts]
    return float(sum(gaps) / confidence.size)
