"""Several labels at once, each present or absent."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mien.core.errors import ConfigError
from mien.core.settings import Settings
from mien.training.objectives.targets import in_full_precision, known_targets, weighted_mean, widen

CARD = {
    "title": "Binary cross-entropy of each label",
    "paper": "textbook; positive weights: G. King, L. Zeng, Logistic Regression in Rare Events Data, "
    "Political Analysis 9, 2001",
    "year": 2001,
    "outputs": "one logit per label; read as independent probabilities",
    "departures": "the mean runs over known labels, so that corpora with different labels share a batch",
}


class Config(Settings):
    """How much presence counts against absence."""

    positive_weights: tuple[float, ...] = Field(
        (), description="weight of each label where it is present; empty: 1 each"
    )


class MultiLabel(nn.Module):
    """Compare the probability of each label with whether it is present.

    Use where an item may carry several labels or none (GoEmotions); for exclusive categories use
    `cross-entropy`.

    Targets are `(B, K)` in [0, 1] (shares of raters are allowed), with NaN for each unknown label.
    """

    kind = "labels"
    least_known = 1

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        weights = torch.tensor(config.positive_weights) if config.positive_weights else None
        self.register_buffer("positive_weights", weights, persistent=False)

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` labels.

        Raises:
            ConfigError: there are positive weights for another number of labels.
        """
        given = len(self.config.positive_weights)
        if given and given != count:
            raise ConfigError(f"Got {given} positive_weights, expected one for each of {count} labels.")
        return count

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of logits `(B, K)` for targets `(B, K)` and weights `(B,)`."""
        truth = torch.nan_to_num(target).to(outputs.dtype)
        loss = functional.binary_cross_entropy_with_logits(
            outputs, truth, pos_weight=self.positive_weights, reduction="none"
        )
        return weighted_mean(loss, known_targets(target), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return each label's probability, shaped like `outputs` `(…, K)`; they need not sum to one."""
        return torch.sigmoid(widen(outputs))


def build(config: Config) -> MultiLabel:
    """Return the objective."""
    return MultiLabel(config)
