"""Encoders of the wav2vec 2.0 family: wav2vec 2.0, HuBERT, WavLM."""

import json
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from mien.core.errors import WeightsError
from mien.core.settings import Settings
from mien.nets.frames import Frames
from mien.nets.hub import quiet
from mien.nets.real_samples import count_real_samples, normalize_real

RATE_HZ = 16000

CARD = {
    "title": "Wav2vec 2.0, HuBERT and WavLM: convolutions on samples, then a transformer",
    "paper": "A. Baevski et al., wav2vec 2.0, NeurIPS 2020; W.-N. Hsu et al., HuBERT, IEEE/ACM TASLP 2021; "
    "S. Chen et al., WavLM, IEEE JSTSP 2022",
    "year": 2020,
    "inputs": "16-kHz samples",
    "outputs": "50 frames per second; from the embedding to the last layer",
    "variants": {
        "tiny": {
            "config": {
                "width": 16,
                "layers": 2,
                "heads": 2,
                "hidden": 32,
                "channels": (16,) * 7,
                "position_kernel": 4,
                "position_groups": 2,
            },
            "parameters": 9604,
        },
        "wav2vec2-base": {"config": {}, "parameters": 94370944},
    },
    "padding": "masked",
    "departures": "group normalization counts real frames only, which its authors' batches and "
    "`transformers` do not; no random masking and no dropped layers in training; the last layer of "
    "networks with normalization before attention is given after the final normalization",
}

MODEL_TYPES = ("wav2vec2", "hubert", "wavlm")


class Config(Settings):
    """Sizes of the encoder; the defaults are those of wav2vec 2.0 base."""

    family: Literal["wav2vec2", "hubert", "wavlm"] = Field("wav2vec2", description="kind of transformer")
    width: int = Field(768, ge=1, description="values per frame")
    layers: int = Field(12, ge=1, description="transformer layers")
    heads: int = Field(12, ge=1, description="attention heads; they divide the width")
    hidden: int = Field(3072, ge=1, description="width of the feed-forward layer")
    channels: tuple[int, ...] = Field((512,) * 7, description="channels of each convolution")
    kernels: tuple[int, ...] = Field(
        (10, 3, 3, 3, 3, 2, 2), description="length of each, in its input's steps"
    )
    strides: tuple[int, ...] = Field((5, 2, 2, 2, 2, 2, 2), description="step of each, in its input's steps")
    convolution_norm: Literal["group", "layer"] = Field(
        "group", description="normalization in the convolutions"
    )
    norm_first: bool = Field(False, description="normalize before attention, as the large networks do")
    position_kernel: int = Field(128, ge=1, description="length of the position convolution in frames")
    position_groups: int = Field(16, ge=1, description="groups of the position convolution")
    normalize: bool = Field(True, description="bring each clip to mean 0 and variance 1")
    dropout: float = Field(0.1, ge=0, lt=1, description="chance to drop a value in training")

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        if self.width % self.heads:
            raise ValueError(f"heads that divide the width {self.width}")
        if not 0 < len(self.channels) == len(self.kernels) == len(self.strides):
            raise ValueError("channels, kernels and strides with one value per convolution")
        return self


