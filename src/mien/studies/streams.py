"""Turn the segments of a corpus into columns: descriptors, embeddings, bags or words, each computed once."""

import hashlib
import logging
from collections.abc import Sequence
from functools import cache as remember
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien import __version__
from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.core.registry import names
from mien.studies.fitted_streams import FITTED, Bagged, Fitted, bagged_sets
from mien.studies.stream_cache import KEY, kept_rows
from mien.studies.study_corpora import TEXT, VOICE, StudyCorpus

LOGGER = logging.getLogger(__name__)
SOURCE = Path(__file__).parents[1]
KEYS = ("segment", "file", "start", "end")


class Stream(Protocol):
    """Give columns for the rows of a corpus."""

    def columns(self, train: NDArray[np.int64]) -> Any:
        """Return `(rows, D)`, dense or sparse, NaN where a row cannot be described.

        Args:
            train: rows that anything fitted may look at.
        """


class Fixed:
    """Hold columns that nothing has to be learned for.

    Attributes:
        values: `(rows, D)`, NaN where a row cannot be described.
    """

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values

    def columns(self, train: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the same columns whatever trains."""
        return self.values


def known_streams() -> dict[str, str]:
    """Return stream → `voice` or `words`, of those that have a name."""
    from mien.nets.load_encoder import pretrained_encoders

    return _without_torch() | {name: VOICE for name in pretrained_encoders()} | {"minilm": TEXT}


def _without_torch() -> dict[str, str]:
    """Return the streams that no network is loaded for, not even to list them."""
    sets = {name: VOICE for name in names("features")}
    bags = {f"{name}-bag": VOICE for name in bagged_sets()}
    return sets | bags | dict.fromkeys(FITTED, TEXT)


def check_stream(name: str) -> None:
    """Refuse a name that no stream has, before anything is computed.

    Raises:
        ConfigError: no descriptor set, encoder, bag or reader of words has it.
    """
    if name in _without_torch() or _is_encoder_path(name):
        return
    known = known_streams()
    if name not in known:
        raise ConfigError(
            f"Got stream `{name}`, expected one of {', '.join(sorted(known))}, hf:<owner>/<name> or a folder "
            f"of weights.{did_you_mean(name, known)}"
        )


def modality_of(name: str) -> str:
    """Return `voice` or `words`; an encoder from hub or folder says itself what it takes."""
    known = _without_torch()
    if name not in known and not _is_encoder_path(name):
        known = known_streams()
    if name in known:
        return known[name]
    from mien.nets.load_encoder import load_encoder

    return str(load_encoder(name).modality)


def open_stream(name: str, corpus: StudyCorpus, *, cache: Path, workers: int = 1) -> Stream:
    """Compute a stream for every segment of a corpus, or read what was computed before.

    What is kept of a segment hangs on the bytes of its recording or its words, the weights and mien's own
    code: when any of them changes, it is computed anew; other segments are not.

    Args:
        name: see `known_streams`.
        corpus: its segments.
        cache: folder for what is computed.
        workers: processes that describe recordings.

    Raises:
        ConfigError: no such stream, or the corpus has nothing that it could hear or read.
    """
    check_stream(name)
    need = modality_of(name)
    if need not in corpus.modality:
        has = " and ".join(corpus.modality) or "neither recordings nor texts"
        raise ConfigError(f"Got `{name}`, which takes {need}, but `{corpus.name}` has {has}; leave one out.")
    if name in FITTED:
        return Fitted(name, corpus.table["text"].fillna("").astype(str).tolist())
    keys = corpus.keys(need)

    def describe(rows: NDArray[np.int64]) -> pd.DataFrame:
        return _describe(name, corpus.table.iloc[rows].set_axis(rows), workers)

    found = kept_rows(cache / f"{Path(name).name.replace(':', '-')}-{_mark(name)}", keys, describe)
    if name.endswith("-bag"):
        return Bagged(found.dropna(subset=found.columns.drop(KEY), how="all"), keys)
    return Fixed(found.set_index(KEY).loc[keys].to_numpy(np.float32))


def stream_mark(name: str, corpus: StudyCorpus) -> str:
    """Return 16 hex digits that change with the clips of a corpus and with what describes them.

    Args:
        name: a descriptor set or an encoder of voice.
        corpus: its clips.
    """
    return hashlib.sha256(f"{_mark(name)}\n{corpus.content}".encode()).hexdigest()[:16]


def described_arrays(name: str, clips: Sequence[NDArray[np.float32]], rate_hz: int) -> NDArray[np.float32]:
    """Return a stream of samples that lie in memory, `(clips, D)`, NaN where one cannot be described.

    Args:
        name: a descriptor set or an encoder of voice.
        clips: `(samples,)` each.
        rate_hz: their sampling rate.
    """
    if name in names("features"):
        from mien.features.extraction import extract_table

        found = extract_table(name, list(clips), rate_hz=rate_hz)
        values = found.drop(columns=[*KEYS])
    else:
        from mien.nets.embed import embed

        found = embed(name, list(clips), rate_hz=rate_hz, pooling="statistics").table
        values = found[[column for column in found if column.startswith("e.")]]
    numbers = found["segment"].str.extract(r"array-(\d+)")[0].astype(int) - 1
    described = np.full((len(clips), values.shape[1]), np.nan, np.float32)
    described[numbers] = values
    return described


def _describe(name: str, table: pd.DataFrame, workers: int) -> pd.DataFrame:
    """Return values of segments, indexed like the table; those that cannot be described are left out."""
    numbered = table.assign(segment=table.index.astype(str))
    if _is_described(name):
        from mien.features.extraction import extract_table

        level = "lld" if name.endswith("-bag") else "functionals"
        given = numbered.reindex(columns=list(KEYS))
        found = extract_table(name.removesuffix("-bag"), given, level=level, workers=workers)
        failures, found.attrs = found.attrs["failures"], {}
    else:
        from mien.nets.embed import embed

        words = modality_of(name) == TEXT
        given = numbered.reindex(columns=["segment", "text"] if words else list(KEYS))
        if words:
            given["text"] = given["text"].fillna("").map(lambda text: text.strip() or "-")
        embedded = embed(name, given, pooling="mean" if words else "statistics")
        failures, found = dict(embedded.failures.to_numpy()), embedded.table
    names_of = dict(zip(numbered["segment"], table["segment"], strict=True))
    _tell_failures({names_of.get(one, one): reason for one, reason in failures.items()}, name)
    found = found.drop(columns=[one for one in (*KEYS[1:], "speaker", "text") if one in found])
    return found.astype({"segment": np.int64}).set_index("segment")


def _tell_failures(failures: dict[str, str], name: str) -> None:
    for segment, reason in list(failures.items())[:3]:
        LOGGER.warning("%s cannot describe %s: %s", name, segment, reason)
    if len(failures) > 3:
        LOGGER.warning("%s cannot describe %d more segments", name, len(failures) - 3)


def _is_described(name: str) -> bool:
    return name.removesuffix("-bag") in names("features")


def _mark(name: str) -> str:
    """Return 16 hex digits of everything beside the segments that a stream hangs on."""
    if _is_described(name):
        level = "lld" if name.endswith("-bag") else "functionals"
        words = name.removesuffix("-bag"), level, code_mark("features/voice")
    else:
        words = name, _weights(name), code_mark("nets")
    return hashlib.sha256("\n".join((__version__, *words)).encode()).hexdigest()[:16]


@remember
def code_mark(folder: str) -> str:
    """Return a hash of a folder of mien's own code, so that what a changed one computes is computed anew.

    Args:
        folder: below the package, such as `features/voice`.
    """
    files = sorted((SOURCE / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _weights(name: str) -> str:
    from mien.nets.encoder_facts import describe_encoder

    return describe_encoder(name).sha256


def _is_encoder_path(name: str) -> bool:
    return name.startswith("hf:") or Path(name).is_dir()
