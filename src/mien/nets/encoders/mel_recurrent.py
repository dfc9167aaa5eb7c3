"""Our own speech encoder, small enough to train from nothing: convolutions on log-mel, then recurrence."""

import json
import math
from pathlib import Path

import torch
from pydantic import Field
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from mien.core.errors import WeightsError
from mien.core.files import write_atomically
from mien.core.settings import Settings, parse
from mien.nets.convolution import mel_convolutions
from mien.nets.frames import Frames
from mien.nets.log_mel import LogMel
from mien.nets.real_samples import count_real_samples
from mien.nets.safetensors_folder import read_safetensors

RATE_HZ = 16000

CARD = {
    "title": "Convolutional-recurrent encoder on log-mel frames",
    "paper": "after G. Trigeorgis et al., Adieu Features?, ICASSP 2016 (convolutions, then recurrence)",
    "year": 2026,
    "inputs": "16-kHz samples",
    "outputs": "one vector per 64 ms",
    "variants": {
        "small": {"config": {}, "parameters": 292648},
        "tiny": {"config": {"bands": 16, "channels": (4, 4, 4, 4), "width": 8}, "parameters": 1276},
    },
    "padding": "masked",
    "departures": "log-mel input instead of samples; GRU in both directions instead of LSTM in one",
}

MODEL_TYPES = ("mel-recurrent",)


class Config(Settings):
    """Sizes of the network."""

    bands: int = Field(64, ge=16, multiple_of=16, description="mel bands")
    channels: tuple[int, int, int, int] = Field(
        (24, 48, 64, 96), description="channels of the four convolutions"
    )
    width: int = Field(128, ge=2, multiple_of=2, description="values per frame; half of them per direction")
    layers: int = Field(2, ge=1, description="recurrent layers")
    dropout: float = Field(0.2, ge=0, lt=1, description="chance to drop a value before each recurrence")


class BothWays(nn.Module):
    """Run one recurrence forwards and one backwards from each clip's own end.

    Args:
        width: values per frame, in and out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.forwards = nn.GRU(width, width // 2, batch_first=True)
        self.backwards = nn.GRU(width, width // 2, batch_first=True)

    def forward(self, values: Tensor, valid: Tensor) -> Tensor:
        """Return `(B, T, D)` for values `(B, T, D)` and valid `(B, T)`, zero where not valid."""
        place = torch.arange(values.shape[1], device=values.device)
        # frames behind the clip's end are all read as its first, after everything that counts
        mirrored = (valid.sum(dim=1)[:, None] - 1 - place).clamp(min=0).unsqueeze(2)  # (B, T, 1)
        before, _ = self.forwards(values)
        after, _ = self.backwards(values.gather(1, mirrored.expand_as(values)))
        after = after.gather(1, mirrored.expand_as(after))
        return torch.cat([before, after], dim=2) * valid.unsqueeze(2)


class MelRecurrent(nn.Module):
    """Describe a clip by one vector per 64 ms that knows what came before and what comes after.

    Use it where a foundation model is too large, or to learn from nothing. For live use take a system that
    only looks back.

    Args:
        config: sizes.
    """

    modality = "voice"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.front_end = LogMel(rate_hz=RATE_HZ, bands=config.bands)
        self.convolutions = mel_convolutions(config.channels)
        self.projection = nn.Linear(config.channels[-1] * config.bands // 16, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrences = nn.ModuleList(BothWays(config.width) for _ in range(config.layers))
        self.width, self.layer_count = config.width, config.layers + 1
        stride = math.prod(convolution.time_stride for convolution in self.convolutions)
        self.frame_rate_hz = RATE_HZ / (self.front_end.hop * stride)

    def encode(self, x: Tensor, valid: Tensor) -> Frames:
        """Return one vector per 64 ms, of the last recurrence.

        Args:
            x: float32 samples `(B, S)` at 16 kHz, in [-1, 1].
            valid: `(B, S)` bool, True = real, padding last.

        Raises:
            DataError: shapes that differ, or a clip without a real sample.
        """
        return self.encode_layers(x, valid)[-1]

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return one vector per 64 ms, of the convolutions and of each recurrence.

        Args:
            x: float32 samples `(B, S)` at 16 kHz, in [-1, 1].
            valid: `(B, S)` bool, True = real, padding last.

        Raises:
            DataError: shapes that differ, or a clip without a real sample.
        """
        length = count_real_samples(x, valid)
        samples = functional.pad(x * valid, (0, max(0, self.front_end.window - x.shape[1])))
        frames, real = self.front_end(samples, length)
        maps = frames.unsqueeze(1)  # (B, 1, bands, T)
        for convolution in self.convolutions:
            maps, real = convolution(maps, real)
        values = torch.relu(self.projection(maps.flatten(1, 2).transpose(1, 2)))  # (B, T', D)
        layers = [values * real.unsqueeze(2)]
        for recurrence in self.recurrences:
            layers.append(recurrence(self.dropout(layers[-1]), real))
        return tuple(Frames(layer, real, self.frame_rate_hz) for layer in layers)


def build(config: Config) -> MelRecurrent:
    """Return the network with random weights."""
    return MelRecurrent(config)


def save(net: MelRecurrent, folder: Path) -> None:
    """Write a network as config.json and model.safetensors, for `load`.

    Args:
        net: the network.
        folder: where to; it exists.
    """
    config = {"model_type": MODEL_TYPES[0], **net.config.model_dump(mode="json")}
    with write_atomically(folder / "model.safetensors") as temporary:
        save_file(net.state_dict(), temporary)
    with write_atomically(folder / "config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> MelRecurrent:
    """Open a network that `save` wrote.

    Args:
        path: its folder, or the model.safetensors in it.

    Raises:
        ConfigError: settings in config.json that this encoder does not have.
        WeightsError: a file is missing or unreadable, or the weights are of another size.
    """
    folder = path if path.is_dir() else path.parent
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        net = MelRecurrent(parse(Config, {key: config[key] for key in config if key != "model_type"}))
        net.load_state_dict(read_safetensors(folder))
    except (OSError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        raise WeightsError(
            f"Got `{folder}`, expected config.json and model.safetensors of one mel-recurrent encoder; "
            f"save it again. ({type(error).__name__})"
        ) from error
    return net.eval()
