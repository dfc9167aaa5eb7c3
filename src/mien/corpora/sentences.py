"""From a table of written or transcribed words to a segment table."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import SHARED_EMOTIONS, LabelSpace
from mien.core.nearest import did_you_mean
from mien.core.tables import check_segments
from mien.corpora.split import PARTS

_LEADING = ("dialogue", "split", "emotion", "category")
_TRAILING = ("language", "corpus")


def read_layout(
    root: str | Path, layouts: Mapping[str, Callable[[Path], pd.DataFrame]], *, title: str
) -> pd.DataFrame:
    """Read the rows of a corpus in the first layout whose marking file is there.

    Args:
        root: folder of the corpus.
        layouts: file below the folder that marks a layout → what reads the layout, given that file.
        title: name of the corpus for the errors.

    Raises:
        DataError: the folder does not exist, or holds no layout.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise DataError(
            f"Got `{folder}`, which is not a folder, expected the folder of {title}; check the path."
        )
    for mark, read in layouts.items():
        if (folder / mark).is_file():
            return read(folder / mark)
    wanted = " or ".join(f"`{mark}`" for mark in layouts)
    raise DataError(
        f"Got no words of {title} in `{folder}`, expected {wanted}; pass the folder that holds it."
    )


def read_cells(path: Path, *, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of a CSV file, packed or not, as text; the word `null` stays a word.

    Args:
        path: UTF-8, comma-separated, with a header; gzip where the name ends in `.gz`.
        columns: names that the header must have.

    Returns:
        Frame of strings, the columns in the given order; an empty or missing cell is an empty string.

    Raises:
        DataError: the file is missing or broken, or lacks a column.
    """
    _check_there(path)
    try:
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"Got `{path}`, which cannot be read, expected a table; copy it again. ({error})"
        ) from error
    for name in columns:
        if name not in cells:
            raise DataError(
                f"Got `{path}` without `{name}`, expected the columns {', '.join(columns)}; copy it again."
                f"{did_you_mean(name, [str(one) for one in cells])}"
            )
    return cells[list(columns)]


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 text file, without their ends.

    Raises:
        DataError: the file is missing or is not UTF-8.
    """
    _check_there(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except ValueError as error:
        raise DataError(f"Got `{path}`, expected UTF-8; copy it again. ({error})") from error
    return lines[:-1] if lines[-1] == "" else lines


def read_tabbed(path: Path, *, columns: Sequence[str]) -> pd.DataFrame:
    """Read a file of tab-separated cells without header and without quotes.

    Args:
        path: UTF-8.
        columns: names of the cells; a row may have more, which are left out.

    Raises:
        DataError: the file is missing, is not UTF-8, or has a row with too few cells.
    """
    rows = [line.split("\t") for line in read_lines(path)]
    for number, cells in enumerate(rows, start=1):
        if len(cells) < len(columns):
            raise DataError(
                f"Got {len(cells)} cells in line {number} of `{path}`, expected {', '.join(columns)}; "
                "copy it again."
            )
    return pd.DataFrame([cells[: len(columns)] for cells in rows], columns=list(columns), dtype="string")


def read_json(path: Path, into_rows: Callable[[Any], list[dict[str, str]]]) -> list[dict[str, str]]:
    """Read rows from a JSON file.

    Args:
        path: UTF-8.
        into_rows: content of the file → its rows.

    Raises:
        DataError: the file is missing, is not JSON, or holds something else than `into_rows` can take.
    """
    _check_there(path)
    try:
        return into_rows(json.loads(path.read_text(encoding="utf-8")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"Got `{path}`, expected JSON as the owners of the corpus write it; copy it again. ({error!r})"
        ) from error


def text_table(
    rows: pd.DataFrame,
    *,
    corpus: str,
    language: str | None = None,
    space: LabelSpace | None = None,
    to_shared: Mapping[str, str | None] | None = None,
) -> pd.DataFrame:
    """Make a segment table of rows of words.

    Args:
        rows: `segment` (the corpus' own name of the row) and `text`; `speaker`, `dialogue`, `turn`, `split`,
            `emotion` where the corpus has them. Further columns stay.
        corpus: name that prefixes segments, speakers and dialogues, so that they are unique across corpora.
        language: BCP 47 tag of the words; leave out where `rows` has a column `language`.
        space: the corpus' own labels; needed with `emotion`.
        to_shared: own label → category of `SHARED_EMOTIONS`, or None to leave it out.

    Returns:
        Segment table; `file`, `start` and `end` are null. Words of length 0 are null. With `space`,
        `category` is the shared category of `emotion`.

    Raises:
        DataError: a label is outside the space, a split is not train, dev or test, or a segment occurs twice.
    """
    table = rows.assign(file=None, start=np.nan, end=np.nan, corpus=corpus)
    if language is not None:
        table["language"] = language
    for name in ("segment", "speaker", "dialogue"):
        if name in table:
            table[name] = f"{corpus}/" + table[name]
    table["text"] = table["text"].mask(table["text"] == "")
    if space is not None:
        space.check(table["emotion"].dropna())
        table["category"] = table["emotion"].map(space.map_to(SHARED_EMOTIONS, to_shared or {}))
    if "split" in table:
        _check_splits(table)
    written = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    table = check_segments(table.astype(dict.fromkeys(written, "string")))
    leading = [*table.columns[:7], *(name for name in _LEADING if name in table)]
    rest = [name for name in table if name not in (*leading, *_TRAILING)]
    return table[[*leading, *rest, *_TRAILING]]


def label_columns(labels: "pd.Series[str]", space: LabelSpace) -> pd.DataFrame:
    """Turn joined labels into one bool column per label.

    Args:
        labels: labels of each row, joined by `|`.
        space: the corpus' own labels.

    Returns:
        `emotion`, the label of rows with exactly one and null elsewhere, and `label.<name>` for each label.

    Raises:
        DataError: a label is outside the space.

    Example:
        >>> space = LabelSpace(("joy", "trust"))
        >>> label_columns(pd.Series(["joy|trust", "joy"]), space)["label.trust"].tolist()
        [True, False]
    """
    several = [str(one).split("|") for one in labels]
    space.check(name for names in several for name in names)
    single = [names[0] if len(names) == 1 else None for names in several]
    found = {f"label.{name}": [name in names for names in several] for name in space.categories}
    return pd.DataFrame({"emotion": pd.array(single, dtype="string"), **found}, index=labels.index)


def on_scale(rows: pd.DataFrame, column: str, *, low: float, high: float) -> "pd.Series[float]":
    """Return a column of written numbers as float64.

    Args:
        rows: with `segment` and the column.
        column: its name.
        low: lowest value of the scale.
        high: highest value of the scale.

    Raises:
        DataError: a cell is not a number, or lies off the scale; the message names the segment.
    """
    values = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    bad = ~values.between(low, high)
    if bad.any():
        first = rows.loc[bad].iloc[0]
        raise DataError(
            f"Got {column} `{first[column]}` in `{first['segment']}`, expected a number from {low:g} to "
            f"{high:g}; copy the file again."
        )
    return values


def name_of_code(code: str, names: Sequence[str]) -> str:
    """Return the label that a written number stands for.

    Args:
        code: decimal digits, from 0; spaces around them do not count.
        names: labels in the order of their numbers.

    Raises:
        DataError: not a number, or one without a label.

    Example:
        >>> name_of_code("1", ("anger", "joy"))
        'joy'
    """
    digits = code.strip()
    if not (digits.isascii() and digits.isdigit()) or int(digits) >= len(names):
        raise DataError(f"Got label number `{code}`, expected 0 to {len(names) - 1}; copy the file again.")
    return names[int(digits)]


def number_in_split(split: "pd.Series[str]") -> "pd.Series[str]":
    """Name rows by their place in their split, from 1.

    Example:
        >>> number_in_split(pd.Series(["train", "train", "dev"])).tolist()
        ['train-00001', 'train-00002', 'dev-00001']
    """
    number = split.groupby(split).cumcount() + 1
    return split + "-" + number.astype(str).str.zfill(5)


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise DataError(
            f"Got no `{path.name}` in `{path.parent}`, expected it beside the other files; copy it there."
        )


def _check_splits(table: pd.DataFrame) -> None:
    for name in table["split"].dropna().unique():
        if name not in PARTS:
            raise DataError(
                f"Got split `{name}`, expected one of {', '.join(PARTS)}; correct the table."
                f"{did_you_mean(str(name), PARTS)}"
            )
