"""Opinions from the statistics of every layer of a frozen speech encoder."""

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.nets.heads import Head
from mien.nets.load_encoder import load_encoder
from mien.nets.pooling import StatisticsPooling

CARD = {
    "title": "Linear opinions on mean and standard deviation of every layer of a frozen speech encoder",
    "paper": "after S. Yang et al., SUPERB: Speech Processing Universal PERformance Benchmark, Interspeech "
    "2021 (frozen encoder, all layers, linear emotion classifier)",
    "year": 2026,
    "inputs": "16-kHz samples",
    "outputs": "category logits and dimensions, one set per member",
    "variants": {
        "whisper-tiny": {"config": {}, "parameters": 7730720},
        "whisper-tiny-half": {
            "config": {"options": {"layers": 2, "pair_frames": True, "positions": 750}, "learns": True},
            "parameters": 4133408,
        },
        "tiny": {
            "config": {
                "encoder": "whisper",
                "options": {
                    "width": 16,
                    "layers": 2,
                    "heads": 2,
                    "hidden": 32,
                    "bands": 16,
                    "positions": 1500,
                },
                "learns": True,
                "members": 2,
            },
            "parameters": 7056,
        },
    },
    "learns_from": "statistics",
    "padding": "masked",
    "departures": "each layer keeps its own statistics instead of a learned mixture of layers, and the "
    "standard deviation is read beside the mean; several members that differ by initial weights and by a "
    "random weight of each training clip",
}


class Config(Settings):
    """Encoder and sizes."""

    categories: int = Field(7, ge=2, description="number of categories")
    dimensions: int = Field(1, ge=0, description="number of dimensions in [0, 1]")
    encoder: str = Field("whisper-tiny", description="name of an encoder that hears")
    options: dict[str, int] = Field(
        default={}, description="what the encoder is opened with, such as layers = 2; if random, its sizes"
    )
    learns: bool = Field(False, description="the encoder learns too; else its weights stay fixed")
    members: int = Field(4, ge=1, description="heads that give an opinion each")
    dropout: float = Field(0.3, ge=0, lt=1, description="chance to drop a value before the heads")


class EncoderProbe(nn.Module):
    """An encoder, the statistics of its layers, brought to mean 0 and deviation 1, and linear heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = _encoder(config)
        self.pooling = StatisticsPooling()
        self.width = 2 * self.encoder.width * (self.encoder.layer_count - 1)
        self.register_buffer("centre", torch.zeros(self.width))
        self.register_buffer("scale", torch.ones(self.width))
        self.head = Head(
            self.width, config.categories + config.dimensions, dropout=config.dropout, members=config.members
        )

    def train(self, mode: bool = True) -> "EncoderProbe":
        """Set to training or evaluation; a fixed encoder stays in evaluation."""
        super().train(mode)
        if not self.config.learns:
            self.encoder.eval()
        return self

    def describe(self, samples: Tensor, length: Tensor) -> Tensor:
        """Return mean and standard deviation of each layer behind the embedding, `(B, width)`.

        Args:
            samples: `(B, S)` at 16 kHz.
            length: `(B,)`, number of real samples.
        """
        valid = torch.arange(samples.shape[1], device=samples.device) < length.unsqueeze(1)
        layers = self.encoder.encode_layers(samples, valid)[1:]
        return torch.cat([self.pooling(layer.values, layer.valid) for layer in layers], dim=1)

    def judge(self, described: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and dimension logits `(B, M, N)` of described clips."""
        opinions = self.head((described - self.centre) / self.scale)  # (B, M, K + N)
        return opinions[..., : self.config.categories], opinions[..., self.config.categories :]

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and dimension logits `(B, M, N)` from samples `(B, S)`."""
        return self.judge(self.describe(samples, length))


def build(config: Config) -> EncoderProbe:
    """Return the network: random heads on the encoder."""
    return EncoderProbe(config)


def _encoder(config: Config) -> nn.Module:
    return load_encoder(config.encoder, **config.options).requires_grad_(config.learns)
