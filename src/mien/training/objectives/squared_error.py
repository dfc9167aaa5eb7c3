"""Squared error of dimensions."""

import torch
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.training.objectives.targets import in_full_precision, known_targets, weighted_mean, widen

CARD = {
    "title": "Mean squared error",
    "paper": "textbook: C. F. Gauss, Theoria combinationis observationum, 1823",
    "year": 1823,
    "outputs": "one value per dimension; read as it is",
    "departures": "the mean runs over known values, so a dimension counts as often as it is labelled",
}


class Config(Settings):
    """Nothing to set."""


class SquaredError(nn.Module):
    """Compare predicted with true dimensions by their squared difference.

    Use for dimensions in small batches or as the plain baseline; predictions shrink towards the mean,
    which CCC punishes. For doubt with each value use `heteroscedastic`.

    Targets are `(B, N)` with NaN for unknown.
    """

    kind = "dimensions"
    least_known = 1

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` dimensions."""
        return count

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of values `(B, N)` for targets `(B, N)` and weights `(B,)`."""
        error = (outputs - torch.nan_to_num(target)).square()
        return weighted_mean(error, known_targets(target), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return the values of the dimensions, shaped like `outputs` `(…, N)`."""
        return widen(outputs)


def build(config: Config) -> SquaredError:
    """Return the objective."""
    return SquaredError()
