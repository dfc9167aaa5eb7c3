"""Tasks of whole clips from labelled corpora, speakers held out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from mien.core import registry
from mien.corpora.split import deal_groups
from mien.signals.decode import decode
from mien.studies.hear_task import HearTask, Sound

LONGEST_S = 6.0
SEX_CORPORA = ("emodb", "ravdess-speech", "nemo")
"""Corpora with like numbers of both sexes, so that the recording does not tell the answer."""

SEX_CLIPS = 10


@dataclass(frozen=True)
class ClipTask:
    """Build a task that asks for one label of each clip of a corpus.

    Attributes:
        name: of the task.
        title: what is asked.
        corpus: its name in the registry.
        label: column that is asked for.
        group: column of what must not be in two folds.
        fold: column of the owners' folds; empty to deal groups to folds.
        k: number of folds to deal to.
        most: most clips of a speaker and label, chosen by a hash of their names; 0 for all.
        note: what a reader of the score should know.
    """

    name: str
    title: str
    corpus: str
    label: str
    group: str = "speaker"
    fold: str = ""
    k: int = 5
    most: int = 0
    note: str = ""

    def __call__(self, data: Path) -> HearTask:
        """Return the task.

        Args:
            data: folder of corpora.

        Raises:
            DataError: the corpus is not there.
        """
        table = read_corpus(data, self.corpus)
        if self.most:
            table = some_of_each(table, [self.group, self.label], most=self.most)
        group = table[self.group].astype(object).to_numpy()
        label = table[self.label].astype(object).to_numpy()
        fold = (
            table[self.fold].to_numpy(object)
            if self.fold
            else deal_groups(group, label, k=self.k).astype(str)
        )
        clips = pd.DataFrame({"clip": table["segment"], "fold": fold, "group": group, "label": label})
        return clip_task(
            self.name, self.title, clips, files=table["file"], licence=licence_of(self.corpus), note=self.note
        )


def clip_task(
    name: str, title: str, clips: pd.DataFrame, *, files: Sequence[str], licence: str, note: str = ""
) -> HearTask:
    """Return a task of one label per clip, scored by unweighted average recall.

    Args:
        name: of the task.
        title: what is asked.
        clips: as in `HearTask`, labels as text.
        files: audio file of each row.
        licence: of the audio.
        note: what a reader of the score should know.
    """
    paths = [Path(file) for file in files]
    labels = tuple(sorted(set(clips["label"])))
    return HearTask(
        name,
        title,
        kind="scene",
        several=False,
        metric="uar",
        labels=labels,
        clips=clips.reset_index(drop=True),
        sound=lambda row: read_sound(paths[row]),
        seconds=LONGEST_S,
        licence=licence,
        chance=1 / len(labels),
        note=note,
    )


def sex_task(data: Path) -> HearTask:
    """Return the task to tell women's voices from men's, over three corpora.

    Args:
        data: folder of corpora.

    Raises:
        DataError: a corpus is not there.
    """
    table = pd.concat([read_corpus(data, name) for name in SEX_CORPORA])
    table = some_of_each(table, ["speaker"], most=SEX_CLIPS)
    stratum = (table["corpus"] + "/" + table["sex"]).to_numpy(object)
    fold = deal_groups(table["speaker"].to_numpy(object), stratum, k=5).astype(str)
    clips = pd.DataFrame(
        {"clip": table["segment"], "fold": fold, "group": table["speaker"], "label": table["sex"]}
    ).astype(object)
    licence = "; ".join(dict.fromkeys(licence_of(name) for name in SEX_CORPORA))
    return clip_task(
        "sex", "sex of the speaker, over three corpora", clips, files=table["file"], licence=licence
    )


def some_of_each(table: pd.DataFrame, columns: list[str], *, most: int) -> pd.DataFrame:
    """Return at most so many rows of each combination of columns, chosen by a hash of `segment`.

    Args:
        table: with `segment`.
        columns: that name what rows are of.
        most: rows to keep of each, 1 or more.
    """
    place = [hashlib.sha256(str(name).encode()).hexdigest() for name in table["segment"]]
    shuffled = table.iloc[np.argsort(np.array(place))]
    return shuffled.groupby(columns, sort=False).head(most).sort_values("segment")


def read_corpus(data: Path, name: str) -> pd.DataFrame:
    """Return the table of a corpus.

    Args:
        data: folder of corpora.
        name: in the registry.

    Raises:
        DataError: it is not there.
    """
    return _read_corpus(str(data), name).copy()


@cache
def _read_corpus(data: str, name: str) -> pd.DataFrame:
    return registry.find("corpora", name).load(Path(data) / name.replace("-", "_"))


def read_sound(path: Path) -> Sound:
    """Return a recording as one channel without constant offset, which in some corpora tells the class.

    Args:
        path: audio file.

    Raises:
        InputError: it cannot be read.
    """
    found = decode(path, mono=True)
    samples = found.samples[0]
    return Sound((samples - np.mean(samples, dtype=np.float64)).astype(np.float32), found.rate_hz)


def licence_of(corpus: str) -> str:
    """Return the licence of a corpus, in its owners' words.

    Args:
        corpus: its name in the registry.
    """
    return str(registry.find("corpora", corpus).CARD["licence"])
