"""Bags of words over one or several streams: learn codebooks, then count."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mien.core.errors import ConfigError
from mien.features.bags.book_file import Books, read_books, write_books
from mien.features.bags.counting import Floats, Occurrences, Spans, count, rarity, weigh
from mien.features.bags.frame_tables import (
    FrameTable,
    Given,
    number_columns,
    read_tables,
    table_with,
)
from mien.features.bags.number_book import NumberBook, classes_of, learn_numbers
from mien.features.bags.options import Terms, Weighting, Words
from mien.features.bags.term_book import TermBook, learn_terms
from mien.features.bags.windows import Windows, lay_windows

DEFAULT = Words()


class Bags:
    """Describe segments by how often each word of a codebook occurs in them.

    Use it to give a linear model a fixed number of columns for clips of any length, from any frames: expert
    descriptors, face geometry, embeddings, text, or several at once. Learn it from the training part alone.
    Means and other functionals of descriptors need no codebook and are easier to read.

    Source:
        M. Schmitt and B. Schuller, openXBOW - introducing the Passau open-source crossmodal bag-of-words
        toolkit, JMLR 18(96), 2017; its options, written from the paper and by comparing numbers.
    """

    def __init__(
        self,
        streams: Words | Terms | Iterable[Words | Terms] = DEFAULT,
        *,
        weighting: Weighting | None = None,
        window_s: float | None = None,
        hop_s: float | None = None,
        seed: int = 0,
    ) -> None:
        """Choose what is counted.

        Args:
            streams: one codebook each; their bags stand side by side.
            weighting: what becomes of the counts; None leaves them.
            window_s: length in seconds of windows that get a bag each; None for a bag per segment.
            hop_s: seconds from the middle of one window to the next.
            seed: of the random numbers; the same seed and data give the same codebooks.

        Raises:
            ConfigError: no stream, two of one name, or a window without a hop.
        """
        self.streams = (streams,) if isinstance(streams, Words | Terms) else tuple(streams)
        self.weighting = weighting or Weighting()
        self.window_s, self.hop_s, self.seed = window_s, hop_s, seed
        names = [stream.name for stream in self.streams]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"Got streams named {names}, expected one or more of different names; rename.")
        if (window_s is None) != (hop_s is None) or not all(s is None or s > 0 for s in (window_s, hop_s)):
            raise ConfigError(
                f"Got window {window_s} s and hop {hop_s} s, expected both above 0, or neither."
            )
        self._books: Books | None = None

    def fit(self, tables: Given | Iterable[Given], *, classes: Mapping[str, object] | None = None) -> "Bags":
        """Learn codebooks, and how rare words are.

        Args:
            tables: of frames, by `mien.extract(…, level="lld")`, of text, or both; rows with `segment` (or
                `file`), and `start` in seconds for windows. Several tables tell of the same segments.
            classes: segment → class; each class then gets its share of every codebook's words, learned from
                its frames alone.

        Returns:
            Itself.

        Raises:
            DataError: columns lack or hold values that are no numbers, there are fewer different frames than
                words, or segments have no class.
        """
        read = read_tables(tables)
        rows_class = None if classes is None else classes_of(read[0].segments, classes)
        generator = np.random.default_rng(self.seed)
        books: list[NumberBook | TermBook] = []
        for stream in self.streams:
            if isinstance(stream, Terms):
                table = read[table_with(read, (stream.column,))]
                books.append(learn_terms(table.texts(stream.column), stream))
                continue
            named = replace(stream, columns=stream.columns or number_columns(read))
            table = read[table_with(read, named.columns or ())]
            of_rows = None if rows_class is None else np.repeat(rows_class, np.diff(table.starts))
            values = table.numbers(named.columns or ())
            books.append(learn_numbers(values, table.starts, named, classes=of_rows, generator=generator))
        self._books = Books(tuple(books), None)
        if self.weighting.idf:
            counts, _, _ = self._count(read)
            self._books = Books(tuple(books), rarity(np.concatenate(counts, axis=1)))
        return self

    def transform(self, tables: Given | Iterable[Given]) -> pd.DataFrame:
        """Return the bags of segments.

        Args:
            tables: as for `fit`; their segments may be others.

        Returns:
            A row per segment, or per window: `segment` and, where the tables tell, `file`, `start` and `end`
            (seconds); then a column per word (`frames.0` …, `text.happy` …) of float32, 0 or more.

        Raises:
            ConfigError: nothing has been learned.
            DataError: columns of the codebooks lack, or hold values that are no numbers.
        """
        read = read_tables(tables)
        counts, spans, windows = self._count(read)
        keys = read[0].keys() if windows is None else windows.keys(read[0])
        values = weigh(counts, spans, self.weighting, self._learned().rarities)
        names = [name for book in self.books for name in book.names]
        return pd.concat([keys, pd.DataFrame(values, columns=names)], axis=1)

    def fit_transform(
        self, tables: Given | Iterable[Given], *, classes: Mapping[str, object] | None = None
    ) -> pd.DataFrame:
        """Learn codebooks from tables and return their bags; see `fit` and `transform`."""
        read = list(tables) if not hasattr(tables, "columns") else tables
        return self.fit(read, classes=classes).transform(read)

    def words(self, tables: Given | Iterable[Given]) -> pd.DataFrame:
        """Return which words each row counts for: where in a recording the words of a bag are.

        Returns:
            `segment`, and where the tables tell `start` and `end` (seconds); `word`, a column of the bag; and
            `weight`, what it counts.

        Raises:
            ConfigError: nothing has been learned.
            DataError: as for `transform`.
        """
        parts = []
        read = read_tables(tables)
        for book in self.books:
            table, found = _occurrences(book, read)
            rows = np.repeat(np.arange(len(table.rows)), np.diff(found.begins))
            keys = [name for name in ("start", "end") if name in table.rows]
            part = table.rows[keys].iloc[rows].reset_index(drop=True)
            names = np.repeat(np.array(table.segments, dtype=object), np.diff(table.starts))
            part.insert(0, "segment", names[rows])
            parts.append(part.assign(word=np.array(book.names)[found.words], weight=found.weights))
        return pd.concat(parts, ignore_index=True)

    def save(self, path: str | Path) -> None:
        """Write what was chosen and learned to one file, a `.npz` of plain arrays.

        Raises:
            ConfigError: nothing has been learned, or another suffix.
            InputError: the folder does not exist or cannot be written.
        """
        chosen = {"window_s": self.window_s, "hop_s": self.hop_s, "seed": self.seed}
        write_books(path, self._learned(), self.weighting, chosen)

    @classmethod
    def load(cls, path: str | Path) -> "Bags":
        """Read what `save` has written.

        Raises:
            InputError: the file does not exist, or holds no codebooks of this version.
        """
        books, weighting, chosen = read_books(path)
        found = cls([book.options for book in books.books], weighting=weighting, **chosen)
        found._books = books
        return found

    @property
    def books(self) -> tuple[NumberBook | TermBook, ...]:
        """Return the codebook of each stream.

        Raises:
            ConfigError: nothing has been learned.
        """
        return self._learned().books

    def _learned(self) -> Books:
        if self._books is None:
            raise ConfigError(
                "Got bags without codebooks, expected learned ones; call `fit` or `load` first."
            )
        return self._books

    def _count(self, read: Sequence[FrameTable]) -> tuple[list[Floats], list[Spans], Windows | None]:
        windows = None
        if self.window_s is not None and self.hop_s is not None:
            windows = lay_windows(read[0], self.window_s, self.hop_s)
        counts, spans = [], []
        for book in self.books:
            table, found = _occurrences(book, read)
            span = Spans(table.starts[:-1], table.starts[1:]) if windows is None else windows.rows_of(table)
            spans.append(span)
            counts.append(count(found, span, len(book.names)))
        return counts, spans, windows


def _occurrences(book: NumberBook | TermBook, read: Sequence[FrameTable]) -> tuple[FrameTable, Occurrences]:
    table = read[table_with(read, book.columns)]
    if isinstance(book, TermBook):
        return table, book.occurrences(table.texts(*book.columns))
    return table, book.occurrences(table.numbers(book.columns), table.starts)
