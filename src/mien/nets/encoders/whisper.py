"""Whisper's speech encoder, run at the real length of each clip."""

import json
import math
from pathlib import Path

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from mien.core.errors import ConfigError, DataError, WeightsError
from mien.core.settings import Settings
from mien.nets.ctranslate2_file import read_ctranslate2
from mien.nets.frames import Frames
from mien.nets.safetensors_folder import read_safetensors
from mien.nets.whisper_log_mel import HOP, RATE_HZ, WhisperLogMel

CARD = {
    "title": "Whisper's encoder: two convolutions and a transformer on log-mel frames",
    "paper": "A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023",
    "year": 2023,
    "inputs": "16-kHz samples, up to 30 s",
    "outputs": "50 frames per second, or 25 with pair_frames; from the embedding to the last layer",
    "variants": {
        "tiny": {
            "config": {"width": 16, "layers": 2, "heads": 2, "hidden": 32, "bands": 16, "positions": 200},
            "parameters": 6016,
        },
        "tiny-paired": {
            "config": {
                "width": 16,
                "layers": 2,
                "heads": 2,
                "hidden": 32,
                "bands": 16,
                "positions": 200,
                "pair_frames": True,
            },
            "parameters": 6016,
        },
        "whisper-tiny": {"config": {}, "parameters": 7632384},
        "whisper-base": {
            "config": {"width": 512, "layers": 6, "heads": 8, "hidden": 2048},
            "parameters": 19822592,
        },
    },
    "weights": {"whisper-tiny": "whisper-tiny-en"},
    "padding": "masked",
    "departures": "a clip is not filled up to 30 s with silence: positions are cut to its real length, "
    "attention sees real frames only, and the frame range is counted from its own loudest frame. "
    "whisper-tiny is the English model (tiny.en), its weights rounded to float16 and computed in float32",
}

MODEL_TYPES = ("whisper",)


class Config(Settings):
    """Sizes of the encoder; the defaults are those of Whisper tiny."""

    width: int = Field(384, ge=2, multiple_of=2, description="values per frame")
    layers: int = Field(4, ge=1, description="transformer layers")
    heads: int = Field(6, ge=1, description="attention heads; they divide the width")
    hidden: int = Field(1536, ge=1, description="width of the feed-forward layer")
    bands: int = Field(80, ge=1, description="mel bands")
    positions: int = Field(1500, ge=1, description="longest input in frames of 20 ms")
    pair_frames: bool = Field(
        False, description="give the transformer means of two frames, 25 per second: half the time"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="chance to drop a value in training")

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        if self.width % self.heads:
            raise ValueError(f"heads that divide the width {self.width}")
        return self


