"""Hold recordings, the encoder as loaded, and what it says of them, for all runs on one table."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from mien.nets.load_encoder import load_encoder
from mien.prediction.model_card import ModelSummary
from mien.training.adapters import describing
from mien.training.clip_samples import ClipSamples, describe_clips

LONGEST_S = 30.0
"""Longer clips are cut: most encoders were trained on no more, and attention over more needs much memory."""


class Hearing:
    """Hear every clip once, however many runs, trials or draws of labels ask for it.

    Args:
        table: segment table of the clips.
        facts: what the encoder is; its hash is empty for random weights.
        encoder: as for `load_encoder`.
        cache: folder for descriptions by frozen encoders, shared by runs.
        seed: seeds the degradations.
        download: True if the user asked for the encoder to be fetched.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        facts: ModelSummary,
        *,
        encoder: str,
        cache: Path,
        seed: int,
        download: bool = False,
    ) -> None:
        self.table, self.facts, self.name = table, facts, encoder
        self.cache, self.seed, self.download = cache, seed, download
        self._described: dict[int, NDArray[np.float32]] = {}

    @cached_property
    def clips(self) -> ClipSamples:
        """The recordings."""
        return ClipSamples(self.table, longest_s=LONGEST_S)

    def encoder(self) -> nn.Module:
        """Return the encoder as loaded; random weights are those of torch's present seed."""
        return self._loaded if self.facts.sha256 else self._load()

    def describe(self, copies: int) -> NDArray[np.float32]:
        """Return what the encoder as loaded says of all clips, `(copies + 1, clips, L, W)`.

        Args:
            copies: degraded copies of each clip; copy 0 is the recording itself.
        """
        if copies not in self._described:
            front = describing(self.encoder()).eval()
            self._described[copies] = describe_clips(
                self.clips,
                front.to("cuda" if torch.cuda.is_available() else "cpu"),
                rows=range(len(self.clips)),
                copies=copies,
                seed=self.seed,
                cache=self.cache,
                of=self.facts.sha256,
            )
        return self._described[copies]

    @cached_property
    def _loaded(self) -> nn.Module:
        return self._load()

    def _load(self) -> nn.Module:
        return load_encoder(self.name, download=self.download)
