"""Count what a network is made of and what one pass takes: parameters, and multiply-adds."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

RATE_HZ = 16000
TEXT = (
    "we walked home late after the long meeting since nobody wanted to be the first to say what had happened"
)
"""Twenty words: what a text counts as."""


def count_parameters(net: nn.Module, *, trained: bool = False) -> int:
    """Return the number of a network's weights, each counted once.

    Args:
        net: any.
        trained: count only those that learn.

    Example:
        >>> count_parameters(nn.Linear(10, 7))
        77
    """
    return sum(one.numel() for one in net.parameters() if one.requires_grad or not trained)


def count_bytes(net: nn.Module) -> int:
    """Return the bytes of all that a network keeps, as loaded.

    Args:
        net: any.

    Example:
        >>> count_bytes(nn.Linear(10, 7))
        308
    """
    return sum(one.nbytes for one in net.state_dict().values())


def count_multiply_adds(net: Any, *inputs: Any) -> float:
    """Return the multiply-adds of one pass: matrix products, convolutions, recurrences and attention.

    Sums, norms, activations and Fourier transforms are not counted; they are a small part of large networks.
    Fused recurrences and attention, which a plain count of operators takes for nothing, are counted.

    Args:
        net: called with the inputs.
        inputs: tensors.

    Example:
        >>> count_multiply_adds(nn.Linear(10, 7), torch.zeros(3, 10))
        210.0
    """
    counter = FlopCounterMode(display=False)
    fused = torch.backends.mkldnn.enabled
    try:
        # fused recurrences and attention are one operation to the counter, and of unknown cost
        torch.backends.mkldnn.enabled = False
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            net(*inputs)
    finally:
        torch.backends.mkldnn.enabled = fused
    return counter.get_total_flops() / 2


def count_one_clip(encoder: nn.Module) -> float:
    """Return the multiply-adds of an encoder for one second of sound, or for a text of 20 words.

    Args:
        encoder: of `mien.nets`.
    """
    if encoder.modality == "words":
        return count_multiply_adds(encoder.encode, *encoder.tokenize([TEXT]))
    samples = torch.from_numpy(one_second())[None]
    return count_multiply_adds(encoder.encode, samples, torch.ones(samples.shape, dtype=torch.bool))


def one_second() -> NDArray[np.float32]:
    """Return a second of quiet noise at 16 kHz, `(16000,)`."""
    return np.random.default_rng(0).normal(0, 0.05, RATE_HZ).astype(np.float32)
