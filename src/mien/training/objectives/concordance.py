"""One minus the concordance correlation of a batch: agreement of values in order, level and spread."""

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.training.objectives.targets import (
    in_full_precision,
    known_targets,
    share_of,
    weighted_mean,
    widen,
)

CARD = {
    "title": "One minus the concordance correlation coefficient (CCC), mean over dimensions",
    "paper": "J. Wagner et al., Dawn of the Transformer Era in Speech Emotion Recognition, TPAMI 2023; "
    "coefficient: L. I.-K. Lin, Biometrics 45, 1989; as a loss: G. Trigeorgis et al., ICASSP 2016",
    "year": 2023,
    "outputs": "one value per dimension; read as it is",
    "departures": "items may be weighted or unknown; a dimension with fewer than `least_known` known items "
    "in the batch adds nothing",
}


class Config(Settings):
    """When a batch is large enough."""

    least_known: int = Field(4, ge=4, description="known items that a dimension needs in a batch to count")


class Concordance(nn.Module):
    """Compare predicted with true dimensions by their concordance over the batch.

    Use where predictions will be judged by CCC, with batches of 32 or more; for small batches use
    `squared-error`.

    The CCC of a batch is biased: over independent items of CCC 0.70 its mean is 0.53 with 4 items, 0.62
    with 8, 0.66 with 16 and 0.68 with 32 (measured on normal values); batches of one speaker or of like
    lengths are worse. It is also no sum over items: gradient accumulation and several processes do not
    enlarge its batch.

    With fewer than `least_known` known items (at least 4) a dimension adds exactly 0, since a CCC of 2 or
    3 items is mostly chance (standard deviation 0.5 and 0.4); a trainer refuses a batch size below
    `least_known`. Where the truth is the same for all items the loss is 1 and pulls nowhere.

    Targets are `(B, N)` with NaN for unknown.
    """

    kind = "dimensions"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.least_known = config.least_known

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` dimensions."""
        return count

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of values `(B, N)` for targets `(B, N)` and weights `(B,)`."""
        share = share_of(known_targets(target), weight)  # (B, N)
        enough = (share > 0).sum(dim=0) >= self.least_known
        share = share / share.sum(dim=0).clamp(min=torch.finfo(share.dtype).tiny)
        truth = torch.nan_to_num(target).to(outputs.dtype)
        gap = (share * (outputs - truth)).sum(dim=0)
        value_off = outputs - (share * outputs).sum(dim=0)
        truth_off = truth - (share * truth).sum(dim=0)
        covariance = (share * value_off * truth_off).sum(dim=0)
        spread = (share * (value_off.square() + truth_off.square())).sum(dim=0)
        # the small constant only matters where neither truth nor prediction varies
        concordance = 2 * covariance / (spread + gap.square() + 1e-8)
        return weighted_mean(1 - concordance, enough)

    def read(self, outputs: Tensor) -> Tensor:
        """Return the values of the dimensions, shaped like `outputs` `(…, N)`."""
        return widen(outputs)


def build(config: Config) -> Concordance:
    """Return the objective."""
    return Concordance(config)
