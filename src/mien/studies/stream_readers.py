"""Give the columns of one segment, as a system in use computes them: opened once, then one by one."""

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.core.registry import names
from mien.studies.fitted_streams import Bagged, Fitted
from mien.studies.one_segment import OneSegment
from mien.studies.streams import KEYS, Stream, modality_of
from mien.studies.study_corpora import TEXT

BYTES_PER_MB = 1e6
NOT_COUNTED = "multiply-adds of {} are not counted"


class Size(NamedTuple):
    """Say how large a part of a system is; None is unknown.

    Attributes:
        parameters: learned numbers.
        size_mb: what has to be kept of it, in megabytes of a million bytes.
        multiply_adds: for one clip of one second, or one text of 20 words.
        note: why one of them is unknown.
    """

    parameters: int | None
    size_mb: float | None
    multiply_adds: float | None
    note: str = ""


class Reader(Protocol):
    """Describe one segment after another."""

    def open(self) -> None:
        """Load what it needs."""

    def columns(self, segment: OneSegment) -> Any:
        """Return `(1, D)`, dense or sparse."""

    def size(self) -> Size:
        """Return how large it is."""


class DescriptorReader:
    """Compute a set of expert descriptors.

    Args:
        name: of the set.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self) -> None:
        """Load nothing: a set is code."""

    def columns(self, segment: OneSegment) -> NDArray[np.float32]:
        """Return `(1, D)`, NaN where the segment cannot be described."""
        from mien.features.extraction import extract_table

        found = extract_table(self.name, [segment.samples], rate_hz=segment.rate_hz)
        values = found.drop(columns=list(KEYS)).to_numpy(np.float32)
        return values if len(values) else np.full((1, values.shape[1]), np.nan, np.float32)

    def size(self) -> Size:
        """Return no weights: what descriptors are made of was not learned."""
        return Size(0, 0.0, None, NOT_COUNTED.format(self.name))


class EncoderReader:
    """Hear or read by an encoder, and pool its frames as streams do.

    Args:
        name: as for `mien.nets.load_encoder`.
        words: True where it reads words.
    """

    def __init__(self, name: str, *, words: bool) -> None:
        self.name, self.words = name, words
        self._task: Any = None

    def open(self) -> None:
        """Load the weights."""
        from mien.nets.embedder import Embedder, Task
        from mien.prediction.options import read_options
        from mien.prediction.watcher import Watcher

        pooling = "mean" if self.words else "statistics"
        self._task = Task(Embedder(self.name), pooling, read_options("whole"), Watcher())

    def columns(self, segment: OneSegment) -> NDArray[np.float32]:
        """Return `(1, D)`, NaN where the encoder cannot take the segment."""
        if self.words:
            import pandas as pd

            from mien.nets.embed_texts import gather_texts, text_rows

            table = pd.DataFrame({"text": [segment.text.strip() or "-"]})
            rows = list(text_rows(gather_texts([table]), self._task, []))
        else:
            from mien.nets.embed_recordings import gather_recordings, recording_rows

            heard = gather_recordings([segment.samples], rate_hz=segment.rate_hz)
            rows = list(recording_rows(heard, self._task, []))
        if rows:
            return rows[0][1].rows()
        width = self._task.embedder.encoder.width
        return np.full((1, width if self.words else 2 * width), np.nan, np.float32)

    def size(self) -> Size:
        """Return the size of the weights as loaded."""
        from mien.nets.load_encoder import load_encoder
        from mien.nets.multiply_adds import count_bytes, count_one_clip, count_parameters

        encoder = load_encoder(self.name)
        kept = count_bytes(encoder) / BYTES_PER_MB
        return Size(count_parameters(encoder), kept, count_one_clip(encoder))


class TextReader:
    """Read words as a reader does that was fitted on training texts.

    Args:
        name: of the stream.
        fitted: the reader.
    """

    def __init__(self, name: str, fitted: Any) -> None:
        self.name, self.fitted = name, fitted

    def open(self) -> None:
        """Load nothing: what was fitted is here."""

    def columns(self, segment: OneSegment) -> Any:
        """Return `(1, D)`, dense or sparse."""
        return self.fitted.transform([segment.text])

    def size(self) -> Size:
        """Return the size of what was fitted."""
        kept = len(pickle.dumps(self.fitted)) / BYTES_PER_MB
        return Size(_LEARNED_NUMBERS[self.name](self.fitted), kept, None, NOT_COUNTED.format(self.name))


class BagReader:
    """Count words of a codebook of frames that was fitted on training segments.

    Args:
        of: descriptor set.
        fitted: bags.
        names: of the columns of its frames.
    """

    def __init__(self, of: str, fitted: Any, names: tuple[str, ...]) -> None:
        self.of, self.fitted, self.names = of, fitted, names

    def open(self) -> None:
        """Load nothing: the codebook is here."""

    def columns(self, segment: OneSegment) -> NDArray[np.float32]:
        """Return `(1, words)`."""
        from mien.features.described import Described
        from mien.features.extraction import extract_table

        frames = extract_table(self.of, [segment.samples], rate_hz=segment.rate_hz, level="lld")
        values = frames[list(self.names)].to_numpy(np.float32)
        counted = self.fitted.transform(Described(values, np.array([0, len(values)]), self.names))
        return np.asarray(counted.select_dtypes("float32").to_numpy())

    def size(self) -> Size:
        """Return the size of the codebook."""
        kept = len(pickle.dumps(self.fitted)) / BYTES_PER_MB
        return Size(None, kept, None, f"numbers of the codebook and {NOT_COUNTED.format(self.of)}")


def find_reader(name: str, stream: Stream, train: NDArray[np.int64]) -> Reader:
    """Return what computes a stream segment by segment.

    Args:
        name: of the stream.
        stream: opened on a corpus.
        train: rows that it may be fitted on.
    """
    if isinstance(stream, Fitted):
        return TextReader(name, stream.fitted(train))
    if isinstance(stream, Bagged):
        return BagReader(name.removesuffix("-bag"), stream.fitted(train), tuple(stream.columns_of))
    if name in names("features"):
        return DescriptorReader(name)
    return EncoderReader(name, words=modality_of(name) == TEXT)


_LEARNED_NUMBERS: dict[str, Callable[[Any], int]] = {
    "tfidf": lambda reader: len(reader.names()),
    "word-vectors": lambda reader: reader.table_.values.size,
    "vader": lambda reader: 0,
}
"""Stream → how many numbers it learned from training texts; VADER's lexicon was made by people."""
