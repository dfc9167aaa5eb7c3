"""A small convolutional-recurrent recognizer of expressed emotion, with several opinions."""

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from mien.nets.convolution import mel_convolutions
from mien.nets.log_mel import LogMel
from mien.nets.pooling import AttentiveStatistics

CARD = {
    "title": "Convolutional-recurrent network on log-mel frames with a shared trunk and several heads",
    "paper": "after G. Trigeorgis et al., Adieu Features?, ICASSP 2016 (convolutions, then recurrence); "
    "M. Valdenegro-Toro, Deep Sub-Ensembles, 2019 (several heads on one trunk)",
    "year": 2026,
    "inputs": "16-kHz samples",
    "outputs": "category logits and dimensions, one set per member",
    "variants": {
        "small": {"config": {}, "parameters": 447132},
        "tiny": {
            "config": {"channels": (4, 4, 4, 4), "width": 8, "members": 2, "bands": 16},
            "parameters": 2862,
        },
    },
    "learns_from": "samples",
    "padding": "masked",
    "departures": "log-mel input instead of samples; one forward GRU instead of two LSTM layers; "
    "attentive statistics instead of the last state; members differ by initial weights and by "
    "a random weight of each training clip",
}


class Config(BaseModel):
    """Sizes of the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: int = Field(7, ge=2, description="number of categories")
    dimensions: int = Field(1, ge=0, description="number of dimensions in [0, 1]")
    bands: int = Field(64, ge=16, multiple_of=16, description="mel bands")
    channels: tuple[int, int, int, int] = Field(
        (24, 48, 64, 96), description="channels of the four convolutions"
    )
    width: int = Field(112, ge=4, description="width of the recurrence")
    members: int = Field(4, ge=1, description="heads that give an opinion each")
    dropout: float = Field(0.2, ge=0, lt=1, description="chance to drop a value before recurrence and heads")


class Head(nn.Module):
    """Pool the trunk's frames and give one opinion."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = 2 * config.width
        self.pooling = AttentiveStatistics(width)
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(2 * width, config.width)
        self.output = nn.Linear(config.width, config.categories + config.dimensions)

    def forward(self, frames: Tensor, valid: Tensor) -> Tensor:
        """Return `(B, categories + dimensions)` for frames `(B, T, D)` and valid `(B, T)`."""
        pooled = self.dropout(self.pooling(frames, valid))
        return self.output(self.dropout(torch.relu(self.hidden(pooled))))


class ConvRecurrent(nn.Module):
    """Four convolutions, one forward GRU, and `members` heads on the same frames."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.front_end = LogMel(bands=config.bands)
        self.convolutions = mel_convolutions(config.channels)
        self.projection = nn.Linear(config.channels[-1] * config.bands // 16, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrence = nn.GRU(config.width, config.width, batch_first=True)
        self.heads = nn.ModuleList([Head(config) for _ in range(config.members)])

    def describe(self, frames: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the heads hear: `(B, T', 2 · width)`, and which of it is real `(B, T')`.

        Args:
            frames: `(B, bands, T)`, as `LogMel` gives them.
            valid: `(B, T)` bool.
        """
        maps = frames.unsqueeze(1)  # (B, 1, bands, T)
        for convolution in self.convolutions:
            maps, valid = convolution(maps, valid)
        local = maps.flatten(1, 2).transpose(1, 2)  # (B, T', C · F)
        local = self.dropout(torch.relu(self.projection(local)))
        context, _ = self.recurrence(local)
        return torch.cat([local, context], dim=2), valid

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and dimension logits `(B, M, N)` from samples `(B, S)`."""
        described, valid = self.describe(*self.front_end(samples, length))
        opinions = torch.stack([head(described, valid) for head in self.heads], dim=1)  # (B, M, K + N)
        return opinions[..., : self.config.categories], opinions[..., self.config.categories :]


def build(config: Config) -> ConvRecurrent:
    """Return the network with random weights."""
    return ConvRecurrent(config)
