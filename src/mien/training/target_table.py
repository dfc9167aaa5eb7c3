"""Read what to learn from a table of one's own, or from a corpus by name."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.files import sha256_of
from mien.core.labels import LabelSpace
from mien.core.nearest import did_you_mean
from mien.core.registry import find
from mien.corpora.labelled_files import Missing
from mien.corpora.read_label_table import read_as_listed, read_label_table
from mien.corpora.split import label_column

TABLES = (".csv", ".tsv", ".parquet")
NO_SPLIT = "none"
"""Given as the split column: part by speaker, whatever split the table has."""

Scales = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class TargetTable:
    """Hold labelled clips and what is to be learned of them.

    Attributes:
        name: of the table or corpus.
        table: segment table; `category` is the true category where one is learned.
        category: column of the category as the user named it; empty if none is learned.
        categories: in the order of the model's outputs.
        scales: dimension → lowest and highest rating.
        notes: what a reader of the scores must know.
        credit: whose recordings and labels they are, and their licence where that is known.
        shelf: `research` where a corpus' licence allows no more; the owner of a table answers for it.
    """

    name: str
    table: pd.DataFrame
    category: str
    categories: tuple[str, ...]
    scales: dict[str, tuple[float, float]]
    notes: tuple[str, ...]
    credit: str = "the recordings and labels of whoever trained this model"
    shelf: str = "open"

    @property
    def classes(self) -> NDArray[np.int64]:
        """Return the class number of each clip, -1 where it has none, `(rows,)`."""
        places = {name: number for number, name in enumerate(self.categories)}
        if not self.category:
            return np.full(len(self.table), -1)
        return self.table["category"].map(places).fillna(-1).to_numpy(dtype=np.int64)

    @property
    def ratings(self) -> NDArray[np.float32]:
        """Return the ratings on their own scales, NaN where unknown, `(rows, N)`."""
        return self.table[list(self.scales)].to_numpy(dtype=np.float32)

    @property
    def stratum(self) -> NDArray[Any]:
        """Return what folds shall balance: the category, else the quarter of the first rating, `(rows,)`."""
        if self.category:
            return self.table["category"].to_numpy(dtype=object)
        first = self.table[next(iter(self.scales))]
        return pd.qcut(first.rank(method="first"), 4, labels=False).fillna(-1).to_numpy()

    def content(self) -> str:
        """Return 16 hexadecimal digits that change with any recording, label, speaker or part."""
        files = {file: sha256_of(file) for file in self.table["file"].unique()}
        columns = ["segment", "start", "end", "speaker", "split", *self.scales]
        columns += ["category"] if self.category else []
        known = self.table.reindex(columns=columns).astype("string").fillna("")
        known["file"] = self.table["file"].map(files)
        return hashlib.sha256(known.to_csv(index=False).encode()).hexdigest()[:16]


def read_targets(
    source: str,
    targets: Sequence[str],
    *,
    data: Path | None = None,
    root: Path | None = None,
    split_column: str | None = None,
    categories: Sequence[str] = (),
    scales: Scales | None = None,
    missing: Missing = "raise",
) -> TargetTable:
    """Read labelled clips and find out which targets are categories and which are ratings.

    Args:
        source: a `.csv`, `.tsv` or `.parquet` table, or the name of a corpus.
        targets: columns to learn: at most one of categories, any number of ratings; none takes the corpus'
            or table's own label.
        data: folder of corpora, or of this corpus; needed for a corpus.
        root: folder that a table's relative paths start from; by default its own.
        split_column: column with train, dev and test; `none` looks at no such column.
        categories: the categories that may occur, in the order of the outputs; by default those that do.
        scales: rating → lowest and highest value; by default those that occur.
        missing: what to do where listed files are not there: `raise` or `drop`.

    Raises:
        DataError: the table or corpus cannot be read, or its labels are not as they should be.
        ConfigError: a target, scale or corpus that does not exist.
    """
    notes: list[str] = []
    if Path(source).suffix.lower() in TABLES:
        name = Path(source).stem
        kinds = _kinds(read_as_listed(source), targets, categories=categories)
        table = _read_own(
            Path(source), kinds, root=root, split_column=split_column, categories=categories,
            missing=missing, notes=notes,
        )  # fmt: skip
    else:
        name = source.replace("-", "_")
        table, kinds = _read_corpus(source, targets, data=data, categories=categories)
    if split_column == NO_SPLIT and "split" in table:
        table = table.drop(columns="split")
    category = next((target for target, numeric in kinds.items() if not numeric), "")
    ratings = [target for target, numeric in kinds.items() if numeric]
    table = _labelled(table, category, ratings, notes)
    space = tuple(categories) or (tuple(sorted(table["category"].unique())) if category else ())
    if category:
        LabelSpace(space).check(table["category"])
        _check_several(table["category"], category)
    found = {rating: _scale(table[rating], rating, scales or {}, notes) for rating in ratings}
    unknown = sorted(set(scales or {}) - set(ratings))
    if unknown:
        raise ConfigError(
            f"Got a scale for `{unknown[0]}`, expected one of the targets {', '.join(ratings) or '(none)'}."
            f"{did_you_mean(unknown[0], ratings)}"
        )
    about = {} if Path(source).suffix.lower() in TABLES else _about_corpus(source)
    return TargetTable(name, table, category, space, found, tuple(notes), **about)


def _about_corpus(source: str) -> dict[str, str]:
    card = find("corpora", source).CARD
    return {"credit": f"{card['citation']} Licence: {card['licence']}", "shelf": card["shelf"]}


def _kinds(raw: pd.DataFrame, targets: Sequence[str], *, categories: Sequence[str]) -> dict[str, bool]:
    """Return target → whether it is a rating."""
    there = [str(name) for name in raw]
    wanted = list(targets) or [name for name in there if name.lower() in ("emotion", "category", "label")][:1]
    if not wanted:
        raise ConfigError(
            f"Got no target, expected the column to learn; pass --target with one of {', '.join(there)}."
        )
    for target in wanted:
        if target not in there:
            raise ConfigError(
                f"Got target `{target}`, expected one of the columns {', '.join(there)}."
                f"{did_you_mean(target, there)}"
            )
        if raw[target].isna().all():
            raise DataError(f"Got column `{target}` without any value, expected labels or ratings.")
    numeric = {target: _is_numeric(raw[target]) for target in wanted}
    words = [target for target, is_rating in numeric.items() if not is_rating]
    if categories and not words and len(wanted) == 1:
        return {wanted[0]: False}
    if len(words) > 1:
        raise ConfigError(
            f"Got {' and '.join(words)} as targets, which both hold words, expected at most one; train two "
            "models, or correct the values that should be numbers."
        )
    return numeric


def _is_numeric(values: "pd.Series[Any]") -> bool:
    known = values.dropna()
    known = known[~known.astype(str).isin(("nan", "NaN", "NA"))]
    return bool(len(known)) and bool(pd.to_numeric(known, errors="coerce").notna().all())


def _read_own(
    source: Path,
    kinds: Mapping[str, bool],
    *,
    root: Path | None,
    split_column: str | None,
    categories: Sequence[str],
    missing: Missing,
    notes: list[str],
) -> pd.DataFrame:
    columns = {}
    for target in (target for target, numeric in kinds.items() if not numeric):
        columns["label"] = target
    if split_column not in (None, NO_SPLIT):
        columns["split"] = str(split_column)
    free = {target: (-np.inf, np.inf) for target, numeric in kinds.items() if numeric}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = read_label_table(
            source, columns=columns, dimensions=free, classes=tuple(categories) or None,
            corpus=source.stem, missing=missing, root=root,
        )  # fmt: skip
    notes += [str(one.message) for one in said]
    if columns:
        table["category"] = table["emotion"]
    return table


def _read_corpus(
    source: str, targets: Sequence[str], *, data: Path | None, categories: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, bool]]:
    module = find("corpora", source)
    if data is None:
        raise ConfigError(
            f"Got corpus `{source}` without --data, expected the folder that holds it; pass it."
        )
    own = data / source.replace("-", "_")
    table: pd.DataFrame = module.load(own if own.is_dir() else data)
    kinds = _kinds(table, targets or [label_column(table) or ""], categories=categories)
    return table, kinds


def _labelled(table: pd.DataFrame, category: str, ratings: list[str], notes: list[str]) -> pd.DataFrame:
    """Return the rows that have any target, with the category in `category`."""
    known = table[ratings].notna().any(axis=1) if ratings else pd.Series(False, index=table.index)
    if category:
        words = table["category"] if category not in table else table[category]
        table = table.assign(category=words.astype("string"))
        known = table["category"].notna()
    elif "category" in table:
        table = table.drop(columns="category")
    left_out = int((~known).sum())
    if left_out:
        notes.append(f"{left_out} of {len(table)} clips have no {category or 'rating'} and are left out.")
    if not known.any():
        raise DataError(f"Got no clip with a {category or 'rating'}, expected some; check the table.")
    return table[known].reset_index(drop=True)


def _check_several(labels: "pd.Series[str]", category: str) -> None:
    if labels.nunique() < 2:
        raise DataError(
            f"Got only `{labels.iloc[0]}` in `{category}`, expected two categories or more; add clips of "
            "others."
        )


def _scale(values: "pd.Series[float]", name: str, scales: Scales, notes: list[str]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataError(f"Got {low:g} as `{name}` of every clip, expected ratings that differ.")
    if name not in scales:
        notes.append(f"The scale of {name} is taken from the ratings that occur, {low:g} to {high:g}.")
        return low, high
    if low < scales[name][0] or high > scales[name][1]:
        raise DataError(
            f"Got ratings of {name} from {low:g} to {high:g}, expected them on the scale "
            f"{scales[name][0]:g} to {scales[name][1]:g}; correct one of them."
        )
    return scales[name]
