"""Read recordings that need no labels: files, folders or a table, cut into clips that a teacher can hear."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError, InputError
from mien.core.files import sha256_of
from mien.core.labels import LabelSpace
from mien.core.settings import signature
from mien.corpora.labelled_files import locate_files
from mien.corpora.read_label_table import SYNONYMS, read_as_listed
from mien.corpora.split import deal_groups
from mien.signals.decode import decode
from mien.signals.media import walk_media
from mien.training.clip_samples import RATE_HZ, SHORTEST_S

LOGGER = logging.getLogger(__name__)
TABLES = (".csv", ".tsv", ".parquet")
LEAST_CLIPS = 10
HELD_OUT_PARTS = 5
"""One in so many speakers, or files, judges the student and is never learned from."""


@dataclass(frozen=True)
class Pool:
    """Hold clips of which a few may be labelled.

    Attributes:
        table: `segment`, `file`, `start`, `end` in seconds, `speaker` and `category`, null where unknown.
        skipped: (file, reason) of what cannot be read.
    """

    table: pd.DataFrame
    skipped: tuple[tuple[str, str], ...]

    @property
    def by_speaker(self) -> bool:
        """Whether it is known of every clip who speaks."""
        return bool(self.table["speaker"].notna().all())

    def labels(self, categories: Sequence[str]) -> NDArray[np.int64]:
        """Return the class number of each clip, -1 where nobody labelled it, `(clips,)`.

        Raises:
            DataError: a label that is not among the categories.
        """
        if not categories:
            return np.full(len(self.table), -1)
        known = self.table["category"].dropna()
        try:
            LabelSpace(tuple(categories)).check(known)
        except DataError as error:
            raise DataError(
                f"{error} The student answers as its teacher does: rename the label, or leave it empty."
            ) from error
        places = {name: number for number, name in enumerate(categories)}
        return self.table["category"].map(places).fillna(-1).to_numpy(dtype=np.int64)

    def content(self) -> str:
        """Return 8 hexadecimal digits that change with any recording, cut or label."""
        files = {file: sha256_of(file) for file in self.table["file"].unique()}
        known = self.table[["start", "end", "speaker", "category"]].assign(file=self.table["file"].map(files))
        return signature({"clips": known.to_csv(index=False)})

    def held_out(self, stratum: NDArray[np.int64], *, seed: int) -> NDArray[np.bool_]:
        """Return which clips judge the student, `(clips,)`: one in five speakers, else files.

        Args:
            stratum: `(clips,)` what is to be balanced, such as the teacher's answer.
            seed: chooses among divisions that are nearly as even.

        Raises:
            DataError: fewer than two speakers or files.
        """
        group = self.table["speaker" if self.by_speaker else "file"].to_numpy(dtype=object)
        count = len(set(group))
        if count < 2:
            what = "speaker" if self.by_speaker else "file"
            raise DataError(
                f"Got clips of one {what} alone, expected two or more, one of which judges the student; add "
                "recordings."
            )
        parts = deal_groups(
            group, stratum.astype(str).astype(object), k=min(HELD_OUT_PARTS, count), seed=seed
        )
        sizes = np.bincount(parts)
        return np.asarray(parts == int(np.argmin(np.abs(sizes - sizes.sum() / HELD_OUT_PARTS))))


def read_pool(given: Sequence[str | Path], *, longest_s: float) -> Pool:
    """Collect recordings, and cut what is longer than a teacher hears at once into even pieces.

    Args:
        given: recordings, folders, and tables (`.csv`, `.tsv`, `.parquet`) with `file`, and where known
            `start`, `end` in seconds, `speaker` and a label.
        longest_s: longest clip, in seconds.

    Raises:
        InputError: no recordings, or none that can be read.
        DataError: too few clips, or a table without files.
    """
    tables = [path for path in map(Path, given) if path.suffix.lower() in TABLES]
    found = walk_media([path for path in map(Path, given) if path not in tables])
    listed = [pd.DataFrame({"file": [str(path) for path in found.files]}), *map(_read_table, tables)]
    rows = pd.concat(listed, ignore_index=True)
    rows = rows.reindex(columns=["file", "start", "end", "speaker", "category"]).drop_duplicates()
    clips, skipped = [], [(str(file), reason) for file, reason in found.failures]
    for file, part in rows.groupby("file", sort=False):
        try:
            length_s = decode(str(file), rate_hz=RATE_HZ, mono=True).samples.shape[1] / RATE_HZ
        except InputError as error:
            skipped.append((str(file), str(error)))
            continue
        for row in part.to_dict("records"):
            clips += [row | piece for piece in _pieces(row["start"], row["end"], length_s, longest_s)]
    for file, reason in skipped:
        LOGGER.warning("left out %s: %s", file, reason)
    if not clips:
        why = f" First: {skipped[0][1]}" if skipped else ""
        raise InputError(f"Got no recording that can be read, expected files, folders or a table.{why}")
    table = pd.DataFrame(clips)
    if len(table) < LEAST_CLIPS:
        raise DataError(
            f"Got {len(table)} clips, expected at least {LEAST_CLIPS}, better thousands; add recordings."
        )
    table["segment"] = _names(table)
    return Pool(table, tuple(skipped))


def _read_table(path: Path) -> pd.DataFrame:
    raw = read_as_listed(path)
    found: dict[str, str] = {}
    for use in ("file", "start", "end", "speaker", "label"):
        fits = [str(name) for name in raw if str(name).lower() in SYNONYMS[use]]
        if len(fits) > 1:
            raise DataError(f"Got {' and '.join(fits)} in `{path}`, which both fit {use}; rename one.")
        found |= {use: fits[0]} if fits else {}
    if "file" not in found:
        raise DataError(
            f"Got the columns {', '.join(map(str, raw))} in `{path}`, expected one for file "
            f"({', '.join(SYNONYMS['file'])}); rename it."
        )
    files, there = locate_files(raw[found["file"]].astype(str), path.parent, missing="drop")
    table = pd.DataFrame({"file": files})
    for use, name in found.items():
        if use in ("start", "end"):
            table[use] = pd.to_numeric(raw[name], errors="coerce").astype("float64")
        elif use != "file":
            table["category" if use == "label" else use] = raw[name].astype("string")
    return table[there]


def _pieces(start: float, end: float, length_s: float, longest_s: float) -> list[dict[str, float]]:
    """Return start and end of even pieces no longer than allowed; none where too little is left."""
    first = 0.0 if pd.isna(start) else float(start)
    last = length_s if pd.isna(end) else min(float(end), length_s)
    if last - first < SHORTEST_S:
        LOGGER.warning("left out a clip of %.2f s, shorter than %.1f s", max(0.0, last - first), SHORTEST_S)
        return []
    edges = np.linspace(first, last, int(np.ceil((last - first) / longest_s - 1e-9)) + 1)
    return [{"start": float(one), "end": float(other)} for one, other in pairwise(edges)]


def _names(table: pd.DataFrame) -> list[str]:
    """Return a name for each clip, unique in the table."""
    return [
        f"{Path(file).parent.name}/{Path(file).stem}-{number}" for number, file in enumerate(table["file"])
    ]
