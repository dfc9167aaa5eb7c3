"""Read any corpus that comes as a table of files and labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.corpora.labelled_files import Missing, locate_files, segment_table

SYNONYMS: dict[str, tuple[str, ...]] = {
    "file": ("file", "path", "filename", "file_name", "filepath", "file_path", "audio", "audio_path", "wav"),
    "label": ("label", "emotion", "class", "target"),
    "start": ("start", "start_s", "start_time", "onset", "begin"),
    "end": ("end", "end_s", "end_time", "offset"),
    "turn": ("turn",),
    "speaker": ("speaker", "speaker_id", "speaker_name", "spk", "actor", "subject", "participant"),
    "text": ("text", "transcript", "transcription", "sentence"),
    "text_id": ("text_id", "sentence_id"),
    "sex": ("sex", "gender"),
    "age": ("age",),
    "language": ("language", "lang"),
    "split": ("split", "partition", "subset"),
}
"""What a column is for → names that are taken for it, whatever their case."""

SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing"), "test"),
}
SEXES = {
    **dict.fromkeys(("female", "f", "woman", "w"), "female"),
    **dict.fromkeys(("male", "m", "man"), "male"),
    **dict.fromkeys(("other", "o", "diverse", "nonbinary", "non-binary"), "other"),
}
"""Name that is taken for a part or sex, whatever its case → the one that mien uses."""

_NULLS = ("NA", "N/A", "NaN", "nan", "null", "None")
_WRITTEN = ("segment", "emotion", "category", "corpus")
_SEPARATORS = ",;\t"


def read_label_table(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    dimensions: Mapping[str, tuple[float, float]] | None = None,
    classes: Sequence[str] | None = None,
    to_shared: Mapping[str, str | None] | None = None,
    corpus: str | None = None,
    language: str | None = None,
    missing: Missing = "raise",
    root: str | Path | None = None,
) -> pd.DataFrame:
    """Read a CSV or Parquet table of recordings and labels as a segment table, one row per row.

    Use it for a corpus that has no reader of its own. Columns are found by their names (`SYNONYMS`); say
    which is which where names differ or two fit.

    Args:
        path: `.csv` or `.tsv` (comma, semicolon or tab; UTF-8) or `.parquet`. It lists files, relative to
            its own folder or absolute, with labels or ratings, and more where known; times in seconds.
        columns: what a column is for (`file`, `label`, `speaker` …) → its name.
        dimensions: columns with ratings → lowest and highest value of their scale.
        classes: labels that may occur; by default those that do. Needed where labels are written as numbers.
        to_shared: label → category of `SHARED_EMOTIONS`, or None to leave it out; by default, labels that
            are named as a shared category have that one, others none.
        corpus: prefix of segments and speakers; by default the name of the folder.
        language: BCP 47 tag of the speech, where the table has no such column.
        missing: `raise`: a listed file that is not there is an error; `drop`: its rows are left out, and a
            warning says how many files that were.
        root: folder that relative paths start from; by default the table's own.

    Returns:
        Segment table with `emotion` and `category` where there are labels, one float64 column per
        dimension, `language`, `corpus`, and the table's further columns (text, if from a CSV). Without
        times, a segment is a whole file, whose end comes from its header.

    Raises:
        DataError: the table cannot be read, has no file column or neither labels nor dimensions, two columns
            fit one use, a value is no number or off its scale, a label or split is unknown, a row has no file
            or label, files are missing, or a segment is listed twice.
        ConfigError: `columns` or `dimensions` name a use or column that does not exist.
    """
    source = Path(path).resolve()
    folder = source.parent if root is None else Path(root).resolve()
    raw = read_as_listed(source)
    uses = _find_columns(raw, columns or {}, dimensions or {})
    table = _typed(raw.rename(columns={column: use for use, column in uses.items()}), uses)
    for name, (low, high) in (dimensions or {}).items():
        table[name] = _on_scale(_numbers(table[name]), low, high)
    if "label" in table and classes is None:
        _refuse_numbers(table["label"])
    table["file"], there = locate_files(table["file"], folder, missing=missing)
    return segment_table(
        table[there].reset_index(drop=True),
        folder,
        corpus=corpus or source.parent.name,
        language=language,
        classes=classes,
        to_shared=to_shared,
    )


def read_as_listed(path: str | Path) -> pd.DataFrame:
    """Read a table as it is written, of a CSV every column as text, so that speaker `03` keeps its zero.

    Args:
        path: `.csv` or `.tsv` (comma, semicolon or tab; UTF-8) or `.parquet`.

    Raises:
        DataError: the table does not exist, cannot be read or has no rows.
    """
    source = Path(path)
    if not source.is_file():
        raise DataError(
            f"Got `{source}`, which does not exist, expected a CSV or Parquet file; check the path."
        )
    try:
        if source.suffix.lower() == ".parquet":
            table = pd.read_parquet(source)
        else:
            with source.open(encoding="utf-8-sig") as stream:
                header = stream.readline()
            separator = max(_SEPARATORS, key=header.count)
            table = pd.read_csv(
                source,
                sep=separator,
                dtype="string",
                na_values=[""],
                keep_default_na=False,
                encoding="utf-8-sig",
            )
    except (ValueError, OSError) as error:
        raise DataError(
            f"Got `{source}`, which cannot be read, expected UTF-8 CSV or Parquet; save it again. ({error})"
        ) from error
    if not len(table):
        raise DataError(f"Got `{source}` without rows, expected one per segment; save it again.")
    return table.reset_index(drop=True)


def _find_columns(
    raw: pd.DataFrame, chosen: Mapping[str, str], dimensions: Mapping[str, tuple[float, float]]
) -> dict[str, str]:
    """Return use → column, from what was chosen and from the names of the others."""
    there = [str(name) for name in raw]
    for use, name in [*chosen.items(), *(("dimension", name) for name in dimensions)]:
        for given, known in ((use, [*SYNONYMS, "dimension"]), (name, there)):
            if given not in known:
                raise ConfigError(
                    f"Got `{given}` in columns or dimensions, expected one of {', '.join(known)}."
                    f"{did_you_mean(given, known)}"
                )
    free = [name for name in there if name not in (*chosen.values(), *dimensions)]
    uses = dict(chosen)
    for use in (use for use in SYNONYMS if use not in chosen):
        fits = [name for name in free if name.lower() in SYNONYMS[use]]
        if len(fits) > 1:
            names = " and ".join(f"`{name}`" for name in fits)
            raise DataError(f"Got {names}, which both fit {use}; pass columns={{'{use}': …}} to choose.")
        if fits:
            uses[use] = fits[0]
    for use, found in (("file", "file" in uses), ("label", "label" in uses or bool(dimensions))):
        if not found:
            raise DataError(
                f"Got the columns {', '.join(there)}, expected one for {use} ({', '.join(SYNONYMS[use])}); "
                f"pass columns={{'{use}': …}}" + (", or dimensions." if use == "label" else ".")
            )
    clash = [name for name in free if name not in uses.values() and name in (*_WRITTEN, *SYNONYMS)]
    if clash:
        raise DataError(
            f"Got a further column `{clash[0]}`, which the segment table has for something else; rename it."
        )
    return uses


def _typed(table: pd.DataFrame, uses: Mapping[str, str]) -> pd.DataFrame:
    """Give the columns that have a use their types; times that nobody gave are null."""
    for name in ("start", "end"):
        if name not in uses:
            table[name] = np.nan
    for name in uses:
        values = table[name]
        if name in ("start", "end"):
            table[name] = _numbers(values)
        elif name in ("turn", "age"):
            table[name] = _numbers(values, whole=True).astype("Int64")
        else:
            table[name] = values.astype("string")
    for name in ("file", "label"):
        if name in uses:
            _need(table[name])
    for name, known in (("sex", SEXES), ("split", SPLITS)):
        if name in uses:
            table[name] = _one_name(table[name], known)
    return table


def _numbers(values: "pd.Series[Any]", *, whole: bool = False) -> "pd.Series[float]":
    """Return finite numbers or null."""
    known = values.notna() & ~values.isin(_NULLS)
    numbers = pd.to_numeric(values.where(known), errors="coerce").astype("float64")
    wrong = known & ~np.isfinite(numbers)
    if whole:
        wrong |= known & (numbers % 1 != 0)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"Got `{values.iloc[row]}` as {values.name} in row {row + 1}, expected a {'whole ' * whole}"
            "number; correct it."
        )
    return numbers


def _on_scale(numbers: "pd.Series[float]", low: float, high: float) -> "pd.Series[float]":
    off = (numbers < low) | (numbers > high)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise DataError(
            f"Got {numbers.iloc[row]:g} as {numbers.name} in row {row + 1}, expected {low:g} to {high:g}; "
            "correct the value or the scale."
        )
    return numbers


def _refuse_numbers(labels: "pd.Series[str]") -> None:
    """Refuse numbers as labels unless the classes were named: they may be ratings."""
    if pd.to_numeric(labels, errors="coerce").notna().all():
        raise DataError(
            f"Got numbers such as `{labels.iloc[0]}` as labels, expected names of classes; pass dimensions "
            "if they are ratings, or classes if they are names."
        )


def _one_name(values: "pd.Series[str]", known: Mapping[str, str]) -> "pd.Series[str]":
    """Return the one name that stands for all synonyms."""
    lower = values.str.lower()
    for name in lower.dropna().unique():
        if name not in known:
            expected = ", ".join(dict.fromkeys(known.values()))
            raise DataError(
                f"Got {values.name} `{name}`, expected one of {expected}; rename it."
                f"{did_you_mean(str(name), known)}"
            )
    return lower.map(known).astype("string")


def _need(values: "pd.Series[str]") -> None:
    missing = int(values.isna().sum())
    if missing:
        raise DataError(
            f"Got {missing} of {len(values)} rows without {values.name}, expected it in every row; fill or "
            "drop them."
        )