class Attention(nn.Module):
    """Attend to the real frames of the same clip."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, frames: Tensor, bias: Tensor) -> Tensor:
        """Return `(B, T, D)` for frames `(B, T, D)` and bias `(B, 1, 1, T)`: -inf where not real, else 0."""
        q, k, v = (
            part(frames).unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, H, T, D / H)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        # Written out: the fused kernel rounds by batch shape, which the last layer blows up to 1e-4.
        scores = (q @ k.transpose(2, 3)) * q.shape[3] ** -0.5  # (B, H, T, T)
        weights = (scores + bias).softmax(dim=3)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Normalize, attend; normalize, transform each frame."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self_attn_layer_norm = nn.LayerNorm(config.width)
        self.self_attn = Attention(config.width, config.heads)
        self.final_layer_norm = nn.LayerNorm(config.width)
        self.fc1 = nn.Linear(config.width, config.hidden)
        self.fc2 = nn.Linear(config.hidden, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, frames: Tensor, bias: Tensor) -> Tensor:
        """Return `(B, T, D)` for frames `(B, T, D)` and bias `(B, 1, 1, T)`: -inf where not real, else 0."""
        frames = frames + self.dropout(self.self_attn(self.self_attn_layer_norm(frames), bias))
        hidden = self.dropout(nn.functional.gelu(self.fc1(self.final_layer_norm(frames))))
        return frames + self.dropout(self.fc2(hidden))


class WhisperEncoder(nn.Module):
    """Encode samples; weights are named as in `transformers`."""

    modality = "voice"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config, self.width, self.layer_count = config, config.width, config.layers + 1
        self.frame_rate_hz = RATE_HZ / HOP / (4 if config.pair_frames else 2)
        self.front_end = WhisperLogMel(bands=config.bands)
        self.conv1 = nn.Conv1d(config.bands, config.width, 3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.register_buffer("positions", _fit_positions(sinusoids(config.positions, config.width), config))
        self.layers = nn.ModuleList([Layer(config) for _ in range(config.layers)])
        self.layer_norm = nn.LayerNorm(config.width)

    def encode(self, x: Tensor, valid: Tensor) -> Frames:
        """Return the last layer's frames, 50 per second, or 25 with `pair_frames`.

        Args:
            x: samples `(B, S)` at 16 kHz in [-1, 1], up to 30 s.
            valid: `(B, S)` bool.

        Raises:
            DataError: a clip has no real sample or is longer than the encoder's positions.
        """
        return self.encode_layers(x, valid)[-1]

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return the frames of every layer, from the embedding to the last, which is normalized.

        Args:
            x: samples `(B, S)` at 16 kHz in [-1, 1], up to 30 s.
            valid: `(B, S)` bool.

        Raises:
            DataError: a clip has no real sample or is longer than the encoder's positions.
        """
        return self.encode_mel(*self.front_end(x, valid))

    def encode_mel(self, mel: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return the frames of every layer from log-mel frames `(B, bands, T)` and valid `(B, T)`.

        Raises:
            DataError: there are more frames than the encoder has positions for.
        """
        if mel.shape[2] > 2 * self.config.positions:
            longest_s = 2 * self.config.positions * HOP / RATE_HZ
            raise DataError(
                f"Got a clip of {mel.shape[2] * HOP / RATE_HZ:.1f} s, expected at most {longest_s:.0f} s; "
                "cut it into segments."
            )
        step = 4 if self.config.pair_frames else 2
        more = (step - mel.shape[2] % step) % step  # up to whole steps
        frames = nn.functional.pad(mel * valid.unsqueeze(1), (0, more)).transpose(1, 2)  # (B, T, bands)
        valid = nn.functional.pad(valid, (0, more))
        hidden = _convolve(_with_neighbours(frames), self.conv1) * valid.unsqueeze(2)  # (B, T, D)
        hidden = _convolve(_pairs_with_neighbour(hidden), self.conv2)  # (B, T / 2, D)
        valid = valid[:, ::2]
        if self.config.pair_frames:
            hidden, valid = _mean_of_pairs(hidden, valid), valid[:, ::2]  # (B, T / 4, D)
        layers = [hidden + self.positions[: hidden.shape[1]]]
        bias = torch.zeros_like(valid, dtype=hidden.dtype).masked_fill(~valid, -torch.inf)[:, None, None]
        for layer in self.layers:
            layers.append(layer(layers[-1], bias))
        layers[-1] = self.layer_norm(layers[-1])
        return tuple(Frames(values, valid, self.frame_rate_hz) for values in layers)


def _with_neighbours(frames: Tensor) -> Tensor:
    """Return each frame of `(B, T, C)` between the one before and the one behind it, `(B, T, 3C)`."""
    around = nn.functional.pad(frames, (0, 0, 1, 1))
    return torch.cat([around[:, :-2], frames, around[:, 2:]], dim=2)


def _pairs_with_neighbour(frames: Tensor) -> Tensor:
    """Return each two frames of `(B, T, C)` behind the one before them, `(B, T / 2, 3C)`; T is even."""
    before = nn.functional.pad(frames[:, 1:-1:2], (0, 0, 1, 0))
    # not unflatten and flatten, which an exported graph would do for one length only
    return torch.cat([before, frames.reshape(frames.shape[0], -1, 2 * frames.shape[2])], dim=2)


def _convolve(around: Tensor, convolution: nn.Conv1d) -> Tensor:
    """Convolve `(B, T, 3C)` as one product per frame; a `conv1d` rounds by the batch's length."""
    weight = convolution.weight.transpose(1, 2).flatten(1)
    return nn.functional.gelu(nn.functional.linear(around, weight, convolution.bias))


def _mean_of_pairs(frames: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of the real ones of each two frames, `(B, T / 2, D)`; T is even."""
    second = 0.5 * valid[:, 1::2].unsqueeze(2)
    return frames[:, ::2] * (1.0 - second) + frames[:, 1::2] * second


def build(config: Config) -> WhisperEncoder:
    """Return the encoder with random weights."""
    return WhisperEncoder(config)


def load(
    path: Path, *, layers: int | None = None, positions: int | None = None, pair_frames: bool = False
) -> WhisperEncoder:
    """Return a trained encoder, or the first part of one, in evaluation mode.

    Args:
        path: `model.bin` of CTranslate2, or a hub-style folder with config.json and safetensors.
        layers: keep the first so many transformer layers; None for all.
        positions: keep the first so many position codes, one per 20 ms: that makes an exported file smaller
            and the longest clip shorter; None for all.
        pair_frames: give the transformer means of two frames, 25 per second.

    Raises:
        ConfigError: more layers or positions than the file has.
        WeightsError: the file is of another kind or corrupt, or the folder lacks a part of the encoder.
    """
    whole, weights = _from_folder(path) if path.is_dir() else _from_ctranslate2(path)
    config = _cut(whole, layers=layers, positions=positions, pair_frames=pair_frames)
    encoder = WhisperEncoder(config)
    _check_names(weights, encoder, path)
    kept = {name: weights[name] for name in encoder.state_dict()}
    if len(kept["positions"]) == whole.positions:
        kept["positions"] = _fit_positions(kept["positions"], config)
    try:
        encoder.load_state_dict(kept)
    except RuntimeError as error:  # shapes that do not fit
        raise WeightsError(
            f"Got `{path}` with weights of another shape than its settings say; fetch it again. ({error})"
        ) from error
    return encoder.eval()


def _cut(whole: Config, *, layers: int | None, positions: int | None, pair_frames: bool) -> Config:
    """Return the settings of the first part of an encoder."""
    wanted = {"layers": layers, "positions": positions}
    sizes = {name: value for name, value in wanted.items() if value is not None}
    for name, value in sizes.items():
        if not 1 <= value <= getattr(whole, name):
            raise ConfigError(
                f"Got {name}={value}, expected 1 to {getattr(whole, name)}, as many as the trained encoder "
                "has; take fewer, or leave it out."
            )
    return whole.model_copy(update={**sizes, "pair_frames": pair_frames})


def sinusoids(length: int, width: int) -> Tensor:
    """Return Whisper's fixed position codes, float32 `(length, width)`: sines, then cosines."""
    rates = torch.exp(-math.log(10000.0) / max(width // 2 - 1, 1) * torch.arange(width // 2))
    angles = torch.arange(length).unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _fit_positions(codes: Tensor, config: Config) -> Tensor:
    """Return the first codes of `(P, D)`, one per 20 ms, and of pairs their mean, one per 40 ms."""
    codes = codes[: config.positions]
    if not config.pair_frames:
        return codes
    return (codes[::2] + torch.cat([codes[1::2], codes[-1:]])[: len(codes[::2])]) / 2


def _check_names(weights: dict[str, Tensor], encoder: nn.Module, path: Path) -> None:
    missing = sorted(encoder.state_dict().keys() - weights.keys())
    if missing:
        raise WeightsError(
            f"Got no weights for {len(missing)} parts of the encoder ({missing[0]}, …) in `{path}`, "
            "expected all; choose a Whisper checkpoint."
        )


def _from_folder(folder: Path) -> tuple[Config, dict[str, Tensor]]:
    """Read a hub-style folder."""
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = Config(
        width=told["d_model"],
        layers=told["encoder_layers"],
        heads=told["encoder_attention_heads"],
        hidden=told["encoder_ffn_dim"],
        bands=told["num_mel_bins"],
        positions=told["max_source_positions"],
        dropout=told.get("dropout", 0.0),
    )
    stored = read_safetensors(folder)
    weights = {name.rpartition("encoder.")[2]: value for name, value in stored.items() if "encoder." in name}
    if "embed_positions.weight" in weights:
        weights["positions"] = weights.pop("embed_positions.weight")
    return config, weights


_FROM_CTRANSLATE2 = {
    "self_attn_layer_norm.weight": "self_attention/layer_norm/gamma",
    "self_attn_layer_norm.bias": "self_attention/layer_norm/beta",
    "self_attn.out_proj.weight": "self_attention/linear_1/weight",
    "self_attn.out_proj.bias": "self_attention/linear_1/bias",
    "final_layer_norm.weight": "ffn/layer_norm/gamma",
    "final_layer_norm.bias": "ffn/layer_norm/beta",
    "fc1.weight": "ffn/linear_0/weight",
    "fc1.bias": "ffn/linear_0/bias",
    "fc2.weight": "ffn/linear_1/weight",
    "fc2.bias": "ffn/linear_1/bias",
}


def _from_ctranslate2(path: Path) -> tuple[Config, dict[str, Tensor]]:
    """Read a `model.bin`, whose linear layer 0 holds query, key and value on top of each other."""
    file = read_ctranslate2(path, prefix="encoder/")
    if file.spec != "WhisperSpec":
        raise WeightsError(f"Got `{file.spec}` in `{path}`, expected WhisperSpec; choose a Whisper model.")
    stored = {name.removeprefix("encoder/"): value for name, value in file.weights.items()}
    if any(value.dtype == torch.int8 and value.ndim > 1 for value in stored.values()):
        raise WeightsError(f"Got int8 weights in `{path}`, expected float16 or float32; convert them so.")
    layers = len({name.split("/")[0] for name in stored if name.startswith("layer_") and "/self_" in name})
    config = Config(
        width=stored["conv1/weight"].shape[0],
        layers=layers,
        heads=int(stored["num_heads"]),
        hidden=stored["layer_0/ffn/linear_0/weight"].shape[0],
        bands=stored["conv1/weight"].shape[1],
        positions=stored["position_encodings/encodings"].shape[0],
    )
    weights = {
        f"{name}.{part}": stored[f"{name}/{part}"]
        for name in ("conv1", "conv2")
        for part in ("weight", "bias")
    }
    weights["positions"] = stored["position_encodings/encodings"]
    weights["layer_norm.weight"] = stored["layer_norm/gamma"]
    weights["layer_norm.bias"] = stored["layer_norm/beta"]
    for number in range(layers):
        ours, theirs = f"layers.{number}", f"layer_{number}"
        weights |= {f"{ours}.{to}": stored[f"{theirs}/{of}"] for to, of in _FROM_CTRANSLATE2.items()}
        for part in ("weight", "bias"):
            fused = stored[f"{theirs}/self_attention/linear_0/{part}"]
            for to, value in zip(("q_proj", "k_proj", "v_proj"), fused.chunk(3), strict=True):
                weights[f"{ours}.self_attn.{to}.{part}"] = value
        del weights[f"{ours}.self_attn.k_proj.bias"]  # Whisper has none: zeros
    return config, {name: value.float() for name, value in weights.items()}
