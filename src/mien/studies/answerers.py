"""Systems as they are used: opened once, then from one segment's samples or words to probabilities."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.studies.fitted_learner import KeptScorer, LinearScorer
from mien.studies.learners import Floats, probabilities
from mien.studies.one_segment import OneSegment
from mien.studies.onnx_operations import count_onnx
from mien.studies.stream_readers import BYTES_PER_MB, Reader, Size

RATE_HZ = 16000


class Answerer(Protocol):
    """Answer one segment after another."""

    def open(self) -> None:
        """Load what it needs."""

    def answer(self, segment: OneSegment) -> Floats:
        """Return `(1, classes)` probabilities."""

    def size(self) -> Size:
        """Return how large it is."""


@dataclass(frozen=True)
class Scale:
    """Bring the columns of one stream to the scale of its training rows.

    Attributes:
        center: `(D,)`.
        spread: `(D,)`.
        own: row → center and spread of its speaker's clips, where columns are normalized by speaker.
    """

    center: Floats
    spread: Floats
    own: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def __call__(self, values: NDArray[Any], row: int) -> Floats:
        """Return the values `(1, D)` as the learner takes them."""
        given = values.astype(np.float64)
        if row in self.own:
            center, spread = self.own[row]
            given = (given - center) / spread
        return np.nan_to_num((given - self.center) / self.spread) / np.sqrt(max(given.shape[1], 1))


@dataclass(frozen=True)
class LearnedAnswerer:
    """Answer by a classical learner on streams.

    Attributes:
        readers: one per stream.
        scales: one per stream; None for sparse ones, which are taken as they are.
        scorer: the learner.
        sharp: what scores are multiplied with.
    """

    readers: Sequence[Reader]
    scales: Sequence[Scale | None]
    scorer: LinearScorer | KeptScorer
    sharp: float

    def open(self) -> None:
        """Load the encoders."""
        for reader in self.readers:
            reader.open()

    def answer(self, segment: OneSegment) -> Floats:
        """Return `(1, classes that trained)` probabilities."""
        parts = []
        for reader, scale in zip(self.readers, self.scales, strict=True):
            columns = reader.columns(segment)
            parts.append(columns if scale is None else scale(columns, segment.row))
        return probabilities(self.scorer.score(_side_by_side(parts)), self.sharp)

    def size(self) -> Size:
        """Return the size of encoders, fitted readers and learner; descriptors are code and weigh nothing."""
        kept = len(pickle.dumps((self.scorer, self.scales))) / BYTES_PER_MB
        note = "" if self.scorer.parameters is not None else "its learner has no weights to count"
        own = Size(self.scorer.parameters, kept, self.scorer.multiply_adds, note)
        return total_size([*(reader.size() for reader in self.readers), own])


@dataclass(frozen=True)
class LateAnswerer:
    """Answer by the mean of several systems; other weights would cost the same.

    Attributes:
        parts: the systems.
    """

    parts: Sequence[Answerer]

    def open(self) -> None:
        """Load all parts."""
        for part in self.parts:
            part.open()

    def answer(self, segment: OneSegment) -> Floats:
        """Return `(1, classes)` probabilities."""
        return np.mean([part.answer(segment) for part in self.parts], axis=0)

    def size(self) -> Size:
        """Return the sum over the parts."""
        return total_size([part.size() for part in self.parts])


@dataclass(frozen=True)
class ConstantAnswerer:
    """Answer with the shares of the classes, whatever the segment.

    Attributes:
        shares: `(classes,)`.
    """

    shares: Floats

    def open(self) -> None:
        """Load nothing."""

    def answer(self, segment: OneSegment) -> Floats:
        """Return the shares, `(1, classes)`."""
        return self.shares[None]

    def size(self) -> Size:
        """Return one number per class."""
        return Size(self.shares.size, self.shares.nbytes / BYTES_PER_MB, 0.0)


class ShippedAnswerer:
    """Answer by a model that ships with mien.

    Args:
        name: of the model.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model: Any = None

    def open(self) -> None:
        """Load the weights, on one thread."""
        from mien.prediction.predictor import load_predictor

        self._model = load_predictor(self.name)

    def answer(self, segment: OneSegment) -> Floats:
        """Return `(1, classes of the model)` probabilities; a long segment is heard in parts."""
        about = self._model.summary
        samples = _at_rate(segment, about.rate_hz)
        parts = -(-len(samples) // int(about.max_duration_s * about.rate_hz))
        said = self._model.predict(np.array_split(samples, max(parts, 1)))
        return np.asarray(said.p.mean(axis=(0, 1)))[None]

    def size(self) -> Size:
        """Return the weights of the card, the size of the file, and the products of a pass over a second."""
        from mien.core.errors import MissingExtra
        from mien.prediction.predictor import load_predictor

        about = load_predictor(self.name).summary
        path = about.folder / "model.onnx"
        kept = path.stat().st_size / BYTES_PER_MB
        given = {"samples": np.zeros((1, RATE_HZ), np.float32), "length": np.array([RATE_HZ], np.int64)}
        try:
            return Size(about.parameters or None, kept, count_onnx(path, given))
        except MissingExtra as reason:
            return Size(about.parameters or None, kept, None, f"multiply-adds: {reason}")


class TunedAnswerer:
    """Answer by an adapted encoder and its heads.

    The weights are not those that were trained, which a study does not keep; they cost the same.

    Args:
        encoder: as for `mien.nets.load_encoder`.
        adapt: `probe`, `lora` or `full`.
        classes: number of classes.
    """

    def __init__(self, encoder: str, adapt: str, classes: int) -> None:
        self.encoder, self.adapt, self.classes = encoder, adapt, classes
        self._net: Any = None

    def open(self) -> None:
        """Load the encoder, and put heads on it."""
        from mien.training.tuned_in_use import TunedInUse

        self._net = TunedInUse(self.encoder, self.classes)

    def answer(self, segment: OneSegment) -> Floats:
        """Return `(1, classes)` probabilities, the mean over the heads."""
        return np.asarray(self._net.answer(_at_rate(segment, RATE_HZ)))

    def size(self) -> Size:
        """Return all weights of encoder and heads; the note says how many of them learn."""
        from mien.training.tuned_in_use import TunedInUse, trained_parameters

        net = TunedInUse(self.encoder, self.classes)
        learning = trained_parameters(self.encoder, self.adapt, self.classes)
        note = f"{learning:,} of its {net.parameters:,} parameters are trained"
        return Size(net.parameters, net.kept_bytes / BYTES_PER_MB, net.multiply_adds(), note)


def total_size(parts: Sequence[Size]) -> Size:
    """Return the sum of sizes; what is unknown of one part is unknown of all.

    Example:
        >>> total_size([Size(1, 2.0, None, "not counted"), Size(3, 4.0, 5.0)])
        Size(parameters=4, size_mb=6.0, multiply_adds=None, note='not counted')
    """
    parameters = [part.parameters for part in parts]
    kept, counted = [part.size_mb for part in parts], [part.multiply_adds for part in parts]
    return Size(
        None if None in parameters else sum(one or 0 for one in parameters),
        None if None in kept else float(sum(one or 0 for one in kept)),
        None if None in counted else float(sum(one or 0 for one in counted)),
        "; ".join(dict.fromkeys(part.note for part in parts if part.note)),
    )


def _side_by_side(parts: Sequence[Any]) -> Any:
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.hstack(parts)
    from scipy import sparse

    return sparse.hstack(parts).tocsr()


def _at_rate(segment: OneSegment, rate_hz: int) -> NDArray[np.float32]:
    from mien.signals.resample import resample

    if segment.rate_hz == rate_hz:
        return segment.samples
    return resample(segment.samples, segment.rate_hz, rate_hz)
