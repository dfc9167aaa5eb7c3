"""What opinions on labelled clips cost: categories, and dimensions where they are labelled."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

DIMENSION_SHARE = 0.3
"""Weight of the dimensions' error beside the categories'."""


class LabelLoss(nn.Module):
    """Hold the clips' labels and weigh each member's errors by its own weight of the clip.

    Args:
        category: int `(clips,)`.
        dimensions: `(clips, N)` in [0, 1]; NaN where not labelled.
        weights: `(clips, M)`, from `clip_weights`.
        label_smoothing: probability spread over all categories.
    """

    def __init__(
        self, category: np.ndarray, dimensions: np.ndarray, *, weights: Tensor, label_smoothing: float
    ) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        labels = {
            "category": torch.from_numpy(category.copy()),  # of a table: read-only
            "dimensions": torch.from_numpy(dimensions).float(),
            "weights": weights,
        }
        for name, values in labels.items():
            self.register_buffer(name, values, persistent=False)

    def forward(self, logits: Tensor, further: Tensor, *, row: np.ndarray) -> dict[str, Tensor]:
        """Return the losses `category` and, where the net gives dimensions, `dimensions`.

        Args:
            logits: of categories, `(B, M, K)`.
            further: of dimensions, `(B, M, N)`.
            row: int `(B,)`, which clips these are.
        """
        rows = torch.from_numpy(row).to(logits.device)
        losses = {"category": self._of_categories(logits, rows)}
        if further.shape[2]:
            losses["dimensions"] = DIMENSION_SHARE * self._of_dimensions(further, rows)
        return losses

    def _of_categories(self, logits: Tensor, rows: Tensor) -> Tensor:
        weight = self.weights[rows]  # (B, M)
        target = self.category[rows].unsqueeze(1).expand_as(weight)
        entropy = nn.functional.cross_entropy(
            logits.flatten(0, 1), target.flatten(), reduction="none", label_smoothing=self.label_smoothing
        )
        return (entropy.view_as(weight) * weight).mean()

    def _of_dimensions(self, further: Tensor, rows: Tensor) -> Tensor:
        wanted = self.dimensions[rows].unsqueeze(1).expand_as(further)  # (B, M, N)
        known = ~torch.isnan(wanted)
        error = nn.functional.binary_cross_entropy_with_logits(
            further, torch.nan_to_num(wanted), reduction="none"
        )
        return (error * known * self.weights[rows].unsqueeze(2)).sum() / known.sum().clamp(min=1)


def clip_weights(table: pd.DataFrame, rows: np.ndarray, *, members: int, seed: int) -> Tensor:
    """Return `(clips, members)`: rarer (corpus, category) pairs weigh more, and each member differs.

    A member's weight of a clip is drawn once, from 0.25 to 1.75, so that members see different data.

    Args:
        table: the clips, with `corpus` and `category`.
        rows: int, the clips that are trained on; their mean weight before the draw is 1.
        members: opinions of the net, at least 1.
        seed: seeds the draw.
    """
    group = table["corpus"].astype(str) + "/" + table["category"].astype(str)
    counts = group.iloc[rows].value_counts()
    balance = group.map(counts).fillna(1).to_numpy() ** -0.5
    balance /= balance[rows].mean()
    opinions = np.random.default_rng(seed).uniform(0.25, 1.75, (len(group), members))
    return torch.from_numpy((balance[:, None] * opinions).astype(np.float32))
