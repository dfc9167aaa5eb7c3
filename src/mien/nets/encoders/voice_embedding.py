"""Who speaks, and how a voice sounds, in 256 numbers per 1.6 s: a recurrent speaker encoder."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from transformers.audio_utils import mel_filter_bank

from mien.core.errors import WeightsError
from mien.core.settings import Settings
from mien.nets.frames import Frames
from mien.nets.log_mel import dft_kernel
from mien.nets.real_samples import count_real_samples

RATE_HZ = 16000
BANDS = 40
WINDOW, HOP = 400, 160
SPAN = 160
"""Mel frames that the network hears at once: 1.6 s."""

STEP = 77
"""Mel frames from one span to the next: 1.3 spans per second."""

LEAST_COVER = 0.75
LOUDNESS_DB = -30.0

CARD = {
    "title": "Voice embedding: three LSTM layers on mel energies, trained to tell speakers apart",
    "paper": "L. Wan, Q. Wang, A. Papir, I. Lopez Moreno, Generalized End-to-End Loss for Speaker "
    "Verification, ICASSP 2018",
    "year": 2018,
    "inputs": "16-kHz samples",
    "outputs": "one unit vector per 1.6 s of sound, every 0.77 s",
    "variants": {
        "resemblyzer": {"config": {}, "parameters": 1423616},
        "tiny": {"config": {"width": 16}, "parameters": 8336},
    },
    "padding": "masked",
    "weights": {"voice-embedding": "voice-embedding"},
    "departures": "weights and sizes as in Resemblyzer 0.1.4: 256 instead of 768 cells, ReLU before the "
    "norm; its removal of long pauses is left out: cut at pauses first (--segments vad); the layers "
    "below the last are given too, each span's last state",
}

MODEL_TYPES: tuple[str, ...] = ()


class Config(Settings):
    """Sizes of the network."""

    width: int = Field(256, ge=2, description="cells of each layer, and values of the embedding")
    layers: int = Field(3, ge=1, description="LSTM layers")


class VoiceEmbedding(nn.Module):
    """Hear a clip in overlapping spans of 1.6 s and give a unit vector for each.

    Use the mean over spans to compare voices by the angle between them. It says little about words, and it
    was not trained on emotion.

    Args:
        config: sizes.
    """

    modality = "voice"
    frame_rate_hz = RATE_HZ / HOP / STEP

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.width, self.layer_count = config.width, config.layers + 1
        sizes = [BANDS] + [config.width] * config.layers
        self.recurrences = nn.ModuleList(
            nn.LSTM(inputs, config.width, batch_first=True) for inputs in sizes[:-1]
        )
        self.output = nn.Linear(config.width, config.width)
        self.register_buffer("dft", torch.from_numpy(dft_kernel(WINDOW)), persistent=False)
        filters = mel_filter_bank(
            WINDOW // 2 + 1, BANDS, 0.0, RATE_HZ / 2, RATE_HZ, norm="slaney", mel_scale="slaney"
        )
        self.register_buffer("mel", torch.from_numpy(filters.T).float().contiguous(), persistent=False)

    def encode(self, x: Tensor, valid: Tensor) -> Frames:
        """Return one unit vector per span.

        Args:
            x: float32 samples `(B, S)` at 16 kHz, in [-1, 1].
            valid: `(B, S)` bool, True = real, padding last.

        Raises:
            DataError: shapes that differ, or a clip without a real sample.
        """
        return self.encode_layers(x, valid)[-1]

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return the last state of each LSTM layer per span, then the embedding.

        Args:
            x: float32 samples `(B, S)` at 16 kHz, in [-1, 1].
            valid: `(B, S)` bool, True = real, padding last.

        Raises:
            DataError: shapes that differ, or a clip without a real sample.
        """
        length = count_real_samples(x, valid)
        count = count_spans(length)
        mel = self._mel(_levelled(x, valid, length))  # (B, T, 40)
        spans = mel.unfold(1, SPAN, STEP)[:, : count.max()].transpose(2, 3)  # (B, W, 160, 40)
        real = torch.arange(spans.shape[1], device=x.device)[None] < count[:, None]  # (B, W)
        heard, layers = spans[real], []  # (N, 160, 40)
        for recurrence in self.recurrences:
            heard, _ = recurrence(heard)
            layers.append(heard[:, -1])
        # the small number keeps the gradient finite where no output is positive
        layers.append(functional.normalize(torch.relu(self.output(layers[-1])), dim=1, eps=1e-8))
        return tuple(Frames(_placed(values, real), real, self.frame_rate_hz) for values in layers)

    def _mel(self, samples: Tensor) -> Tensor:
        """Return mel energies `(B, T, 40)` of frames centred on every 160th sample, and a span of silence."""
        padded = functional.pad(samples, (WINDOW // 2, WINDOW // 2 + SPAN * HOP))
        real, imaginary = functional.conv1d(padded.unsqueeze(1), self.dft, stride=HOP).chunk(2, dim=1)
        return torch.matmul(self.mel, real.square() + imaginary.square()).transpose(1, 2)


def count_spans(length: Tensor) -> Tensor:
    """Return how many spans a clip of `length` samples has, at least one.

    A last span that is heard to less than 75 % is left out, unless it is the only one.

    Args:
        length: int `(B,)`, real samples of each clip.

    Example:
        >>> count_spans(torch.tensor([1, 25600, 60000])).tolist()
        [1, 1, 4]
    """
    frames = torch.div(length, HOP, rounding_mode="floor") + 1
    steps = (frames - SPAN + STEP + 1).clamp(min=1)
    spans = torch.div(steps - 1, STEP, rounding_mode="floor") + 1
    covered = (length - (spans - 1) * STEP * HOP) / (SPAN * HOP)
    return torch.where((covered < LEAST_COVER) & (spans > 1), spans - 1, spans)


def _levelled(samples: Tensor, valid: Tensor, length: Tensor) -> Tensor:
    """Return samples with quiet clips raised to -30 dB of full scale, padding set to zero."""
    samples = samples * valid
    power = samples.square().sum(dim=1) / length  # (B,)
    wanted = 10 ** (LOUDNESS_DB / 10)
    gain = torch.where((power > 0) & (power < wanted), (wanted / power.clamp(min=1e-20)).sqrt(), 1.0)
    return samples * gain[:, None]


def _placed(values: Tensor, real: Tensor) -> Tensor:
    """Return values `(N, D)` at their places `(B, W, D)`, zero elsewhere."""
    placed = values.new_zeros(*real.shape, values.shape[1])
    placed[real] = values
    return placed


def build(config: Config) -> VoiceEmbedding:
    """Return the network with random weights, its memories as long as a span.

    With a short memory, a clip of half a second would be forgotten in the silence behind it.

    Source:
        C. Tallec, Y. Ollivier, Can recurrent neural networks warp time?, ICLR 2018, section 2.2.
    """
    net = VoiceEmbedding(config)
    for recurrence in net.recurrences:
        longer = torch.rand(config.width).mul(SPAN - 2).add(1).log()
        with torch.no_grad():
            recurrence.bias_hh_l0.zero_()
            recurrence.bias_ih_l0[: 2 * config.width] = torch.cat([-longer, longer])
    return net


def load(path: Path) -> VoiceEmbedding:
    """Open the weights that Resemblyzer 0.1.4 carries.

    Only tensors are read: a file that holds anything else is refused by torch before it is run.

    Args:
        path: its `pretrained.pt`.

    Raises:
        WeightsError: the file cannot be read, or holds another network.
    """
    net = VoiceEmbedding(Config())
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        net.load_state_dict({_own_name(name): value for name, value in found.items() if "." in name})
    except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"Got weights `{path}`, expected the pretrained.pt of Resemblyzer 0.1.4; "
            f"install it again: pip install --no-deps Resemblyzer==0.1.4. ({type(error).__name__})"
        ) from error
    return net.eval()


def _own_name(name: str) -> str:
    """Return our name of one of its tensors: one LSTM of three layers there, three LSTMs here."""
    part, _, tensor = name.partition(".")
    if part != "lstm":
        return f"output.{tensor}"
    kind, _, layer = tensor.rpartition("_l")
    return f"recurrences.{layer}.{kind}_l0"
