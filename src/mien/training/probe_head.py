"""A small head on fixed vectors: standardize, train until validation no longer gains, answer."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

MOST_EPOCHS = 40
LEAST_STEPS = 200
"""Steps that training may take however few clips there are."""

PATIENCE = 20
"""Checks on validation without a lower loss after which training ends."""

CHECK_EVERY = 4
"""Steps between two checks."""

BATCH = 64
LARGE_BATCH = 256
LARGE = 1000


class Settings(NamedTuple):
    """Hold one point of the grid.

    Attributes:
        layers: hidden layers.
        width: of each.
        dropout: share of hidden values that are dropped in training.
        rate: learning rate of Adam.
    """

    layers: int
    width: int
    dropout: float
    rate: float


class Data(NamedTuple):
    """Hold what is trained or asked: values `(N, D)` and targets `(N, K)`."""

    values: Tensor
    targets: Tensor

    @classmethod
    def of(cls, values: Tensor, targets: NDArray[np.float32]) -> "Data":
        """Return scaled values with targets of 0 and 1."""
        return cls(values, torch.from_numpy(targets))


class Fitted(NamedTuple):
    """Hold a trained head with what it was chosen by."""

    net: nn.Module
    loss: float


class Scale:
    """Standardize embeddings; more columns than training rows are turned onto the span of these rows.

    A head never learns weights outside that span, so nothing is lost, and training takes a tenth of the time.

    Args:
        mean: `(D,)`.
        divisor: `(D,)`.
        basis: `(D, N)`, or None.
    """

    def __init__(self, mean: Tensor, divisor: Tensor, basis: Tensor | None) -> None:
        self._mean, self._divisor, self._basis = mean, divisor, basis

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> "Scale":
        """Return the scale of training rows `(N, D)`."""
        rows = torch.from_numpy(values)
        mean, spread = rows.mean(dim=0), rows.std(dim=0, correction=0)
        divisor = torch.where(spread > 1e-6 * mean.abs().clamp(min=1e-6), spread, torch.ones_like(spread))
        if len(rows) >= rows.shape[1]:
            return cls(mean, divisor, None)
        _, _, turned = torch.linalg.svd((rows - mean) / divisor, full_matrices=False)
        # so many values in fewer columns would be larger than the weights of the head are made for
        return cls(mean, divisor, turned.T.contiguous() * (len(rows) / rows.shape[1]) ** 0.5)

    def __call__(self, values: NDArray[np.float32]) -> Tensor:
        """Return standardized rows."""
        # far outside what was met in training a value says no more than that it is far outside
        rows = ((torch.from_numpy(values) - self._mean) / self._divisor).clamp(-10, 10)
        return rows if self._basis is None else rows @ self._basis


def fit(train: Data, valid: Data, point: Settings, *, several: bool, seed: int = 0) -> Fitted:
    """Train a head until the loss on validation no longer falls, and return it at its best.

    Args:
        train: what it learns from.
        valid: what ends training.
        point: settings.
        several: True for a probability of each label, False for one distribution over them.
        seed: of weights, dropout and order.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build_head(train.values.shape[1], train.targets.shape[1], point)
        loss_of = nn.BCEWithLogitsLoss() if several else nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(net.parameters(), lr=point.rate, fused=True)
        batch = LARGE_BATCH if len(train.values) >= LARGE else BATCH
        best, lowest, waited, steps = _state(net), float("inf"), 0, 0
        per_epoch = -(-len(train.values) // batch)
        for _ in range(max(MOST_EPOCHS, LEAST_STEPS // per_epoch)):
            order = torch.randperm(len(train.values)).split(batch)
            for rows in order:
                if len(rows) > 1:  # batch norm has no spread of one row
                    _step(net, loss_of, optimizer, Data(train.values[rows], train.targets[rows]))
                steps += 1
                if steps % CHECK_EVERY:
                    continue
                loss = _loss(net, loss_of, valid)
                waited += 1
                if loss < lowest:
                    best, lowest, waited = _state(net), loss, 0
                if waited >= PATIENCE:
                    net.load_state_dict(best)
                    return Fitted(net.eval(), lowest)
        net.load_state_dict(best)
    return Fitted(net.eval(), lowest)


def build_head(inputs: int, outputs: int, point: Settings) -> nn.Sequential:
    """Return a head with Xavier weights: per hidden layer linear, batch norm, dropout, ReLU.

    Args:
        inputs: columns of the embeddings.
        outputs: labels.
        point: settings.
    """
    parts: list[nn.Module] = []
    width = inputs
    for _ in range(point.layers):
        parts += [
            nn.Linear(width, point.width),
            nn.BatchNorm1d(point.width),
            nn.Dropout(point.dropout),
            nn.ReLU(),
        ]
        width = point.width
    parts.append(nn.Linear(width, outputs))
    for part in parts:
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
    return nn.Sequential(*parts)


def _step(net: nn.Module, loss_of: nn.Module, optimizer: torch.optim.Optimizer, batch: Data) -> None:
    net.train()
    optimizer.zero_grad()
    loss_of(net(batch.values), batch.targets).backward()
    optimizer.step()


def _loss(net: nn.Module, loss_of: nn.Module, data: Data) -> float:
    net.eval()
    with torch.inference_mode():
        return float(loss_of(net(data.values), data.targets))


def _state(net: nn.Module) -> dict[str, Tensor]:
    return {name: values.clone() for name, values in net.state_dict().items()}


def probabilities(net: nn.Module, values: Tensor, *, several: bool) -> NDArray[np.float32]:
    """Return what a head answers, `(N, K)`.

    Args:
        net: the head, in evaluation mode.
        values: `(N, D)`, scaled as in training.
        several: as in `fit`.
    """
    with torch.inference_mode():
        logits = net(values)
    return (logits.sigmoid() if several else logits.softmax(dim=1)).numpy()
