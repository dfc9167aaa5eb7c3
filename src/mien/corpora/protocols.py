"""Protocols: named, versioned ways to part a corpus into what trains and what tests."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.corpora.overlap import script_keys, sources_of
from mien.corpora.partition import joint_5fold
from mien.corpora.split import PARTS, Fold, deal_groups, label_column, plain_column, split_checksum

_NO_ROWS = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class EvaluationProtocol(ABC):
    """Part a table into folds, always in the same way for the same table.

    Attributes:
        name: as users write it.
        version: rises whenever the same table would be parted otherwise.
        describes: one line for a report.
        disjoint: checks of `mien.corpora.overlap` that it promises to be empty.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    describes: ClassVar[str]

    @property
    def disjoint(self) -> tuple[str, ...]:
        """Return the checks that the protocol promises to be empty."""
        return ("speaker",)

    def folds(self, table: pd.DataFrame) -> list[Fold]:
        """Return the folds of a table; each says which classes its training part lacks.

        Args:
            table: segment table with the columns that the protocol needs.

        Raises:
            DataError: a column that the protocol needs is missing, null or has too few values.
        """
        _check_rows(table)
        codes, names = pd.factorize(plain_column(table, label_column(table)), sort=True)
        folds = self._divide(table)
        for fold in folds:
            if not len(fold.train) or not len(fold.test):
                raise DataError(
                    f"Got {len(fold.train)} training and {len(fold.test)} test rows in fold `{fold.name}`, "
                    "expected some of both; load more of the corpus or choose another protocol."
                )
        return [_with_missing_classes(fold, codes, names) for fold in folds]

    def record(self, table: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, object]:
        """Return what a run's folder says about its split: name, version, options, folds, checksum, notes."""
        return {
            "protocol": self.name,
            "version": self.version,
            "options": asdict(self),
            "folds": len(folds),
            "checksum": split_checksum(table, folds),
            "notes": [f"{fold.name}: {note}" for fold in folds for note in fold.notes],
        }

    @abstractmethod
    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        """Return the folds, before classes are counted."""


@dataclass(frozen=True)
class LeaveOneSpeakerOut(EvaluationProtocol):
    """Test each speaker with a model that knows all others; for corpora of up to some thirty speakers."""

    name = "loso"
    describes = "leave one speaker out: each speaker is tested by a model that never heard them"

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        return _test_each(_speakers(table, least=2))


@dataclass(frozen=True)
class SpeakerKFold(EvaluationProtocol):
    """Test each fold of whole speakers once; folds are alike in clips and classes as far as they can be.

    Attributes:
        k: number of folds, 2 to the number of speakers.
        seed: chooses among divisions that are nearly as even; small corpora often have one only.
    """

    k: int = 5
    seed: int = 0
    name = "speaker-kfold"
    describes = "k folds of whole speakers, alike in clips and classes"

    def __post_init__(self) -> None:
        _check_k(self.k)

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        speakers = _speakers(table, least=self.k)
        return _test_each(_dealt(speakers, table, k=self.k, seed=self.seed))


@dataclass(frozen=True)
class JointFiveFold(EvaluationProtocol):
    """Hold out the speakers of the committed joint partition; for every score of a shipped model.

    Folds whose speakers are not in the table are left out: they would test nothing.
    """

    name = "joint-5-fold"
    describes = "the committed five folds over the speakers of all training corpora"

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        speakers = _speakers(table, least=2)
        fold_of = {str(one): f"fold-{fold}" for one, fold in joint_5fold()[["speaker", "fold"]].to_numpy()}
        unknown = sorted({str(one) for one in speakers} - set(fold_of))
        if unknown:
            raise DataError(
                f"Got speaker `{unknown[0]}`, who is not in the joint partition ({len(unknown)} such), "
                "expected corpora that are part of it; use speaker-kfold."
            )
        return _test_each(np.array([fold_of[str(one)] for one in speakers], dtype=object))


