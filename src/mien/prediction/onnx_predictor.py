"""Run an exported voice model: clips in, member probabilities out."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError, WeightsError
from mien.core.files import sha256_of
from mien.core.onnx import OnnxSession
from mien.prediction.contract import check_contract, contract_from
from mien.prediction.model_card import ModelSummary
from mien.prediction.predictor import Outputs

BATCH_S = 15.0
"""Most audio, padding included, that goes through the model at once: more of it falls out of the caches."""


class OnnxPredictor:
    """Predict with the `model.onnx` of a model folder.

    Clips are sorted by length and padded in batches of at most 15 s, so that one long clip does not make
    short ones expensive. A clip shorter than the model's `min_duration_s` is padded to it with silence.
    """

    def __init__(self, summary: ModelSummary, *, threads: int = 1) -> None:
        """Check the weights against their hash and open them.

        Args:
            summary: of a model folder (`read_summary`).
            threads: processor threads for one model call.

        Raises:
            WeightsError: the weights are missing, differ from their hash, are no such model, or state a
                contract that differs from model.toml.
        """
        if summary.folder is None:
            raise ConfigError(f"Got model `{summary.name}` without a folder, expected one from read_summary.")
        path = summary.folder / "model.onnx"
        if not path.is_file():
            raise WeightsError(f"Got no `{path}`, expected the model's weights; install the model again.")
        if sha256_of(path) != summary.sha256:
            raise WeightsError(
                f"Got `{path}` with another SHA-256 than its model.toml says; it was changed or damaged. "
                "Install the model again."
            )
        self.summary = summary
        self._session = OnnxSession(path, threads=threads)
        contract = contract_from(self._session.metadata, origin=path)
        if contract is not None:
            check_contract(contract, summary, self._session.outputs)

    def predict(self, clips: Sequence[NDArray[np.float32]]) -> Outputs:
        """Answer for N clips, in their order, whatever their lengths.

        Args:
            clips: N mono arrays (S,) of float32 in [-1, 1] at `summary.rate_hz`.

        Returns:
            Probabilities (N, M, K) and dimensions (N, M) of the M members.

        Raises:
            InputError: a clip is not one-dimensional, or is longer than the model takes.
            WeightsError: the weights answer in another shape than model.toml says.
        """
        summary = self.summary
        p = np.zeros((len(clips), summary.members, len(summary.categories)))
        dimensions = {name: np.zeros((len(clips), summary.members)) for name in summary.dimensions}
        self._check(clips)
        for rows in batches([len(clip) for clip in clips], most=int(BATCH_S * summary.rate_hz)):
            answers = self._run([clips[row] for row in rows])
            p[rows] = softmax(answers["category_logits"])
            for name in dimensions:
                dimensions[name][rows] = answers[name]
        return Outputs(p, dimensions)

    def _check(self, clips: Sequence[NDArray[np.float32]]) -> None:
        longest = int(np.ceil(self.summary.max_duration_s * self.summary.rate_hz)) + 1
        for number, clip in enumerate(clips):
            if clip.ndim != 1 or len(clip) > longest:
                raise InputError(
                    f"Got clip {number} of shape {clip.shape}, expected (samples,) of at most "
                    f"{self.summary.max_duration_s:g} s at {self.summary.rate_hz} Hz; cut it first."
                )

    def _run(self, clips: list[NDArray[np.float32]]) -> dict[str, NDArray[np.float64]]:
        """Pad one batch, run it and check the shapes of the answer."""
        summary = self.summary
        shortest = int(np.ceil(summary.min_duration_s * summary.rate_hz))
        lengths = np.array([max(len(clip), shortest) for clip in clips], dtype=np.int64)
        samples = np.zeros((len(clips), int(lengths.max())), dtype=np.float32)  # (B, S)
        for row, clip in enumerate(clips):
            samples[row, : len(clip)] = clip
        answers = self._session.run({"samples": samples, "length": lengths})
        shapes: dict[str, tuple[int, ...]] = {
            "category_logits": (len(clips), summary.members, len(summary.categories))
        }
        shapes |= {name: (len(clips), summary.members) for name in summary.dimensions}
        for name, shape in shapes.items():
            if name not in answers or answers[name].shape != shape:
                got = answers[name].shape if name in answers else "nothing"
                raise WeightsError(
                    f"Got {got} for output `{name}` of model `{summary.name}`, expected {shape}; "
                    "its model.toml does not fit its weights."
                )
        return {name: np.asarray(answers[name], dtype=np.float64) for name in shapes}


def batches(lengths: Sequence[int], *, most: int) -> Iterator[list[int]]:
    """Group clips of similar length so that no padded batch holds more than `most` samples.

    Args:
        lengths: N clip lengths, in samples.
        most: most samples of a padded batch; a longer clip goes alone.

    Returns:
        Lists of clip numbers; together each number once.

    Example:
        >>> list(batches([5, 1, 6, 1], most=12))
        [[1, 3], [0, 2]]
    """
    # Walked from the longest, so that the padded size of the batch being filled is known.
    order = sorted(range(len(lengths)), key=lambda number: (-lengths[number], number))
    found: list[list[int]] = []
    widest = 0
    for number in order:
        if not found or (len(found[-1]) + 1) * widest > most:
            found.append([])
            widest = max(lengths[number], 1)
        found[-1].append(number)
    for group in reversed(found):
        yield sorted(group)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities over the last axis; in float64, so that they sum to 1 to rounding."""
    if logits.shape[-1] == 0:
        return logits
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)
