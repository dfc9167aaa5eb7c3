"""Which columns of a prediction table a report draws."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

KEYS = frozenset(
    ("segment", "file", "start", "end", "turn", "speaker", "text", "source", "model", "abstain", "cost")
)
MOST_LANES = 8
"""Categories drawn one by one; a model with more has the weaker ones summed as `others`."""


@dataclass(frozen=True)
class Columns:
    """Name what one prediction table holds.

    Attributes:
        categories: category names, without their `p.`.
        derived: dimensions computed from categories, without their `.derived`.
        dimensions: dimensions that the model gives itself.
    """

    categories: tuple[str, ...]
    derived: tuple[str, ...]
    dimensions: tuple[str, ...]


def find_columns(table: pd.DataFrame) -> Columns:
    """Return the categories and dimensions of a prediction table.

    Example:
        >>> find_columns(pd.DataFrame({"file": ["a"], "p.anger": [1.0], "valence.derived": [0.1]}))
        Columns(categories=('anger',), derived=('valence',), dimensions=())
    """
    names = [str(name) for name in table.columns]
    plain = [name for name in names if name not in KEYS and "." not in name]
    return Columns(
        categories=tuple(name[2:] for name in names if name.startswith("p.")),
        derived=tuple(name.removesuffix(".derived") for name in names if name.endswith(".derived")),
        dimensions=tuple(name for name in plain if pd.api.types.is_numeric_dtype(table[name])),
    )


def values_of(table: pd.DataFrame, names: Iterable[str]) -> np.ndarray:
    """Return columns as numbers, shape (rows, names); much faster on small tables than choosing by list.

    Example:
        >>> values_of(pd.DataFrame({"a": [1], "b": [2], "c": [3]}), ["a", "c"]).tolist()
        [[1.0, 3.0]]
    """
    columns = [table[name].to_numpy(float) for name in names]
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def drawn_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what a report reads of a prediction table: few columns, the weakest categories summed.

    Column names become plain objects, because thousands of look-ups in many small tables follow.
    """
    unused = [name for name in ("segment", "turn", "text", "source", "model", "cost") if name in predictions]
    table = limit_categories(predictions.drop(columns=unused))
    return table.set_axis(pd.Index([str(name) for name in table.columns], dtype=object), axis=1)


def limit_categories(table: pd.DataFrame, *, most: int = MOST_LANES) -> pd.DataFrame:
    """Return the table with at most `most` category columns, the weakest summed into `p.others`.

    The strongest are those with the highest mean probability; their order stays. Rows still sum to 1.

    Example:
        >>> many = pd.DataFrame({"p.a": [0.6], "p.b": [0.1], "p.c": [0.3]})
        >>> limit_categories(many, most=2).round(2).to_dict("list")
        {'p.a': [0.6], 'p.others': [0.4]}
    """
    names = [f"p.{name}" for name in find_columns(table).categories]
    if len(names) <= most:
        return table
    kept = set(table[names].mean().sort_values(ascending=False, kind="stable").index[: most - 1])
    weak = [name for name in names if name not in kept]
    return table.drop(columns=weak).assign(**{"p.others": table[weak].sum(axis=1)})
