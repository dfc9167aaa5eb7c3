"""Train a network while it computes as it will in 8 bit."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean


class RoundedWeights(nn.Module):
    """Round weights to levels of one step per output channel; the gradient passes as if they were not.

    Args:
        bits: of a weight; 8 gives the levels -127 to 127.

    Source:
        B. Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
        Inference, CVPR 2018, section 3; straight-through: Y. Bengio et al., arXiv 1308.3432, 2013.
    """

    def __init__(self, bits: int = 8) -> None:
        super().__init__()
        self.levels = 2 ** (bits - 1) - 1

    def forward(self, weights: Tensor) -> Tensor:
        """Return weights `(out, …)` on their levels."""
        largest = weights.detach().abs().flatten(1).amax(dim=1).clamp(min=1e-8)
        step = (largest / self.levels).reshape(-1, *[1] * (weights.ndim - 1))
        return weights + (torch.round(weights / step) * step - weights).detach()


class RoundedActivations(nn.Module):
    """Round activations to levels between a moving least and largest value.

    The range follows the batches in training and stands still in evaluation. What lies outside is cut off
    and gets no gradient.

    Args:
        bits: of an activation; 8 gives 256 levels, zero being one of them.
        momentum: share of each batch in the range; the first batch sets it.
    """

    def __init__(self, bits: int = 8, *, momentum: float = 0.05) -> None:
        super().__init__()
        self.levels, self.momentum = 2**bits - 1, momentum
        self.register_buffer("low", torch.tensor(0.0))
        self.register_buffer("high", torch.tensor(0.0))

    def forward(self, values: Tensor) -> Tensor:
        """Return values of any shape on their levels; as they are before a first batch in training."""
        if self.training:
            self._follow(values.detach())
        if bool(self.high <= self.low):
            return values
        step = (self.high - self.low) / self.levels
        zero = torch.round(-self.low / step)
        low, high = -zero * step, (self.levels - zero) * step
        inside = torch.minimum(torch.maximum(values, low), high)
        return inside + (torch.round(inside / step) * step - inside).detach()

    def _follow(self, values: Tensor) -> None:
        low, high = values.amin().clamp(max=0.0), values.amax().clamp(min=0.0)
        share = self.momentum if bool(self.high > self.low) else 1.0
        self.low.lerp_(low, share)
        self.high.lerp_(high, share)


class _Aware(nn.Module):
    """Compute a layer on rounded numbers; its parameters keep their names."""

    def forward(self, x: Tensor) -> Tensor:
        x, weight = self.rounded_input(x), self.rounded_weight(self.weight)
        if isinstance(self, nn.Linear):
            return nn.functional.linear(x, weight, self.bias)
        return self._conv_forward(x, weight, self.bias)


class _AwareLinear(_Aware, nn.Linear):
    pass


class _AwareConv1d(_Aware, nn.Conv1d):
    pass


class _AwareConv2d(_Aware, nn.Conv2d):
    pass


AWARE = {nn.Linear: _AwareLinear, nn.Conv1d: _AwareConv1d, nn.Conv2d: _AwareConv2d}
ORDINARY = {aware: ordinary for ordinary, aware in AWARE.items()}


def prepare(net: nn.Module, names: Sequence[str] | None = None, *, bits: int = 8) -> list[str]:
    """Let linear and convolutional layers compute on rounded weights and inputs, in place.

    Use it on a trained network and go on training at a low rate; `freeze` ends it. Not for recurrences, whose
    weights `quantize_int8` keeps in 8 bit but multiplies in float.

    Args:
        net: any network; the loop trains it as it is.
        names: layers as `net.named_modules()` calls them; by default all linear and convolutional ones
            outside a front-end or pooling.
        bits: of weights and activations, 2 to 8.

    Returns:
        Names of the layers that were prepared.

    Raises:
        ConfigError: a name is no linear or convolutional layer of the network, or the bits are out of range.
    """
    if not 2 <= bits <= 8:
        raise ConfigError(f"Got bits {bits}, expected 2 to 8.")
    kinds = {*AWARE, *ORDINARY}
    known = {name: layer for name, layer in net.named_modules() if type(layer) in kinds}
    if names is None:
        names = [name for name in known if "front_end" not in name and "pooling" not in name]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"Got layer `{name}`, expected a linear or convolutional layer of the network."
                f"{did_you_mean(name, known)}"
            )
        if type(known[name]) in AWARE:
            _prepare_layer(known[name], bits)
    return list(names)


def freeze(net: nn.Module) -> nn.Module:
    """Leave the rounded weights in the layers and take the rounding off, in place; return the network.

    After it the network is an ordinary one again, ready for export; `quantize_int8` finds the same levels.

    Args:
        net: a network that was prepared; any other stays as it is.
    """
    for layer in list(net.modules()):
        if type(layer) in ORDINARY:
            with torch.no_grad():
                layer.weight.copy_(layer.rounded_weight(layer.weight))
            del layer.rounded_input, layer.rounded_weight
            layer.__class__ = ORDINARY[type(layer)]
    return net


def _prepare_layer(layer: nn.Module, bits: int) -> None:
    # Another class and not a wrapper or a parametrization: names and parameters stay, and copies work.
    layer.__class__ = AWARE[type(layer)]
    layer.rounded_weight = RoundedWeights(bits)
    layer.rounded_input = RoundedActivations(bits).to(layer.weight.device).train(layer.training)
