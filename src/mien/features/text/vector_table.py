"""A table of word vectors: made in memory, or read from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError, InputError
from mien.core.files import write_atomically
from mien.core.optional import require

SUFFIXES = (".npz", ".bin", ".bin.gz", ".txt", ".txt.gz", ".vec", ".vec.gz")


class VectorTable:
    """Hold a vector for each of many words; nothing changes it.

    Attributes:
        words: as the vectors' makers spell them, most frequent first where they say so.
        values: float32 `(words, D)`, finite.

    Args:
        words: one per row; of a word that occurs twice the first row counts.
        values: `(words, D)` numbers.

    Raises:
        DataError: no vectors, another number of words than rows, or a value that is no finite number.

    Example:
        >>> table = VectorTable(["good", "bad"], [[1, 0], [0, 1]])
        >>> table.rows(["good", "unheard", "bad"])
        [0, 1]
    """

    def __init__(self, words: Sequence[str], values: ArrayLike) -> None:
        self.words = tuple(words)
        self.values: NDArray[np.float32] = np.asarray(values, dtype=np.float32)
        if self.values.ndim != 2 or not self.values.size or len(self.words) != len(self.values):
            raise DataError(
                f"Got {len(self.words)} words and vectors of shape {self.values.shape}, expected one row per "
                "word; check what made them."
            )
        if not np.isfinite(self.values).all():
            word = self.words[int(np.argmin(np.isfinite(self.values).all(axis=1)))]
            raise DataError(f"Got a vector of `{word}` that is not finite, expected numbers; leave it out.")
        self._place = {word: place for place, word in reversed(list(enumerate(self.words)))}

    def __sklearn_clone__(self) -> Self:
        """Return itself: a clone of what uses it need not copy what nothing changes."""
        return self

    def __repr__(self) -> str:
        return f"<VectorTable: {len(self.words)} words of {self.values.shape[1]} values>"

    def rows(self, words: Sequence[str]) -> list[int]:
        """Return the places of the words that are known; others are left out.

        Args:
            words: of one text, in order.
        """
        return [self._place[word] for word in words if word in self._place]

    def save(self, path: str | Path) -> None:
        """Write the table as plain arrays, several times faster to read than text.

        Args:
            path: ends in `.npz`.

        Raises:
            InputError: another ending, or the folder cannot be written.
        """
        if Path(path).suffix != ".npz":
            raise InputError(f"Got `{path}`, expected a name that ends in .npz; rename it.")
        text = np.frombuffer("\n".join(self.words).encode(), dtype=np.uint8)
        with write_atomically(path) as temporary:
            np.savez(temporary, words=text, values=self.values)


def read_vectors(path: str | Path) -> VectorTable:
    """Read word vectors from a file.

    Args:
        path: `.npz` as `VectorTable.save` writes it; `.bin` as word2vec writes it; or `.txt` or `.vec`, a
            word and its numbers per line, with word2vec's header or, as GloVe's, without. All but `.npz` also
            with `.gz`. gensim's own files are pickles, which can run code, and are not read: export them by
            `save_word2vec_format`.

    Raises:
        InputError: another ending, no such file, or not what the ending says.
        MissingExtra: gensim, which reads all but `.npz`, is not installed.
    """
    file = Path(path)
    if not file.name.lower().endswith(SUFFIXES):
        raise InputError(f"Got `{file}`, expected word vectors in {', '.join(SUFFIXES)}; export them so.")
    if not file.is_file():
        raise InputError(f"Got `{file}`, expected a file of word vectors; check the path.")
    try:
        return _read_arrays(file) if file.suffix.lower() == ".npz" else _read_word2vec(file)
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"Got `{file}`, which cannot be read as word vectors, expected what its ending says; make or "
            f"copy it again. ({error})"
        ) from error


def _read_arrays(file: Path) -> VectorTable:
    with np.load(file, allow_pickle=False) as arrays:
        return VectorTable(arrays["words"].tobytes().decode().split("\n"), arrays["values"])


def _read_word2vec(file: Path) -> VectorTable:
    binary = ".bin" in "".join(file.suffixes[-2:]).lower()
    vectors = require("gensim.models", "text").KeyedVectors.load_word2vec_format(
        str(file), binary=binary, no_header=not binary and not _has_header(file)
    )
    return VectorTable(vectors.index_to_key, vectors.vectors)


def _has_header(file: Path) -> bool:
    """Tell whether the first line is word2vec's: two whole numbers, how many words and how wide."""
    opened = require("gensim.utils", "text").open(str(file), "rb")
    with opened as lines:
        cells = lines.readline().split()
    if not cells:
        raise ValueError("its first line is empty")
    return len(cells) == 2 and all(cell.isdigit() for cell in cells)
