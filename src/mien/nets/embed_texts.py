"""Embed texts: sentences, text files, or tables with a column of text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import InputError, MienError
from mien.core.tables import read_table
from mien.nets.embedded_segment import EmbeddedSegment
from mien.nets.embedder import Embedder, Task
from mien.signals.file_table import TABLE_SUFFIXES

TEXT_SUFFIXES = (".txt", *TABLE_SUFFIXES)
AT_ONCE = 1000
"""Texts that are cut into word pieces and sorted by length together."""

Keyed = tuple[dict[str, Any], EmbeddedSegment]


@dataclass(frozen=True)
class Text:
    """Hold one text, where it came from, and its keys, null where unknown."""

    segment: str
    text: str
    origin: str
    file: str | None = None
    start: float = float("nan")
    end: float = float("nan")
    speaker: str | None = None


@dataclass
class Texts:
    """Hold what is to be embedded, and name → reason for what cannot be."""

    rows: list[Text] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def gather_texts(given: Iterable[str | Path | pd.DataFrame]) -> Texts:
    """Collect texts, in order.

    Args:
        given: sentences; text files (`.txt`, UTF-8, one text per line, empty lines left out); tables (CSV,
            Parquet or frame) with column `text` and optionally `segment`, `file`, `start`, `end`, `speaker`.
            A `Path`, or a name with one of their suffixes, is a file; any other string is a sentence.

    Raises:
        InputError: nothing is given, or a segment is named twice.
    """
    texts = Texts()
    for number, item in enumerate(given, start=1):
        is_file = isinstance(item, Path) or (isinstance(item, str) and item.lower().endswith(TEXT_SUFFIXES))
        try:
            if isinstance(item, pd.DataFrame):
                _take_table(texts, item, "text")
            elif is_file and Path(item).suffix.lower() in TABLE_SUFFIXES:
                _take_table(texts, read_table(item), str(item))
            elif is_file:
                lines = _lines(Path(item))
                texts.rows += [Text(f"{item}#{line:04d}", text, str(item)) for line, text in lines]
            else:
                texts.rows.append(Text(f"text#{number:04d}", str(item), "text"))
        except InputError as error:
            texts.failures[str(item) if is_file else f"item {number}"] = str(error)
    if not texts.rows and not texts.failures:
        raise InputError("Got no texts, expected sentences, text files or tables; give at least one.")
    _refuse_twice(texts)
    return texts


def text_rows(texts: Texts, task: Task, files: list[dict[str, Any]]) -> Iterator[Keyed]:
    """Embed texts in order; one that cannot be embedded fails alone, and the rest go on.

    Args:
        texts: from `gather_texts`.
        task: encoder, pooling and watcher.
        files: takes a row of the file table per origin, and one per text that failed.

    Yields:
        Keys and embedding of each text.
    """
    longest = getattr(task.embedder.encoder, "longest", float("inf"))
    done: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    for text, pieces, answer in _answers(texts.rows, task.embedder):
        if isinstance(answer, str):
            files.append(_file_row(text.segment, 0, failure=answer))
            task.watcher.finished(files[-1], size=0)
            continue
        segment = EmbeddedSegment(task.pooling, text.start, text.end)
        segment.add(answer, np.arange(len(answer), dtype=np.float64))
        done[text.origin] += 1
        cut[text.origin] += pieces >= longest
        keys = asdict(text)
        yield {name: keys[name] for name in keys if name != "origin"}, segment
    for origin, count in done.items():
        most = f"{cut[origin]} with {longest} word pieces or more, cut off there" if cut[origin] else ""
        files.append(_file_row(origin, count, note=most))
        task.watcher.finished(files[-1], size=0)


def _answers(
    rows: Sequence[Text], embedder: Embedder
) -> Iterator[tuple[Text, int, NDArray[np.float32] | str]]:
    """Yield each text with its number of word pieces and its frames, or the reason why it has none."""
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        ids, valid = embedder.encoder.tokenize([row.text for row in some])
        pieces = [one[real].numpy() for one, real in zip(ids, valid, strict=True)]
        for row, one, answer in zip(some, pieces, embedder.frames(pieces), strict=True):
            if isinstance(answer, MienError):
                yield row, len(one), str(answer)
            elif not np.isfinite(answer).all():
                yield row, len(one), "Got no finite answer of the encoder, expected numbers; check the text."
            else:
                yield row, len(one), answer


def _file_row(name: str, segments: int, *, note: str = "", failure: str | None = None) -> dict[str, Any]:
    status = "ok" if failure is None else "failed"
    nothing = {"duration_s": 0.0, "seconds_used": 0.0}
    return {"file": name, "status": status, "segments": segments, **nothing, "note": failure or note}


def _lines(path: Path) -> list[tuple[int, str]]:
    if path.suffix.lower() != ".txt":
        raise InputError(
            f"Got `{path}` for an encoder of words, expected {', '.join(TEXT_SUFFIXES)}; give the words, or "
            "choose an encoder of voice."
        )
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Got `{path}`, expected a readable text file in UTF-8. ({error})") from error
    found = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise InputError(f"Got no text in `{path}`, expected one per line; fill it.")
    return found


def _take_table(texts: Texts, frame: pd.DataFrame, origin: str) -> None:
    """Take the rows of a table; one without text is a failure of its own."""
    if "text" not in frame:
        shown = ", ".join(str(name) for name in frame.columns[:8]) or "none"
        raise InputError(f"Got columns {shown} in `{origin}`, expected `text`; add or rename it.")
    columns = {name: _column(frame, name, origin) for name in ("segment", "file", "start", "end", "speaker")}
    for number, text in enumerate(frame["text"]):
        segment = columns["segment"][number] or f"{origin}#{number + 1:04d}"
        if pd.isna(text):
            texts.failures[str(segment)] = (
                f"Got no text in row {number + 1} of `{origin}`, expected words; fill or drop the row."
            )
            continue
        keys = {name: columns[name][number] for name in ("file", "start", "end", "speaker")}
        texts.rows.append(Text(str(segment), str(text), origin, **keys))


def _column(frame: pd.DataFrame, name: str, origin: str) -> list[object]:
    """Return a key column, with nulls where it is missing."""
    if name not in ("start", "end"):
        found = frame[name] if name in frame else pd.Series([None] * len(frame))
        return [None if pd.isna(value) else str(value) for value in found]
    if name not in frame:
        return [float("nan")] * len(frame)
    numbers = pd.to_numeric(frame[name], errors="coerce")
    wrong = frame[name][numbers.isna() & frame[name].notna()]
    if len(wrong):
        raise InputError(f"Got `{wrong.iloc[0]}` as {name} in `{origin}`, expected seconds; correct it.")
    return [float(value) for value in numbers]


def _refuse_twice(texts: Texts) -> None:
    seen: set[str] = set()
    for row in texts.rows:
        if row.segment in seen:
            raise InputError(f"Got segment `{row.segment}` twice, expected unique names; rename one.")
        seen.add(row.segment)