class SpeechTransformer(nn.Module):
    """Run a network of `transformers` layer by layer, so that it sees real samples only.

    Args:
        network: `Wav2Vec2Model`, `HubertModel` or `WavLMModel`.
        normalize: bring each clip to mean 0 and variance 1 over its real samples.
    """

    modality = "voice"

    def __init__(self, network: Any, *, normalize: bool) -> None:
        super().__init__()
        self.network, self.normalize = network, normalize
        config = network.config
        self.width, self.layer_count = config.hidden_size, config.num_hidden_layers + 1
        self._steps = tuple(zip(config.conv_kernel, config.conv_stride, strict=True))
        self.hop, self.shortest = 1, 1
        for kernel, stride in self._steps:
            self.shortest += (kernel - 1) * self.hop
            self.hop *= stride
        self.frame_rate_hz = RATE_HZ / self.hop

    def encode(self, x: Tensor, valid: Tensor) -> Frames:
        """Return the last layer's frames.

        Args:
            x: samples `(B, S)` at 16 kHz in [-1, 1]; a clip shorter than one frame (25 ms) counts as
                one, with silence behind it.
            valid: `(B, S)` bool.

        Raises:
            DataError: a clip has no real sample, or padding before or between them.
        """
        return self.encode_layers(x, valid)[-1]

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return the frames of every layer, from the embedding to the last.

        Args:
            x: samples `(B, S)` at 16 kHz in [-1, 1].
            valid: `(B, S)` bool.

        Raises:
            DataError: a clip has no real sample, or padding before or between them.
        """
        length = count_real_samples(x, valid)
        samples = self._prepare(x, valid, length)
        local, valid = self._locals(samples, length)  # (B, T, C), (B, T)
        projected = self.network.feature_projection(local)
        projected = projected[0] if isinstance(projected, tuple) else projected
        layers = self._transform(projected * valid.unsqueeze(2), valid)
        return tuple(Frames(values, valid, self.frame_rate_hz) for values in layers)

    def _prepare(self, samples: Tensor, valid: Tensor, length: Tensor) -> Tensor:
        """Return samples, normalized if the network wants it, zero where not real, one frame or longer."""
        samples = samples * valid
        if self.normalize:
            samples = normalize_real(samples, length, eps=1e-7)
        return nn.functional.pad(samples, (0, max(0, self.shortest - samples.shape[1])))

    def _locals(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return the convolutions' frames `(B, T, C)` and which are real `(B, T)`.

        A processor takes clips one by one: the maps of a batch do not fit into its caches.
        """
        if samples.device.type != "cpu" or len(samples) == 1 or torch.jit.is_tracing():
            return self._convolve(samples, length)
        sizes = length.clamp(min=self.shortest).tolist()
        alone = [
            self._convolve(clip[None, :size], real[None])
            for clip, size, real in zip(samples, sizes, length, strict=True)
        ]
        pad = nn.utils.rnn.pad_sequence
        return pad([one[0][0] for one in alone], True), pad([one[1][0] for one in alone], True)

    def _convolve(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same of clips in one batch."""
        maps = samples.unsqueeze(1)
        whole = not torch.jit.is_tracing() and bool((length == samples.shape[1]).all())
        for layer, (kernel, stride) in zip(
            self.network.feature_extractor.conv_layers, self._steps, strict=True
        ):
            length = (torch.div(length - kernel, stride, rounding_mode="floor") + 1).clamp(min=1)
            if not whole and isinstance(getattr(layer, "layer_norm", None), nn.GroupNorm):
                maps = layer.activation(_normalize(layer.layer_norm, layer.conv(maps), length))
            else:
                maps = layer(maps)
        valid = torch.arange(maps.shape[2], device=maps.device) < length.unsqueeze(1)
        return maps.transpose(1, 2), valid

    def _transform(self, frames: Tensor, valid: Tensor) -> list[Tensor]:
        """Return `(B, T, D)` of each layer for frames that are zero where not valid."""
        encoder, config = self.network.encoder, self.network.config
        norm_first = bool(config.do_stable_layer_norm)
        hidden = frames + self._positions(frames, valid)
        hidden = encoder.dropout(hidden if norm_first else encoder.layer_norm(hidden))
        run = _attend_relatively if config.model_type == "wavlm" else _attend
        layers = [hidden, *run(encoder.layers, hidden, valid)]
        if norm_first:
            layers[-1] = encoder.layer_norm(layers[-1])
        return layers

    def _positions(self, frames: Tensor, valid: Tensor) -> Tensor:
        """Return what the position convolution adds, `(B, T, D)`."""
        part = self.network.encoder.pos_conv_embed
        maps = frames.transpose(1, 2)
        if getattr(part, "batch_norm", None) is not None:
            maps = part.batch_norm(maps) * valid.unsqueeze(1)  # its shift must not fill the padding
        return part.activation(part.padding(part.conv(maps))).transpose(1, 2)


def _normalize(norm: nn.GroupNorm, maps: Tensor, length: Tensor) -> Tensor:
    """Normalize each channel of `(B, C, T)` over its real time; behind it come zeros."""
    real = torch.arange(maps.shape[2], device=maps.device) < length[:, None, None]
    scaled = normalize_real(maps, length, eps=norm.eps) * norm.weight[:, None] + norm.bias[:, None]
    return scaled * real


def _attend(layers: Iterable[nn.Module], hidden: Tensor, valid: Tensor) -> Iterator[Tensor]:
    """Yield what each layer makes of `(B, T, D)`, with attention to real frames only."""
    mask = None
    if torch.jit.is_tracing() or not valid.all():
        lowest = torch.finfo(hidden.dtype).min
        mask = torch.zeros_like(valid, dtype=hidden.dtype).masked_fill(~valid, lowest)
        mask = mask[:, None, None, :].expand(-1, 1, valid.shape[1], -1)  # (B, 1, T, T)
    for layer in layers:
        answer = layer(hidden, attention_mask=mask)
        hidden = answer[0] if isinstance(answer, tuple) else answer  # a tuple up to transformers 4
        yield hidden


def _attend_relatively(layers: Iterable[nn.Module], hidden: Tensor, valid: Tensor) -> Iterator[Tensor]:
    """Yield what each layer of WavLM makes of `(B, T, D)`; the first gives the others its distance bias."""
    bias = None
    for layer in layers:
        with warnings.catch_warnings():
            # its attention gives torch one mask as bool and one as numbers, in `transformers` itself too
            warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
            hidden, bias = layer(hidden, attention_mask=valid, position_bias=bias)[:2]
        yield hidden


def build(config: Config) -> SpeechTransformer:
    """Return the encoder with random weights."""
    from transformers import AutoConfig, AutoModel

    sizes = AutoConfig.for_model(
        config.family,
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.hidden,
        conv_dim=config.channels,
        conv_kernel=config.kernels,
        conv_stride=config.strides,
        num_feat_extract_layers=len(config.channels),
        feat_extract_norm=config.convolution_norm,
        do_stable_layer_norm=config.norm_first,
        num_conv_pos_embeddings=config.position_kernel,
        num_conv_pos_embedding_groups=config.position_groups,
        hidden_dropout=config.dropout,
        activation_dropout=config.dropout,
        attention_dropout=config.dropout,
        mask_time_prob=0.0,
        mask_feature_prob=0.0,
    )
    return SpeechTransformer(AutoModel.from_config(sizes), normalize=config.normalize)


def load(path: Path) -> SpeechTransformer:
    """Return a trained encoder in evaluation mode.

    Args:
        path: hub-style folder with config.json, preprocessor_config.json and model.safetensors; a head on
            top of the encoder is left out.

    Raises:
        WeightsError: a file is missing or corrupt, parts of the encoder have no weights, it takes another
            rate, or an adapter follows it.
    """
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(path, local_files_only=True)
    if getattr(config, "add_adapter", False):
        raise WeightsError(
            f"Got an adapter behind the encoder in `{path}`, expected none; choose another one."
        )
    config.mask_time_prob = config.mask_feature_prob = 0.0
    normalize = _wants_normal_samples(path)
    with quiet():
        network, found = AutoModel.from_pretrained(
            path, config=config, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    missing = sorted(found["missing_keys"]) + [str(key[0]) for key in sorted(found["mismatched_keys"])]
    if missing:
        raise WeightsError(
            f"Got no trained weights for {len(missing)} parts of the encoder ({missing[0]}, …) in `{path}`, "
            "expected all; choose a checkpoint of the whole encoder."
        )
    return SpeechTransformer(network, normalize=normalize).eval()


def _wants_normal_samples(folder: Path) -> bool:
    """Tell whether the checkpoint's preprocessor brings clips to mean 0 and variance 1."""
    path = folder / "preprocessor_config.json"
    told: dict[str, Any] = {}
    if path.is_file():
        told = json.loads(path.read_text(encoding="utf-8"))
    elif (folder / "processor_config.json").is_file():
        told = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
        told = told.get("feature_extractor", {})
    if "do_normalize" not in told:
        raise WeightsError(
            f"Got no do_normalize in `{path}`, expected it to say how the encoder wants its samples; "
            "copy the file from the checkpoint."
        )
    if told.get("sampling_rate", RATE_HZ) != RATE_HZ:
        raise WeightsError(
            f"Got an encoder for {told['sampling_rate']} Hz in `{folder}`, expected {RATE_HZ} Hz; "
            "choose another one."
        )
    return bool(told["do_normalize"])
