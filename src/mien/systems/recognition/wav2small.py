"""Wav2Small: seven narrow convolutions on a very fine log-mel spectrogram, pooled by attention."""

from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.nets.convolution import MaskedConvolution
from mien.nets.heads import Head
from mien.nets.log_mel import LogMel

CARD = {
    "title": "Wav2Small: seven convolutions of 13 channels on 26 mel bands every 2 ms, pooled by attention",
    "paper": "D. Kounadis-Bastian et al., Wav2Small: Distilling Wav2Vec2 to 72K parameters for Low-Resource "
    "Speech Emotion Recognition, arXiv 2408.13920, 2024",
    "year": 2024,
    "inputs": "16-kHz samples",
    "outputs": "category logits and dimensions, one set per member",
    "variants": {
        "wav2small": {"config": {}, "parameters": 68245},
        "tiny": {
            "config": {"channels": 4, "bands": 16, "window": 256, "members": 2},
            "parameters": 3596,
        },
    },
    "learns_from": "samples",
    "padding": "masked",
    "departures": "it may also give categories, a sigmoid stands behind the dimensions, and it may have "
    "several members; each clip's spectrum, not its samples, is brought to one level (`nets/log_mel.py`); "
    "the paper learns a large network's answers on arousal, dominance and valence, here any labels. Of the "
    "paper only the abstract was at hand: window, bands and convolutions are those of the checkpoint that "
    "its authors published; that attention pools all 169 values of a frame is inferred, since with 3 outputs "
    "and the 4,224 fixed values of the Fourier transform (here computed, not stored) it makes the 72 K "
    "parameters of the title. The checkpoint itself is smaller: it pools 13 values and adds their products",
}


class Config(Settings):
    """Sizes of the network; the defaults are those of the paper."""

    categories: int = Field(7, ge=0, description="number of categories")
    dimensions: int = Field(1, ge=0, description="number of dimensions in [0, 1]")
    window: int = Field(
        64, ge=16, multiple_of=2, description="length of a spectrum in samples; they overlap by half"
    )
    bands: int = Field(26, ge=4, description="mel bands")
    channels: int = Field(13, ge=1, description="channels of each convolution")
    members: int = Field(1, ge=1, description="linear heads that give an opinion each")
    dropout: float = Field(0.0, ge=0, lt=1, description="chance to drop a pooled value before the heads")


class Wav2Small(nn.Module):
    """Three convolutions, a pooling that halves bands and frames, four convolutions, attention, heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.front_end = LogMel(window=config.window, hop=config.window // 2, bands=config.bands)
        inputs = pairwise((1, *(config.channels,) * 7))
        convolutions = [MaskedConvolution(before, after, stride=(1, 1)) for before, after in inputs]
        self.fine, self.coarse = nn.ModuleList(convolutions[:3]), nn.ModuleList(convolutions[3:])
        self.halve = nn.MaxPool2d(3, stride=2, padding=1)
        width = config.channels * ((config.bands + 1) // 2)
        self.value = nn.Linear(width, width)
        self.attention = nn.Linear(width, width)
        self.head = Head(
            width, config.categories + config.dimensions, dropout=config.dropout, members=config.members
        )

    def describe(self, samples: Tensor, length: Tensor) -> Tensor:
        """Return what the heads hear of each clip, `(B, W)`.

        Args:
            samples: `(B, S)` at 16 kHz, one window or longer.
            length: `(B,)`, number of real samples.
        """
        frames, valid = self.front_end(samples, length)
        maps = frames.unsqueeze(1)  # (B, 1, bands, T)
        for convolution in self.fine:
            maps, valid = convolution(maps, valid)
        # maps are 0 behind a clip's end and never below: the largest of three is one of the clip
        maps, valid = self.halve(maps), valid[:, ::2]  # (B, C, bands / 2, T / 2)
        for convolution in self.coarse:
            maps, valid = convolution(maps, valid)
        local = maps.flatten(1, 2).transpose(1, 2)  # (B, T / 2, W)
        scores = self.attention(local).masked_fill(~valid.unsqueeze(2), -1e4)
        return (self.value(local) * torch.softmax(scores, dim=1)).sum(dim=1)

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and dimension logits `(B, M, N)` from samples `(B, S)`."""
        opinions = self.head(self.describe(samples, length))
        return opinions[..., : self.config.categories], opinions[..., self.config.categories :]


def build(config: Config) -> Wav2Small:
    """Return the network with random weights."""
    # in this order of the values in memory, narrow convolutions take a fifth less time on a CPU
    return Wav2Small(config).to(memory_format=torch.channels_last)
