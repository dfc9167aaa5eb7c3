"""An adapted encoder as it is used: what it costs does not hang on what its heads have learned."""

import numpy as np
import torch
from numpy.typing import NDArray

from mien.nets.load_encoder import load_encoder
from mien.nets.multiply_adds import count_bytes, count_multiply_adds, count_parameters, one_second
from mien.training.adapters import CATEGORY, Described, Describing, build_tuned, describing
from mien.training.fine_tune_settings import NetConfig
from mien.training.hearing import LONGEST_S

RATE_HZ = 16000


class TunedInUse:
    """Hear clips by an encoder and its heads, both loaded once.

    Use it to measure an adapted encoder where the trained weights are gone: its heads are random. Low-rank
    additions are part of the weights by then, so that every way to adapt costs the same in use.

    Args:
        encoder: as for `load_encoder`.
        classes: number of classes.

    Raises:
        ConfigError: the encoder reads words, or there is no such encoder.
    """

    def __init__(self, encoder: str, classes: int) -> None:
        loaded = load_encoder(encoder)
        front = Describing(loaded, Described(loaded.layer_count, 2 * loaded.width))
        config = NetConfig(encoder=encoder, adapt="full")
        self.net = build_tuned(front, config, categories=classes, dimensions=0).eval()

    def answer(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities `(1, classes)`, the mean over the heads.

        Args:
            samples: `(S,)` at 16 kHz; what lies beyond 30 s is not heard.
        """
        heard = torch.from_numpy(np.array(samples[: int(LONGEST_S * RATE_HZ)], np.float32))[None]
        with torch.inference_mode():
            said = self.net(heard, torch.ones(heard.shape, dtype=torch.bool))[CATEGORY]
        return torch.softmax(said.double(), dim=-1).mean(dim=1).numpy()

    @property
    def parameters(self) -> int:
        """Return the number of weights of encoder and heads."""
        return count_parameters(self.net)

    @property
    def kept_bytes(self) -> int:
        """Return the bytes of all that has to be kept."""
        return count_bytes(self.net)

    def multiply_adds(self) -> float:
        """Return the multiply-adds for one second of sound."""
        heard = torch.from_numpy(one_second())[None]
        return count_multiply_adds(self.net, heard, torch.ones(heard.shape, dtype=torch.bool))


def trained_parameters(encoder: str, adapt: str, classes: int) -> int:
    """Return how many weights learn when an encoder is adapted.

    Args:
        encoder: as for `load_encoder`.
        adapt: `probe`, `lora` or `full`.
        classes: number of classes.
    """
    front = describing(load_encoder(encoder))
    config = NetConfig(encoder=encoder, adapt=adapt)
    kept = front.described if adapt == "probe" else front
    return count_parameters(build_tuned(kept, config, categories=classes, dimensions=0), trained=True)
