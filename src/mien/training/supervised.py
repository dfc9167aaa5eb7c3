"""Learn named tasks from labels: an encoder, pooling, and a head with an objective for each task."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core import registry
from mien.core.errors import ConfigError, DataError
from mien.core.settings import Settings, parse
from mien.nets.heads import Head
from mien.training.batch import Batch
from mien.training.objectives.targets import known_targets

_LAYER = re.compile(r"(?:^|\.)(?:layers?|blocks|h)\.(\d+)\.")


class Task(Settings):
    """What to learn, and how."""

    objective: str = Field("cross-entropy", description="name of a loss in `training/objectives`")
    options: dict[str, Any] = Field(default_factory=dict, description="settings of that loss")
    count: int = Field(ge=1, description="number of classes, labels or dimensions")
    weight: float = Field(1.0, ge=0, description="weight of this task's loss")
    hidden: int = Field(0, ge=0, description="width of the head's hidden layer; 0: linear")
    dropout: float = Field(0.0, ge=0, lt=1, description="chance to drop a value in the head")


class Adaptation(Settings):
    """How much of the encoder learns, and how fast."""

    frozen: bool = Field(False, description="the encoder stays as it is and drops nothing")
    encoder_rate: float = Field(1.0, gt=0, description="learning rate of the encoder over that of the heads")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="rate of each layer over that of the layer above it, such as 0.95"
    )


class Supervised(nn.Module):
    """Train an encoder with named tasks on items of which only some targets are known.

    Use for fine-tuning and for training from nothing. Corpora with different label spaces share a batch:
    an item without a target of a task adds nothing to that task.

    Args:
        encoder: gives `Frames` and has `width` (see `nets/encoders`).
        pooling: `(values, valid) -> (B, factor · width)`, with attribute `factor`.
        tasks: name → what to learn.
        mix: joins all layers of the encoder into one (`LayerMix`); None for the last layer alone.
        members: heads per task, each with an opinion of its own.
        adaptation: how much of the encoder learns.
        learned_weights: also learn how much each task counts. Not for losses that may be negative.

    Raises:
        ConfigError: no tasks, an unknown objective, options that do not fit, or a name that cannot be used.

    Source:
        Layer-wise rates: C. Sun et al., How to Fine-Tune BERT for Text Classification?, 2019, section 5.3.2.
        Learned weights: exp(-s) · loss + s / 2 with a learned s, after A. Kendall, Y. Gal, R. Cipolla,
        Multi-Task Learning Using Uncertainty to Weigh Losses, CVPR 2018, section 3.2.
    """

    def __init__(
        self,
        encoder: nn.Module,
        pooling: nn.Module,
        tasks: Mapping[str, Task],
        *,
        mix: nn.Module | None = None,
        members: int = 1,
        adaptation: Adaptation | None = None,
        learned_weights: bool = False,
    ) -> None:
        super().__init__()
        _check_names(tasks)
        self.encoder, self.pooling, self.mix = encoder, pooling, mix
        self.tasks, self.adaptation = dict(tasks), adaptation or Adaptation()
        self.objectives = nn.ModuleDict({name: _objective(task) for name, task in tasks.items()})
        width = pooling.factor * encoder.width
        self.heads = nn.ModuleDict(
            {
                name: Head(
                    width,
                    self.objectives[name].outputs(task.count),
                    hidden=task.hidden,
                    dropout=task.dropout,
                    members=members,
                )
                for name, task in tasks.items()
            }
        )
        self.log_variance = nn.ParameterDict()
        if learned_weights:
            _check_positive(self.objectives)
            self.log_variance.update({name: nn.Parameter(torch.zeros(())) for name in tasks})
        if self.adaptation.frozen:
            encoder.requires_grad_(False).eval()

    @property
    def smallest_batch(self) -> int:
        """Items that a batch must hold, all known, for every task to learn from it; fewer add nothing."""
        return max(getattr(objective, "least_known", 1) for objective in self.objectives.values())

    def train(self, mode: bool = True) -> "Supervised":
        """Switch to training or evaluation; a frozen encoder stays in evaluation."""
        super().train(mode)
        if self.adaptation.frozen:
            self.encoder.eval()
        return self

    def describe(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return one vector per item `(B, W)`, pooled over time.

        Args:
            x: `(B, T)`, samples or word numbers, as the encoder takes them.
            valid: `(B, T)` bool, True = real.
        """
        if self.mix is None:
            frames = self.encoder.encode(x, valid)
        else:
            frames = self.mix(self.encoder.encode_layers(x, valid))
        return self.pooling(frames.values, frames.valid)

    def forward(self, x: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """Return each task's outputs `(B, M, K)`, as its objective takes them."""
        described = self.describe(x, valid)
        return {name: head(described) for name, head in self.heads.items()}

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return each task's weighted loss, the mean over members.

        Raises:
            DataError: the batch has no targets for a task, or weights for another number of members.
        """
        for name in self.tasks:
            if name not in batch.targets:
                raise DataError(
                    f"Got targets {', '.join(batch.targets) or 'none'}, expected also `{name}`; where it is "
                    "not known, give -1 or NaN."
                )
        outputs = self(batch.x, batch.valid)
        return {
            name: task.weight * self._loss(name, outputs[name], batch) for name, task in self.tasks.items()
        }

    def predict(self, x: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """Return each task's probabilities or values `(B, M, K)`, one set per member; nothing is dropped.

        Args:
            x: `(B, T)`, as the encoder takes it.
            valid: `(B, T)` bool, True = real.
        """
        with torch.no_grad(), _in_evaluation(self):
            return self._read(self(x, valid))

    def predict_samples(
        self, x: Tensor, valid: Tensor, *, draws: int, seed: int = 0, encoder_dropout: bool = False
    ) -> dict[str, Tensor]:
        """Return opinions that differ by what is dropped (Monte Carlo dropout), all in one batch.

        Use for doubt from too little data where there is one network only. By default values are dropped in
        the heads and the encoder runs once per item; with `encoder_dropout` it runs on `draws` copies.
        Normalization is never disturbed: only dropout layers are switched on.

        Args:
            x: `(B, T)`, as the encoder takes it.
            valid: `(B, T)` bool, True = real.
            draws: opinions per member, 1 or more.
            seed: seeds what is dropped; torch's own generators are left as they were.
            encoder_dropout: also drop values in the encoder.

        Returns:
            task → `(B, draws · M, K)`, probabilities or values.

        Raises:
            ConfigError: there is nothing to drop, so that all opinions would be the same.

        Source:
            Y. Gal, Z. Ghahramani, Dropout as a Bayesian Approximation, ICML 2016.
        """
        dropping = _dropouts(self.heads)
        if encoder_dropout:
            dropping += _dropouts(self.encoder)
        elif still := [name for name, head in self.heads.items() if not _dropouts(head)]:
            raise ConfigError(
                f"Got no dropout in the head of {', '.join(still)}, expected some; train with dropout, or "
                "pass `encoder_dropout=True`."
            )
        if not dropping:
            raise ConfigError("Got a network without dropout layers, expected some; train one with dropout.")
        devices = [x.device] if x.is_cuda else []
        with torch.no_grad(), _in_evaluation(self), torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            for layer in dropping:
                layer.train()
            if encoder_dropout:
                described = self.describe(x.repeat_interleave(draws, 0), valid.repeat_interleave(draws, 0))
            else:
                described = self.describe(x, valid).repeat_interleave(draws, 0)  # (B · draws, W)
            read = self._read({name: head(described) for name, head in self.heads.items()})
            return {name: value.reshape(len(x), -1, value.shape[-1]) for name, value in read.items()}

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return groups of trainable weights with a rate (`lr`) each; the heads come first.

        The top of the encoder learns at `encoder_rate` times the rate, and each layer below it at
        `layer_decay` times the rate of the layer above. Layers are known by numbers in the weights' names
        (`layers.3.`, `layer.3.`, `blocks.3.`, `h.3.`); what comes before the first counts as the layer
        below it, what comes after the last as the last.

        Args:
            learning_rate: rate of the heads.
        """
        encoder = dict(self.encoder.named_parameters())
        heads = [self.pooling, self.heads, self.log_variance, *([self.mix] if self.mix else [])]
        groups = [_group("heads", [w for part in heads for w in part.parameters()], learning_rate)]
        for name, objective in self.objectives.items():
            rate = learning_rate * getattr(objective, "rate_factor", 1.0)
            groups.append(_group(f"objective {name}", list(objective.parameters()), rate))
        depths = _depths(list(encoder))
        top = max(depths.values(), default=0)
        for depth in sorted(set(depths.values()), reverse=True):
            rate = learning_rate * self.adaptation.encoder_rate * self.adaptation.layer_decay ** (top - depth)
            weights = [weight for name, weight in encoder.items() if depths[name] == depth]
            groups.append(_group(f"encoder {depth}", weights, rate))
        return [group for group in groups if group["params"]]

    def _loss(self, name: str, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the mean of the members' losses, each over the whole batch: CCC and triplets need it."""
        objective, target, weight = self.objectives[name], batch.targets[name], batch.weight
        by_member = weight is not None and weight.ndim == 2
        if by_member and weight.shape[1] != outputs.shape[1]:
            raise DataError(f"Got weights of {weight.shape[1]} members, expected {outputs.shape[1]}.")
        opinions = enumerate(outputs.unbind(dim=1))  # (B, K) each
        losses = [
            objective(opinion, target, weight[:, member] if by_member else weight)
            for member, opinion in opinions
        ]
        loss = torch.stack(losses).mean()
        if name not in self.log_variance:
            return loss
        variance = self.log_variance[name]
        # a batch in which nothing of the task is known must not move the task's weight either
        return (-variance).exp() * loss + 0.5 * variance * known_targets(target).any()

    def _read(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: self.objectives[name].read(value) for name, value in outputs.items()}


def _group(name: str, weights: list[Tensor], rate: float) -> dict[str, Any]:
    return {"name": name, "params": [weight for weight in weights if weight.requires_grad], "lr": rate}


def _objective(task: Task) -> nn.Module:
    module = registry.find("objectives", task.objective)
    return module.build(parse(module.Config, task.options))


def _check_names(tasks: Mapping[str, Task]) -> None:
    if not tasks:
        raise ConfigError("Got no tasks, expected at least one.")
    for name in tasks:
        if not name or "." in name or hasattr(nn.ModuleDict(), name) or hasattr(nn.ParameterDict(), name):
            raise ConfigError(
                f"Got task `{name}`, expected a plain name that torch does not use itself; rename it."
            )


def _check_positive(objectives: Mapping[str, nn.Module]) -> None:
    for name, objective in objectives.items():
        if getattr(objective, "may_be_negative", False):
            raise ConfigError(
                f"Got learned weights with task `{name}`, whose loss may be negative and would be weighted "
                "without end; give `weight` instead."
            )


def _dropouts(module: nn.Module) -> list[nn.Module]:
    """Return the layers that drop anything."""
    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
    return [layer for layer in module.modules() if isinstance(layer, kinds) and layer.p > 0]


@contextmanager
def _in_evaluation(module: nn.Module) -> Iterator[None]:
    """Drop nothing for a while, then put every part back into the mode it was in."""
    before = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in before:
            part.training = mode


def _depths(names: list[str]) -> dict[str, int]:
    """Return how high each weight lies: 0 below the first numbered layer, 1 for that layer, and so on."""
    depths, highest = {}, 0
    for name in names:
        if found := _LAYER.search(name):
            highest = max(highest, int(found[1]) + 1)
        depths[name] = int(found[1]) + 1 if found else highest
    return depths
