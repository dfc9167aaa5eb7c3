"""Average a network's weights over the steps of its training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Hold exponentially averaged weights and buffers, beside the network and without a copy of it.

    Use it for small data or noisy steps: averaged weights score like those of a smaller learning rate,
    without its time. Weights that are not trained are left out; whole numbers are taken as they are.

    Args:
        decay: share that the average keeps at each step, 0 to below 1.

    Source:
        B. Polyak and A. Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.tensors: dict[str, Tensor] = {}

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Take one step towards the network's present weights; the first call copies them."""
        current = learned_tensors(net)
        if not self.tensors:
            self.tensors = {name: tensor.detach().clone() for name, tensor in current.items()}
            return
        real = [name for name, tensor in current.items() if tensor.is_floating_point()]
        torch._foreach_lerp_(
            [self.tensors[name] for name in real], [current[name] for name in real], 1 - self.decay
        )
        for name in current.keys() - set(real):
            self.tensors[name].copy_(current[name])

    @contextmanager
    def in_place_of(self, net: nn.Module) -> Iterator[None]:
        """Let the network carry the averaged weights inside the block, and its own ones after it.

        Before the first update there is no average, and the network keeps its own.
        """
        self._exchange(net)
        try:
            yield
        finally:
            self._exchange(net)

    @torch.no_grad()
    def _exchange(self, net: nn.Module) -> None:
        for name, tensor in learned_tensors(net).items() if self.tensors else ():
            own = tensor.detach().clone()
            tensor.copy_(self.tensors[name])
            self.tensors[name].copy_(own)


def learned_tensors(net: nn.Module) -> dict[str, Tensor]:
    """Return a network's trained weights and its stored buffers by name; a shared weight counts once."""
    found: dict[int, tuple[str, Tensor]] = {}
    for name, tensor in net.state_dict(keep_vars=True).items():
        if tensor.requires_grad or not isinstance(tensor, nn.Parameter):
            found.setdefault(id(tensor), (name, tensor))
    return dict(found.values())
