"""Put a speech encoder to a task: frozen, with low-rank additions, or with every weight learning."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.optional import require
from mien.nets.frames import Frames
from mien.nets.layer_mix import LayerMix
from mien.nets.pooling import MeanPooling, StatisticsPooling
from mien.training.fine_tune_settings import NetConfig
from mien.training.supervised import Adaptation, Supervised, Task

CATEGORY, DIMENSIONS = "category", "dimensions"
LEAST_SPREAD = 0.1
"""A value that hardly varies is not blown up beyond ten times what its layer's others are."""


class Described(nn.Module):
    """Hold how clips are described: mean and deviation over time of every layer, brought to one scale.

    As an encoder it takes clips that are described already, `(B, L, W)`: a frozen encoder need not hear a
    clip twice.

    Args:
        layers: number of layers, L.
        width: values per layer, W: twice those of the encoder.
    """

    modality, frame_rate_hz = "voice", 0.0

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.layer_count, self.width = layers, width
        self.register_buffer("centre", torch.zeros(layers, width))
        self.register_buffer("spread", torch.ones(layers, width))

    def fit(self, described: Tensor) -> None:
        """Take mean and spread from descriptions of training clips `(clips, L, W)`."""
        spread = described.std(dim=0, correction=0)
        self.centre.copy_(described.mean(dim=0))
        self.spread.copy_(spread.clamp(min=1e-4) + LEAST_SPREAD * spread.mean(dim=1, keepdim=True))

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return each layer as one frame per clip, for descriptions `(B, L, W)`."""
        scaled = (x - self.centre) / self.spread
        real = torch.ones_like(x[:, :1, 0], dtype=torch.bool)
        return tuple(Frames(layer.unsqueeze(1), real, 0.0) for layer in scaled.unbind(dim=1))


class Describing(nn.Module):
    """Describe clips by an encoder, as one that `Supervised` can train.

    Args:
        encoder: gives frames of every layer.
        described: brings them to one scale.
    """

    modality, frame_rate_hz = "voice", 0.0

    def __init__(self, encoder: nn.Module, described: Described) -> None:
        super().__init__()
        self.encoder, self.described, self.pooling = encoder, described, StatisticsPooling()
        self.layer_count, self.width = described.layer_count, described.width

    def describe(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return mean and deviation over time of each layer, `(B, L, W)`, for samples `(B, S)`."""
        layers = self.encoder.encode_layers(x, valid)
        return torch.stack([self.pooling(frames.values, frames.valid) for frames in layers], dim=1)

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return each layer as one frame per clip, for samples `(B, S)`."""
        return self.described.encode_layers(self.describe(x, valid), valid)


def describing(encoder: nn.Module) -> Describing:
    """Return a copy of an encoder that describes clips.

    Raises:
        ConfigError: the encoder reads words.
    """
    if encoder.modality != "voice":
        raise ConfigError("Got an encoder of words, expected one of speech, such as whisper-tiny; change it.")
    return Describing(copy.deepcopy(encoder), Described(encoder.layer_count, 2 * encoder.width))


def build_tuned(front: nn.Module, config: NetConfig, *, categories: int, dimensions: int) -> Supervised:
    """Return the network to train: layers mixed in learned shares, and heads for what is learned.

    Args:
        front: `Described` for a probe, `Describing` else.
        config: what learns.
        categories: number of categories; 0 for none.
        dimensions: number of ratings; 0 for none.
    """
    heads = {"hidden": config.hidden, "dropout": config.dropout}
    tasks = {CATEGORY: Task(count=categories, **heads)} if categories else {}
    if dimensions:
        tasks[DIMENSIONS] = Task(objective="concordance", count=dimensions, **heads)
    if isinstance(front, Describing) and config.adapt == "lora":
        add_lora(front.encoder, config)
    return Supervised(
        front,
        MeanPooling(),
        tasks,
        mix=LayerMix(front.layer_count),
        members=config.members,
        adaptation=Adaptation(
            frozen=config.adapt == "probe",
            layer_decay=config.layer_decay if config.adapt == "full" else 1.0,
        ),
    )


def add_lora(encoder: nn.Module, config: NetConfig) -> None:
    """Freeze an encoder and add low-rank matrices that learn to its linear layers, in place.

    Args:
        encoder: as loaded.
        config: rank, scale and dropout of the additions.

    Raises:
        ConfigError: the encoder has no linear layer.
        MissingExtra: `peft` is not installed.

    Source:
        E. J. Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022.
    """
    peft = require("peft", "train")
    names = [name for name, part in encoder.named_modules() if isinstance(part, nn.Linear)]
    if not names:
        raise ConfigError("Got an encoder without linear layers for --adapt lora; use full or probe.")
    numbered = [name for name in names if any(part.isdigit() for part in name.split("."))]
    wanted = peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.lora_dropout,
        target_modules=numbered or names,
    )
    peft.inject_adapter_in_model(wanted, encoder)


def merge_lora(encoder: nn.Module) -> nn.Module:
    """Return the encoder with its additions summed into its weights: as fast and large as it was."""
    layer_kind = require("peft.tuners.lora", "train").LoraLayer
    for name, part in list(encoder.named_modules()):
        if isinstance(part, layer_kind):
            part.merge()
            parent, _, last = name.rpartition(".")
            setattr(encoder.get_submodule(parent), last, part.get_base_layer())
    return encoder


def whole_net(net: Supervised, encoder: nn.Module, config: NetConfig) -> Supervised:
    """Return the network that takes samples, for one that was trained on described clips or with LoRA.

    Args:
        net: as trained; it is changed.
        encoder: as loaded, the frozen one of a probe.
        config: what learned.
    """
    if isinstance(net.encoder, Described):
        net.encoder = Describing(copy.deepcopy(encoder), net.encoder)
    elif config.adapt == "lora":
        merge_lora(net.encoder.encoder)
    return net.eval()


def layer_shares(net: Supervised) -> Sequence[float]:
    """Return how much each layer counts, from the embedding to the last; they sum to 1."""
    return [round(float(share), 3) for share in net.mix.shares.detach()]
