"""Dimensions with their doubt: each value comes with how far off it expects to be."""

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.training.objectives.targets import in_full_precision, known_targets, weighted_mean, widen

CARD = {
    "title": "Gaussian negative log-likelihood with a variance for each item",
    "paper": "A. Kendall, Y. Gal, What Uncertainties Do We Need in Bayesian Deep Learning for Computer "
    "Vision?, NeurIPS 2017, equation 8; beta: M. Seitzer et al., On the Pitfalls of Heteroscedastic "
    "Uncertainty Estimation with Probabilistic Neural Networks, ICLR 2022, equation 5",
    "year": 2022,
    "outputs": "means of all dimensions, then their log-variances; read as means, then standard deviations",
    "departures": "the variance has a smooth lower bound; the constant log(2π)/2 is left out",
}


class Config(Settings):
    """How mean and variance share the gradient, and how sure a value may be."""

    beta: float = Field(
        0.5,
        ge=0,
        le=1,
        description="0: plain likelihood, which neglects items that fit badly; 1: the mean learns as from "
        "squared error",
    )
    least_deviation: float = Field(
        0.01, gt=0, description="lower bound of the standard deviation, in units of the target"
    )


class Heteroscedastic(nn.Module):
    """Compare values with a normal distribution whose mean and variance the head gives.

    Use where doubt in the data itself (aleatoric: noise, raters who disagree) is wanted with each value;
    doubt from too little data needs members or dropout beside it. The loss may be negative.

    Targets are `(B, N)` with NaN for unknown.
    """

    kind = "dimensions"
    least_known = 1
    may_be_negative = True

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` dimensions."""
        return 2 * count

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of means and log-variances `(B, 2 · N)` for targets `(B, N)` and weights `(B,)`."""
        mean, log_variance = self._moments(outputs)  # (B, N) each
        error = (torch.nan_to_num(target) - mean).square()
        loss = 0.5 * (log_variance + error * (-log_variance).exp())
        if self.config.beta:
            # the factor only weighs: no gradient goes through it; bounded lest it overflow
            loss = loss * (self.config.beta * log_variance.detach().clamp(max=40)).exp()
        return weighted_mean(loss, known_targets(target), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return means, then aleatoric standard deviations, shaped like `outputs` `(…, 2 · N)`."""
        mean, log_variance = self._moments(widen(outputs))
        return torch.cat([mean, (0.5 * log_variance).exp()], dim=-1)

    def _moments(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = outputs.chunk(2, dim=-1)
        least = torch.full_like(log_variance, 2 * math.log(self.config.least_deviation))
        return mean, torch.logaddexp(log_variance, least)


def build(config: Config) -> Heteroscedastic:
    """Return the objective."""
    return Heteroscedastic(config)