@dataclass(frozen=True)
class OwnSplit(EvaluationProtocol):
    """Take the train, dev and test parts that the owners of the corpus give; it promises nothing else."""

    name = "split"
    describes = "the corpus' own train, dev and test parts"

    @property
    def disjoint(self) -> tuple[str, ...]:
        """Promise nothing: owners part dialogues or speakers as they see fit."""
        return ()

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        parts = _known(table, "split", remedy="drop those rows, or choose another protocol")
        unknown = sorted(set(parts) - set(PARTS))
        if unknown:
            raise DataError(
                f"Got split `{unknown[0]}`, expected train, dev or test; rename it."
                f"{did_you_mean(str(unknown[0]), PARTS)}"
            )
        train, dev, test = (np.flatnonzero(parts == part) for part in PARTS)
        return [Fold("split", train, dev, test)]


@dataclass(frozen=True)
class ScriptDisjoint(EvaluationProtocol):
    """Test words that no training clip holds; shows whether a model hears how, or what was said.

    Rows with one `text_id`, or with the same words, are one script. With `speakers`, every fold of scripts
    meets every fold of speakers (k² folds), and clips that share one of the two are in neither part.

    Attributes:
        k: number of folds of scripts, and of speakers.
        seed: chooses among divisions that are nearly as even.
        speakers: also hold out the speakers of the test clips.
    """

    k: int = 5
    seed: int = 0
    speakers: bool = False
    name = "script-disjoint"
    describes = "folds of whole scripts: no test sentence occurs in training"

    def __post_init__(self) -> None:
        _check_k(self.k)

    @property
    def disjoint(self) -> tuple[str, ...]:
        """Promise scripts and words, and speakers where they are held out as well."""
        return ("script", "words", "speaker") if self.speakers else ("script", "words")

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        scripts = script_keys(table)
        unknown = sum(one is None for one in scripts)
        if unknown:
            raise DataError(
                f"Got {unknown} of {len(table)} rows without `text_id` and `text`, expected one of them in "
                "every row; transcribe them or choose another protocol."
            )
        _check_groups(scripts, "script", least=self.k)
        by_script = _dealt(scripts, table, k=self.k, seed=self.seed)
        if not self.speakers:
            return _test_each(by_script)
        by_speaker = _dealt(_speakers(table, least=self.k), table, k=self.k, seed=self.seed)
        return _test_pairs(by_script, by_speaker)


@dataclass(frozen=True)
class CrossCorpus(EvaluationProtocol):
    """Test each corpus with a model trained on the others, on the shared categories (`category`).

    Rows without a shared category are in no part. A corpus cut from the same material as the tested one
    does not train. Both are in the fold's notes.
    """

    name = "cross-corpus"
    describes = "train on the other corpora, test on one, shared categories only"

    def _divide(self, table: pd.DataFrame) -> list[Fold]:
        corpora = _known(table, "corpus", remedy="name the corpus of every row")
        has_category = ~_is_null(plain_column(table, "category"))
        names = list(dict.fromkeys(corpora[has_category]))
        if len(names) < 2:
            raise DataError(
                f"Got {len(names)} corpora with a shared `category`, expected at least 2; load another one."
            )
        source = sources_of(names)
        folds = []
        for name in names:
            kin = [other for other in names if other != name and source[other] == source[name]]
            others = has_category & (corpora != name) & ~np.isin(corpora, kin)
            notes = [f"{', '.join(kin)} does not train: the same material as {name}"] if kin else []
            left_out = int(((corpora == name) & ~has_category).sum())
            notes += [f"{left_out} rows of {name} without shared category left out"] if left_out else []
            test = np.flatnonzero((corpora == name) & has_category)
            folds.append(Fold(str(name), np.flatnonzero(others), _NO_ROWS, test, tuple(notes)))
        return folds


PROTOCOLS: dict[str, type[EvaluationProtocol]] = {
    one.name: one
    for one in (LeaveOneSpeakerOut, SpeakerKFold, JointFiveFold, OwnSplit, ScriptDisjoint, CrossCorpus)
}
"""Name → protocol."""


