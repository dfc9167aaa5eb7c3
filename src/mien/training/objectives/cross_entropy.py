"""Cross-entropy: one of several classes, with class weights, focus, smoothing or soft labels."""

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.settings import Settings
from mien.training.objectives.targets import in_full_precision, known_targets, share_of, widen

CARD = {
    "title": "Cross-entropy, optionally weighted, focal, smoothed or with soft labels",
    "paper": "focal: T.-Y. Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, equation 4; "
    "smoothing: C. Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, section 7",
    "year": 2017,
    "outputs": "one logit per class; read as probabilities",
    "departures": "focus, class weights and smoothing also act on soft labels: each class's term is weighted "
    "by its own probability; the mean is divided by the weights of the true classes",
}


class Config(Settings):
    """How to compare probabilities with the true class."""

    class_weights: tuple[float, ...] = Field((), description="weight of each class; empty: 1 each")
    focus: float = Field(0.0, ge=0, description="focal exponent: well-recognized items count less; 0: off")
    smoothing: float = Field(0.0, ge=0, lt=1, description="probability spread evenly over all classes")
    soft: bool = Field(False, description="targets are distributions over the classes, such as rater votes")


class CrossEntropy(nn.Module):
    """Compare class probabilities with the true class or with a distribution over classes.

    Use for exclusive categories; for several labels at once use `multi-label`, for ordered classes
    `ordinal`.

    Targets are `(B,)` class numbers with -1 for unknown, or with `soft` `(B, K)` rows that sum to one,
    with NaN for unknown: a row with any NaN is unknown as a whole.
    """

    least_known = 1

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.kind = "distribution" if config.soft else "category"
        weights = torch.tensor(config.class_weights) if config.class_weights else None
        self.register_buffer("class_weights", weights, persistent=False)

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` classes.

        Raises:
            ConfigError: there are class weights for another number of classes.
        """
        given = len(self.config.class_weights)
        if given and given != count:
            raise ConfigError(f"Got {given} class_weights, expected one for each of {count} classes.")
        return count

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of logits `(B, K)` for targets `(B,)` or `(B, K)` and weights `(B,)`."""
        known, truth = self._as_distribution(target, outputs)
        smoothed = (1 - self.config.smoothing) * truth + self.config.smoothing / outputs.shape[1]
        log_p = torch.log_softmax(outputs, dim=1)  # (B, K)
        if self.config.focus:
            # the clamp keeps the gradient of the power finite where an item is fully recognized
            smoothed = smoothed * (1 - log_p.exp()).clamp(min=1e-6) ** self.config.focus
        if self.class_weights is not None:
            smoothed, truth = smoothed * self.class_weights, truth * self.class_weights
        share = share_of(known, weight)
        total = (share * truth.sum(dim=1)).sum()
        loss = -(share * (smoothed * log_p).sum(dim=1)).sum()
        return loss / torch.where(total > 0, total, torch.ones_like(total))

    def _as_distribution(self, target: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return which items are known `(B,)`, and truth `(B, K)` with rows of zeros where not."""
        if self.config.soft:
            known = known_targets(target).all(dim=1)
            return known, torch.where(known[:, None], target, 0.0).to(outputs.dtype)
        known = known_targets(target)
        truth = torch.zeros_like(outputs).scatter(1, target.clamp(min=0).long()[:, None], 1.0)
        return known, truth * known[:, None]

    def read(self, outputs: Tensor) -> Tensor:
        """Return probabilities that sum to one, shaped like `outputs` `(…, K)`."""
        return torch.softmax(widen(outputs), dim=-1)


def build(config: Config) -> CrossEntropy:
    """Return the objective."""
    return CrossEntropy(config)
