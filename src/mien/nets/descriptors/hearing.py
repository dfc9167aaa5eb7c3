"""Check a padded batch of samples, and bring it to openSMILE's scale."""

import torch
from torch import Tensor

from mien.core.errors import ConfigError, DataError
from mien.features.voice.clip_checks import FULL_SCALE
from mien.nets.descriptors.over_time import first_rows


def hear(samples: Tensor, length: Tensor, *, least: int, kind: torch.dtype) -> Tensor:
    """Return samples as openSMILE scales them, zeros behind each clip, `(B, S)`.

    Args:
        samples: `(B, S)` in [-1, 1], each clip's real samples first.
        length: int `(B,)`, real samples of each clip.
        least: samples that a clip must have.
        kind: of number that the samples are to be.

    Raises:
        ConfigError: `kind` is of half precision.
        DataError: a clip is too short or longer than its row, or holds values that are not finite.
    """
    if kind not in (torch.float32, torch.float64):
        raise ConfigError(
            f"Got descriptors in {kind}, expected torch.float32, since powers of faint sounds are too small "
            "for less; leave this part out when the network is made smaller."
        )
    if samples.ndim != 2 or length.shape != samples.shape[:1]:
        raise DataError(
            f"Got samples {tuple(samples.shape)} and length {tuple(length.shape)}, expected (clips, samples) "
            "and (clips,); pass a length for each clip."
        )
    if bool(((length < least) | (length > samples.shape[1])).any()):
        raise DataError(
            f"Got clips of {length.tolist()} samples in rows of {samples.shape[1]}, expected {least} or "
            "more, one frame of 60 ms, and no more than the row has; leave shorter ones out."
        )
    heard = float(FULL_SCALE) * samples.to(kind).masked_fill(~first_rows(samples, length), 0.0)
    finite = heard.isfinite().all(dim=1)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0, 0])
        raise DataError(f"Got clip {row} with values that are not finite, expected samples in [-1, 1].")
    return heard


def whole_precision(samples: Tensor) -> torch.autocast:
    """Keep mixed precision away where samples lie: powers of faint sounds are too small for it."""
    return torch.autocast(samples.device.type, enabled=False)