def find_protocol(name: str, **options: int) -> EvaluationProtocol:
    """Return a protocol by its name.

    Args:
        name: `loso`, `speaker-kfold`, `joint-5-fold`, `split`, `script-disjoint` or `cross-corpus`.
        options: what it lets one choose, such as `k` and `seed`.

    Raises:
        ConfigError: an unknown name or option, or one out of range.

    Example:
        >>> find_protocol("speaker-kfold", k=10)
        SpeakerKFold(k=10, seed=0)
    """
    wanted = name.replace("_", "-")
    if wanted not in PROTOCOLS:
        raise ConfigError(
            f"Got protocol `{name}`, expected one of {', '.join(PROTOCOLS)}.{did_you_mean(wanted, PROTOCOLS)}"
        )
    protocol = PROTOCOLS[wanted]
    known = [field.name for field in fields(protocol)]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"Got option `{option}` of protocol `{wanted}`, expected {' or '.join(known) or 'none'}."
                f"{did_you_mean(option, known)}"
            )
    return protocol(**options)


def _test_each(fold_of: NDArray[np.object_]) -> list[Fold]:
    """Return one fold per value: its rows test, all others train."""
    return [
        Fold(str(one), np.flatnonzero(fold_of != one), _NO_ROWS, np.flatnonzero(fold_of == one))
        for one in sorted(set(fold_of))
    ]


def _test_pairs(one: NDArray[np.object_], two: NDArray[np.object_]) -> list[Fold]:
    """Return one fold per pair of values that occurs; rows that share one value of the pair are left out."""
    folds = []
    for first, second in sorted(set(zip(one, two, strict=True))):
        test = (one == first) & (two == second)
        train = (one != first) & (two != second)
        rest = int((~test & ~train).sum())
        note = f"{rest} rows that share script or speaker left out"
        name = f"scripts-{first.removeprefix('fold-')} speakers-{second.removeprefix('fold-')}"
        folds.append(Fold(name, np.flatnonzero(train), _NO_ROWS, np.flatnonzero(test), (note,)))
    return folds


def _dealt(groups: NDArray[np.object_], table: pd.DataFrame, *, k: int, seed: int) -> NDArray[np.object_]:
    """Return the fold of each row (`fold-0` …), whole groups in one, classes of each corpus balanced."""
    pairs = zip(plain_column(table, "corpus"), plain_column(table, label_column(table)), strict=True)
    strata = np.array([f"{corpus}|{label}" for corpus, label in pairs], dtype=object)
    folds = deal_groups(groups, strata, k=k, seed=seed)
    width = len(str(k - 1))
    return np.array([f"fold-{fold:0{width}d}" for fold in folds], dtype=object)


def _with_missing_classes(fold: Fold, codes: NDArray[np.int64], names: NDArray[np.object_]) -> Fold:
    """Note the classes that no training row has; code -1 is no class."""
    missing = np.setdiff1d(np.arange(len(names)), codes[fold.train])
    if not len(missing):
        return fold
    return replace(fold, notes=(*fold.notes, f"no `{'`, `'.join(map(str, names[missing]))}` in train"))


def _speakers(table: pd.DataFrame, *, least: int) -> NDArray[np.object_]:
    speakers = _known(table, "speaker", remedy="name them, drop those rows, or use split")
    _check_groups(speakers, "speaker", least=least)
    return speakers


def _check_groups(groups: NDArray[np.object_], what: str, *, least: int) -> None:
    count = len(set(groups))
    if count < least:
        advice = f"pass k={count}" if count > 1 else "one alone cannot be held out"
        raise DataError(f"Got {count} {what}(s), expected at least {least}; {advice}.")


def _check_k(k: int) -> None:
    if k < 2:
        raise ConfigError(f"Got {k} folds, expected at least 2; pass k=5.")


def _check_rows(table: pd.DataFrame) -> None:
    """Refuse a table whose rows have no unique name."""
    if not len(table):
        raise DataError("Got a table without rows, expected at least two; check the folder or the filter.")
    segments = _known(table, "segment", remedy="name each row once")
    if len(set(segments)) < len(segments):
        twice = table.loc[table["segment"].duplicated(), "segment"].iloc[0]
        raise DataError(f"Got segment `{twice}` twice, expected each once; drop or rename the copy.")


def _known(table: pd.DataFrame, name: str, *, remedy: str) -> NDArray[np.object_]:
    """Return a column without nulls, or say how many rows lack it."""
    values = plain_column(table, name)
    missing = int(_is_null(values).sum())
    if missing:
        raise DataError(
            f"Got {missing} of {len(table)} rows without `{name}`, expected it in every row; {remedy}."
        )
    return values


def _is_null(values: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.asarray(pd.isna(values), dtype=bool)
