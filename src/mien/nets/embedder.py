"""Run an encoder over many clips or texts, in batches of like length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.core.errors import ConfigError, DataError, MienError
from mien.core.nearest import did_you_mean
from mien.nets.encoder_facts import describe_encoder, refuse_shelf
from mien.nets.hub import first_line
from mien.nets.layer_mix import LayerMix
from mien.nets.load_encoder import load_encoder
from mien.prediction.options import Options
from mien.prediction.watcher import Watcher

RATE_HZ = 16000
DEVICES = ("cpu", "cuda", "auto")
LAYERS = ("last", "mix")
PIECES_PER_S = 50
"""Word pieces that count as a second of audio: as many frames as most speech encoders give for it."""


class Embedder:
    """Give the frames of one layer of an encoder, for any number of inputs.

    Attributes:
        encoder: the encoder, in evaluation mode.
        summary: what it is, and who may use it.
        device: `cpu` or `cuda`.
        batch_s: most padded seconds of a batch.

    Args:
        name: as for `load_encoder`.
        layer: `last`, `mix` (the mean of all layers) or a layer's number from 0, as text or number.
        batch_s: most padded seconds of a batch; of texts, 50 word pieces are a second.
        device: `cpu`, `cuda` or `auto`.
        licence: `open` refuses weights that may not be used commercially.
        download: True if the user asked for weights to be fetched.

    Raises:
        ConfigError: an unknown option, or no such layer or device.
        WeightsError: the weights are not there or damaged, or the licence refuses them.
    """

    def __init__(
        self,
        name: str,
        *,
        layer: str | int = "last",
        batch_s: float = 60.0,
        device: str = "cpu",
        licence: str | None = None,
        download: bool = False,
    ) -> None:
        if not 0 < batch_s < float("inf"):
            raise ConfigError(f"Got batches of {batch_s:g} s, expected more than 0; change --batch-seconds.")
        self.device = _find_device(device)
        self.summary = describe_encoder(name, download=download)
        refuse_shelf(self.summary, licence)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # a component without weights is at least the same one each time
            self.encoder: nn.Module = load_encoder(name, download=download).to(self.device)
        self._layer = _read_layer(layer, self.encoder.layer_count)
        self._mix = LayerMix(self.encoder.layer_count).to(self.device)
        self.batch_s = batch_s

    @property
    def modality(self) -> str:
        """Return what the encoder reads: `voice` or `words`."""
        return str(self.encoder.modality)

    def frames(self, items: Sequence[NDArray[Any]]) -> list[NDArray[np.float32] | MienError]:
        """Return the frames of each input, in their order.

        Args:
            items: float32 samples `(S,)` at 16 kHz, or int64 ids `(T,)`; none empty.

        Returns:
            float32 `(T, D)` of each; where the encoder cannot take one, the error that says why.
        """
        answers: list[NDArray[np.float32] | MienError | None] = [None] * len(items)
        for rows in self._batches([len(item) for item in items]):
            for row, answer in zip(rows, self._try([items[row] for row in rows]), strict=True):
                answers[row] = answer
        return answers  # type: ignore[return-value]

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield rows of like length together, longest first, so that too much memory is met at once."""
        per_s = RATE_HZ if self.modality == "voice" else PIECES_PER_S
        order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
        while order:
            count = max(1, int(self.batch_s * per_s / lengths[order[0]]))
            yield order[:count]
            order = order[count:]

    def _try(self, items: Sequence[NDArray[Any]]) -> list[NDArray[np.float32] | MienError]:
        """Run a batch; where it fails, each of its inputs alone, so that one bad input stops no other."""
        try:
            return list(self._run(items))
        except (MienError, RuntimeError) as error:
            if len(items) > 1:
                return [answer for item in items for answer in self._try([item])]
            return [error if isinstance(error, MienError) else DataError(_told(error))]

    def _run(self, items: Sequence[NDArray[Any]]) -> Iterator[NDArray[np.float32]]:
        x, valid = _padded(items)
        with torch.inference_mode():
            values, real = self._select(x.to(self.device), valid.to(self.device))
            found, masks = values.float().cpu().numpy(), real.cpu().numpy()
        for row, mask in zip(found, masks, strict=True):
            yield row[mask]

    def _select(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return values `(B, T, D)` of the wanted layer and valid `(B, T)`."""
        if self._layer == "last":
            last = self.encoder.encode(x, valid)
            return last.values, last.valid
        layers = self.encoder.encode_layers(x, valid)
        chosen = self._mix(layers) if self._layer == "mix" else layers[int(self._layer)]
        return chosen.values, chosen.valid


@dataclass(frozen=True)
class Task:
    """Say what a run is to do, whatever it reads.

    Attributes:
        embedder: the encoder.
        pooling: `mean`, `statistics` or `none`.
        options: how recordings are cut.
        watcher: hears about progress.
    """

    embedder: Embedder
    pooling: str
    options: Options
    watcher: Watcher


def _padded(items: Sequence[NDArray[Any]]) -> tuple[Tensor, Tensor]:
    """Return inputs `(B, S)`, zero behind each end, and which of them is real."""
    lengths = np.array([len(item) for item in items])
    padded = np.zeros((len(items), lengths.max()), items[0].dtype)
    for row, item in enumerate(items):
        padded[row, : len(item)] = item
    valid = np.arange(padded.shape[1]) < lengths[:, None]
    return torch.from_numpy(padded), torch.from_numpy(valid)


def _told(error: RuntimeError) -> str:
    remedy = (
        "lower --batch-seconds, or cut into shorter segments"
        if "memory" in str(error)
        else "check the input, and report this if it looks right"
    )
    return f"Got an input that the encoder cannot take ({first_line(error)}); {remedy}."


def _find_device(device: str) -> str:
    """Return the device to use; `auto` is the GPU where there is one."""
    if device not in DEVICES:
        raise ConfigError(
            f"Got device `{device}`, expected one of {', '.join(DEVICES)}.{did_you_mean(device, DEVICES)}"
        )
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise ConfigError("Got device `cuda`, but torch finds no GPU here; use --device cpu.")
    return "cuda" if there and device != "cpu" else "cpu"


def _read_layer(layer: str | int, count: int) -> str:
    """Return the layer as a word or a number that exists."""
    wanted = str(layer)
    if wanted in LAYERS or (wanted.isdecimal() and int(wanted) < count):
        return wanted
    raise ConfigError(
        f"Got layer `{layer}`, expected last, mix or a number from 0 to {count - 1}; change --layer."
    )
