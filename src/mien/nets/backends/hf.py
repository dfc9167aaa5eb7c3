"""Predict with an audio-classification or regression checkpoint of `transformers` (`--model hf:<id>`)."""

import hashlib
import multiprocessing
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError, WeightsError
from mien.core.files import sha256_of
from mien.core.optional import require
from mien.nets.hub import find_folder, first_line, quiet
from mien.nets.label_words import are_dimensions, category_of, dimension_of
from mien.prediction.model_card import ModelSummary
from mien.prediction.onnx_predictor import softmax
from mien.prediction.predictor import Outputs

BATCH_S = 60.0
"""Most audio that goes through the network at once."""

MIN_DURATION_S = 0.5
MAX_DURATION_S = 15.0

_POOLED_HEAD = "Wav2Vec2ForSpeechClassification"
# Used in training only (SpecAugment), so many checkpoints leave it out.
_NEVER_NEEDED = ("masked_spec_embed",)

_LIMITS = (
    "One network and no ensemble: its epistemic doubt is 0 by construction, not by knowledge.",
    "Its probabilities are as its author left them: how well they are calibrated is not known here.",
    "It never abstains: no threshold was set for it.",
    "The licence is what its card says of the weights; what its training data allow is not known here.",
)


@dataclass(frozen=True)
class Checkpoint:
    """Hold an opened checkpoint.

    Attributes:
        name: `hf:<owner>/<name>`, or `hf:<folder name>`.
        folder: where its files are.
        weights: its safetensors, in order.
        model: the `transformers` model, in evaluation mode.
        extractor: its feature extractor.
    """

    name: str
    folder: Path
    weights: tuple[Path, ...]
    model: Any
    extractor: Any

    @property
    def labels(self) -> list[str]:
        """Return its label words in the order of its outputs."""
        return [str(label) for _, label in sorted(self.model.config.id2label.items())]

    @property
    def is_regression(self) -> bool:
        """Say whether its outputs are values of dimensions, not scores of classes."""
        return self.model.config.problem_type == "regression" or are_dimensions(self.labels)


def load(identifier: str) -> "HfPredictor":
    """Load a checkpoint by its hub name or from a folder.

    Asking for a hub name is asking for its download; `MIEN_OFFLINE=1` takes only what is already there.
    Only safetensors are read, never a pickle, and no code of the checkpoint is run.

    Args:
        identifier: `owner/name` on the hub, or a folder with config.json, preprocessor_config.json and
            model.safetensors.

    Raises:
        MissingExtra: torch or transformers is not installed.
        WeightsError: no such checkpoint, no safetensors, or it is no trained audio classifier.
    """
    require("torch", "train")
    require("transformers", "train")
    folder = find_folder(identifier, download=True)
    weights = tuple(sorted(folder.glob("model*.safetensors")))
    if not weights:
        raise WeightsError(
            f"Got no model.safetensors in checkpoint `{identifier}`, expected one; "
            "mien reads no pickled weights: save the checkpoint again with safetensors."
        )
    from safetensors import SafetensorError

    name = f"hf:{folder.resolve().name}" if Path(identifier).is_dir() else f"hf:{identifier}"
    try:
        with quiet():
            model, extractor = _open(folder, identifier)
    except WeightsError:
        raise
    except (OSError, ValueError, KeyError, TypeError, ImportError, SafetensorError) as error:
        # What transformers raises for a broken or foreign checkpoint depends on where it breaks.
        raise WeightsError(
            f"Got checkpoint `{identifier}` that transformers cannot open as an audio classifier "
            f"({first_line(error)}); choose a checkpoint saved for audio classification."
        ) from error
    return HfPredictor(Checkpoint(name, folder, weights, model, extractor))


