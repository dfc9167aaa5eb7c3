"""Dawn: a pretrained speech transformer whose last frames are averaged and judged, all of it fine-tuned."""

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.registry import find
from mien.core.settings import Settings
from mien.nets.encoders.wav2vec2 import SpeechTransformer
from mien.nets.heads import Head
from mien.nets.load_encoder import load_encoder
from mien.nets.pooling import MeanPooling

CARD = {
    "title": "Fine-tuned speech transformer, mean over time, one hidden layer",
    "paper": "J. Wagner et al., Dawn of the Transformer Era in Speech Emotion Recognition: Closing the "
    "Valence Gap, IEEE TPAMI 45(9), 2023",
    "year": 2023,
    "inputs": "16-kHz samples",
    "outputs": "category logits and dimensions, one set per member",
    "variants": {
        "tiny": {
            "config": {
                "encoder": "wav2vec2",
                "sizes": {
                    "width": 16,
                    "layers": 2,
                    "heads": 2,
                    "hidden": 32,
                    "channels": (16,) * 7,
                    "convolution_norm": "layer",
                    "norm_first": True,
                    "position_kernel": 4,
                    "position_groups": 2,
                    "dropout": 0.0,
                },
                "layers": 1,
                "members": 2,
            },
            "parameters": 8388,
        },
    },
    "learns_from": "samples",
    "padding": "masked",
    "departures": "it may also give categories, a sigmoid stands behind the dimensions, and it may have "
    "several members; clips are masked, so that padding changes no answer; no frames are masked at random "
    "and no layers dropped in training",
}


class Config(Settings):
    """Encoder and heads; the defaults are those of the paper's best network."""

    categories: int = Field(7, ge=0, description="number of categories")
    dimensions: int = Field(1, ge=0, description="number of dimensions in [0, 1]")
    encoder: str = Field(
        "hf:facebook/wav2vec2-large-robust",
        description="wav2vec 2.0, HuBERT or WavLM: `hf:<owner>/<name>` that is on this machine, or a folder",
    )
    sizes: dict[str, bool | int | float | str | tuple[int, ...]] = Field(
        default={}, description="sizes of an encoder `wav2vec2` with random weights, instead of trained ones"
    )
    layers: int = Field(12, ge=1, description="transformer layers that are kept, from the first on")
    members: int = Field(1, ge=1, description="heads that give an opinion each")
    dropout: float = Field(0.1, ge=0, lt=1, description="chance to drop a value in the heads")


class Dawn(nn.Module):
    """The convolutions stay as they were pretrained; transformer and heads learn."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = _encoder(config)
        self.encoder.network.feature_extractor.requires_grad_(False)
        # done here with masked sums, since a graph cannot hold the encoder's way of clip by clip
        self.normalize, self.encoder.normalize = self.encoder.normalize, False
        self.pooling = MeanPooling()
        self.head = Head(
            self.encoder.width,
            config.categories + config.dimensions,
            hidden=self.encoder.width,
            dropout=config.dropout,
            members=config.members,
        )

    def describe(self, samples: Tensor, length: Tensor) -> Tensor:
        """Return the mean of the last layer's frames, `(B, D)`.

        Args:
            samples: `(B, S)` at 16 kHz.
            length: `(B,)`, number of real samples.
        """
        valid = torch.arange(samples.shape[1], device=samples.device) < length.unsqueeze(1)
        frames = self.encoder.encode(_standardize(samples, valid) if self.normalize else samples, valid)
        return self.pooling(frames.values, frames.valid)

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and dimension logits `(B, M, N)` from samples `(B, S)`."""
        opinions = self.head(self.describe(samples, length))
        return opinions[..., : self.config.categories], opinions[..., self.config.categories :]


def build(config: Config) -> Dawn:
    """Return the network: random heads on a trained encoder, or on a random one where sizes are given.

    Raises:
        ConfigError: the encoder is of another family, or has fewer layers than are to be kept.
        WeightsError: the encoder's weights are not on this machine, or not readable.
    """
    return Dawn(config)


def _encoder(config: Config) -> SpeechTransformer:
    """Return the encoder without the layers above the last that is kept."""
    if config.sizes:
        component = find("encoders", "wav2vec2")
        encoder = component.build(component.Config(**config.sizes))
    else:
        encoder = load_encoder(config.encoder)
    if not isinstance(encoder, SpeechTransformer):
        raise ConfigError(
            f"Got encoder `{config.encoder}`, expected one of the wav2vec 2.0, HuBERT or WavLM family; give "
            "hf:<owner>/<name> or the folder of one."
        )
    if config.layers >= encoder.layer_count:
        raise ConfigError(
            f"Got layers = {config.layers}, expected at most {encoder.layer_count - 1}, as many as "
            f"`{config.encoder}` has; lower it."
        )
    transformer = encoder.network.encoder
    transformer.layers = transformer.layers[: config.layers]
    encoder.layer_count = config.layers + 1
    return encoder


def _standardize(samples: Tensor, valid: Tensor) -> Tensor:
    """Bring the real samples of each clip to mean 0 and variance 1; zeros behind them."""
    count = valid.sum(dim=1, keepdim=True)
    centred = (samples - (samples * valid).sum(dim=1, keepdim=True) / count) * valid
    return centred / (centred.square().sum(dim=1, keepdim=True) / count + 1e-7).sqrt()
