"""Columns of segments on disk, by content: what was described once is never described again."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.files import write_atomically

KEY = "key"
AT_ONCE = 2000
"""Segments that are described and stored together: what a killed run loses at most."""
LOGGER = logging.getLogger(__name__)

Describe = Callable[[NDArray[np.int64]], pd.DataFrame]


def kept_rows(folder: Path, keys: Sequence[str], describe: Describe) -> pd.DataFrame:
    """Return rows of segments from the cache, after describing those that are not there.

    Args:
        folder: of one stream; made where something is stored.
        keys: a hash of what each segment holds.
        describe: positions among the keys → values, indexed by position; a segment may have several rows.

    Returns:
        Values with `key`; a segment that could not be described has one row without values.
    """
    wanted = set(keys)
    tables = []
    for path in sorted(folder.glob("*.parquet")):
        tables.append(_read(path, wanted))
        wanted.difference_update(tables[-1][KEY])  # two processes may have described the same
    missing = list({key: at for at, key in enumerate(keys) if key in wanted}.values())
    for begin in range(0, len(missing), AT_ONCE):
        LOGGER.info("%s: %d of %d segments …", folder.name.rpartition("-")[0], begin, len(missing))
        rows = np.array(missing[begin : begin + AT_ONCE])
        found = describe(rows)
        found = pd.concat([found, pd.DataFrame(index=pd.Index(rows).difference(found.index))])
        key = pd.Series([keys[at] for at in found.index], found.index, name=KEY)
        found = pd.concat([key, found], axis=1)
        _write(folder, found)
        tables.append(found)
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def _read(path: Path, wanted: set[str]) -> pd.DataFrame:
    """Return the rows of a file that belong to wanted keys; others' values are not read."""
    here = pd.read_parquet(path, columns=[KEY])
    if not here[KEY].isin(wanted).any():
        return here.iloc[:0]
    table = pd.read_parquet(path)
    return table[table[KEY].isin(wanted)]


def _write(folder: Path, table: pd.DataFrame) -> None:
    """Store rows under a name that says which segments they belong to."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("".join(table[KEY].unique()).encode()).hexdigest()[:16]
    with write_atomically(folder / f"{name}.parquet") as temporary:
        table.to_parquet(temporary, index=False)