class HfPredictor:
    """Predict with an audio classifier of `transformers`, in batches of equal length.

    Padding changes the answer of several of these networks, so a clip shares a batch only with clips of
    exactly its own length: alone = in a batch.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Describe an opened checkpoint; `load` opens one.

        Args:
            checkpoint: network, feature extractor and files.

        Raises:
            WeightsError: its outputs are neither exclusive classes nor distinct dimensions.
        """
        self._model = checkpoint.model
        self._extractor = checkpoint.extractor
        self._regression = checkpoint.is_regression
        self._names = _output_names(checkpoint)
        self._columns = tuple(dict.fromkeys(self._names))
        self.summary = _summarize(checkpoint, self._columns)

    def predict(self, clips: Sequence[NDArray[np.float32]]) -> Outputs:
        """Answer for N clips, in their order.

        Args:
            clips: N mono arrays (S,) of float32 in [-1, 1] at `summary.rate_hz`; one shorter than
                `summary.min_duration_s` is padded to it with silence.

        Returns:
            Probabilities (N, 1, K) of the categories; or K = 0 and each dimension as (N, 1).

        Raises:
            InputError: a clip is not one-dimensional.
        """
        shortest = int(np.ceil(self.summary.min_duration_s * self.summary.rate_hz))
        padded = [_pad(clip, number, shortest) for number, clip in enumerate(clips)]
        answers = np.zeros((len(clips), len(self._names)))
        for rows in _equal_batches([len(clip) for clip in padded], int(BATCH_S * self.summary.rate_hz)):
            answers[rows] = self._run([padded[row] for row in rows])
        if self._regression:
            values = {name: answers[:, [column]] for column, name in enumerate(self._columns)}
            return Outputs(np.zeros((len(clips), 1, 0)), values)
        return Outputs(self._merge(softmax(answers))[:, None, :])

    def _run(self, clips: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Return the raw outputs (B, K) of clips of one length."""
        import torch

        inputs = self._extractor(clips, sampling_rate=self.summary.rate_hz, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**inputs).logits
        return np.asarray(logits.float().numpy(), dtype=np.float64)

    def _merge(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up the probabilities of labels that share a category, as calm and neutral do."""
        merged = np.zeros((len(p), len(self._columns)))
        for column, name in enumerate(self._names):
            merged[:, self._columns.index(name)] += p[:, column]
        return merged


def _open(folder: Path, identifier: str) -> tuple[Any, Any]:
    """Open network and feature extractor; refuse a network with weights left random."""
    import torch
    from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

    if multiprocessing.parent_process() is not None:
        # The cores are already shared out among the worker processes.
        torch.set_num_threads(1)
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    kind: Any = AutoModelForAudioClassification
    if _POOLED_HEAD in (config.architectures or ()):
        if getattr(config, "pooling_mode", "mean") != "mean":
            raise WeightsError(
                f"Got pooling `{config.pooling_mode}` in checkpoint `{identifier}`, expected mean; "
                "choose another checkpoint."
            )
        from mien.nets.pooled_speech import PooledSpeechModel

        kind = PooledSpeechModel
    model, found = kind.from_pretrained(
        folder, config=config, use_safetensors=True, local_files_only=True, output_loading_info=True
    )
    missing = [key for key in sorted(found["missing_keys"]) if not key.endswith(_NEVER_NEEDED)]
    missing += [str(key[0]) for key in sorted(found["mismatched_keys"])]
    if missing:
        raise WeightsError(
            f"Got no trained weights for {len(missing)} parts of checkpoint `{identifier}` "
            f"({missing[0]}, …), expected all; choose a checkpoint trained for audio classification."
        )
    return model.eval(), AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)


def _output_names(checkpoint: Checkpoint) -> list[str]:
    """Return the shared name of each output; refuse outputs that fit no column."""
    labels = checkpoint.labels
    if not checkpoint.is_regression:
        if checkpoint.model.config.problem_type == "multi_label_classification":
            raise WeightsError(
                f"Got multi-label checkpoint `{checkpoint.name}`, expected exclusive classes or dimensions; "
                "choose another checkpoint."
            )
        return [category_of(label) for label in labels]
    names = [dimension_of(label) for label in labels]
    if len(set(names)) != len(names):
        raise WeightsError(
            f"Got dimensions {', '.join(labels)} in checkpoint `{checkpoint.name}`, expected each once; "
            "correct id2label in its config.json."
        )
    return names


def _summarize(checkpoint: Checkpoint, columns: tuple[str, ...]) -> ModelSummary:
    """Describe a checkpoint by what its files say, and no more."""
    model, rate_hz = checkpoint.model, int(checkpoint.extractor.sampling_rate)
    regression = checkpoint.is_regression
    own = "values on its own scale" if regression else "its own classes"
    merged = [label for label in checkpoint.labels if not regression and category_of(label) != label.lower()]
    renamed = (f"Shared names were given to its labels {', '.join(merged)}.",) if merged else ()
    return ModelSummary(
        name=checkpoint.name,
        title=f"{type(model).__name__} checkpoint of transformers",
        licence=licence_of(checkpoint.folder),
        sha256=hash_of(checkpoint.weights),
        rate_hz=rate_hz,
        categories=() if regression else columns,
        dimensions=columns if regression else (),
        min_duration_s=MIN_DURATION_S,
        max_duration_s=_longest_s(model.config),
        parameters=int(model.num_parameters()),
        size_mb=round(sum(path.stat().st_size for path in checkpoint.weights) / 1e6, 2),
        summary=f"A checkpoint that is not part of mien. It answers with {own}: {', '.join(columns)}.",
        limits=(*_LIMITS, *renamed),
        folder=checkpoint.folder,
    )


def _longest_s(config: Any) -> float:
    """Return how much audio the network hears at once, in seconds."""
    if config.model_type == "audio-spectrogram-transformer":
        # A fixed number of spectrogram frames, one per 10 ms; what is longer would be cut off unsaid.
        return min(MAX_DURATION_S, config.max_length / 100)
    return MAX_DURATION_S


def licence_of(folder: Path) -> str:
    """Return the licence that the head of README.md names, or `unknown`."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    head = re.match(r"---\s*\n(.*?)\n---", text, flags=re.DOTALL)
    named = re.search(r"^license:\s*['\"]?([\w.+-]+)", head.group(1), flags=re.MULTILINE) if head else None
    return named.group(1) if named else "unknown"


def hash_of(weights: Sequence[Path]) -> str:
    """Return the SHA-256 of the weights; of several files, that of their hashes joined."""
    hashes = [sha256_of(path) for path in weights]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _pad(clip: NDArray[np.float32], number: int, shortest: int) -> NDArray[np.float32]:
    """Return a clip of at least `shortest` samples."""
    if clip.ndim != 1:
        raise InputError(
            f"Got clip {number} of shape {clip.shape}, expected (samples,); mix it to mono first."
        )
    return np.pad(clip, (0, max(0, shortest - len(clip)))).astype(np.float32)


def _equal_batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Return rows of equal length together, at most `most` samples at once, at least one row."""
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    for length, rows in by_length.items():
        step = max(1, most // length)
        for begin in range(0, len(rows), step):
            yield rows[begin : begin + step]
