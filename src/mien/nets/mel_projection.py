"""A naive baseline with the interface of HEAR: log-mel frames through a fixed random projection."""

from pathlib import Path

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.nets.log_mel import LogMel

WIDTH = 256
BANDS = 64


class MelProjection(nn.Module):
    """Project log-mel frames at random; an embedding that learned anything should do better.

    Attributes:
        sample_rate: Hz.
        scene_embedding_size: values per clip.
        timestamp_embedding_size: values per frame of 16 ms.

    Args:
        seed: of the projection.
    """

    sample_rate = 16000
    scene_embedding_size = WIDTH
    timestamp_embedding_size = WIDTH

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.log_mel = LogMel(rate_hz=self.sample_rate, bands=BANDS)
        projection = torch.randn(BANDS, WIDTH, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("projection", projection / BANDS**0.5)

    def forward(self, audio: Tensor) -> Tensor:
        """Return embeddings `(B, T, D)` of samples `(B, S)`."""
        missing = max(0, self.log_mel.window - audio.shape[1])
        padded = nn.functional.pad(audio, (0, missing))
        length = torch.full((len(audio),), padded.shape[1], device=audio.device)
        frames, _ = self.log_mel(padded, length)  # (B, bands, T)
        return torch.matmul(frames.transpose(1, 2), self.projection)


def load_model(model_file_path: str = "") -> MelProjection:
    """Return the baseline.

    Args:
        model_file_path: text file that holds the seed of the projection; empty for seed 0.

    Raises:
        ConfigError: the file holds no number.
    """
    if not model_file_path:
        return MelProjection().eval()
    try:
        return MelProjection(int(Path(model_file_path).read_text(encoding="utf-8"))).eval()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"Got weights `{model_file_path}`, expected a text file with a whole number, the seed; or none."
        ) from error


def get_timestamp_embeddings(audio: Tensor, model: MelProjection) -> tuple[Tensor, Tensor]:
    """Return embeddings over time.

    Args:
        audio: `(B, S)` in [-1, 1] at `model.sample_rate`.
        model: from `load_model`.

    Returns:
        Embeddings `(B, T, D)` and the middles of their frames `(B, T)` in ms.
    """
    with torch.inference_mode():
        found = model(audio)
    layout = model.log_mel
    middle = (torch.arange(found.shape[1]) * layout.hop + layout.window / 2) * 1000 / model.sample_rate
    return found, middle.repeat(len(audio), 1)


def get_scene_embeddings(audio: Tensor, model: MelProjection) -> Tensor:
    """Return the mean over time, `(B, D)`.

    Args:
        audio: `(B, S)` in [-1, 1] at `model.sample_rate`.
        model: from `load_model`.
    """
    return get_timestamp_embeddings(audio, model)[0].mean(dim=1)
