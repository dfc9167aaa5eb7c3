"""Read the words that name a system of a study, such as `egemaps+speaker+svm`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.prediction.model_card import shipped

LEARNERS = ("svm", "logistic", "ridge", "boosting", "neighbours")
"""Classical learners; they take any streams."""
TUNED = ("probe", "lora", "full")
"""Ways to adapt an encoder; they take one stream, which must be an encoder."""
PER_SPEAKER = "speaker"
REPEATED = ("learned", "tuned", "late", "auto")
"""Kinds that are trained here, and so once per seed."""
MAJORITY, LATE, AUTO = "majority", "late", "auto"
GRAMMAR = (
    "expected majority, <stream>[,<stream>…][+speaker]+<learner> such as egemaps+svm, <encoder>+probe, +lora "
    "or +full, auto(<stream>,<stream>…), late(<system>,<system>…), the name of a shipped model, or a "
    "prediction table"
)


@dataclass(frozen=True)
class SystemWords:
    """Say what a system is made of.

    Attributes:
        name: as the user wrote it; names the rows of the table.
        kind: `majority`, `learned` (streams and a classical learner), `auto` (these searched inside each
            fold), `tuned` (an encoder that is adapted), `late` (systems whose answers are fused), `shipped`
            (a model of mien) or `stored` (predictions on disk).
        streams: what is heard or read, such as `egemaps`; the predictions' path where they are stored.
        learner: one of `LEARNERS` or `TUNED`; empty for other kinds.
        per_speaker: True where every stream is z-normalized by speaker, which looks at all of a test
            speaker's clips, though not at their labels: a condition of its own.
        parts: systems that are fused.
    """

    name: str
    kind: str
    streams: tuple[str, ...] = ()
    learner: str = ""
    per_speaker: bool = False
    parts: tuple["SystemWords", ...] = ()


def read_system(word: str) -> SystemWords:
    """Return what a word names.

    Args:
        word: see `GRAMMAR`.

    Raises:
        ConfigError: the word is no system.

    Example:
        >>> found = read_system("egemaps,minilm+speaker+svm")
        >>> found.streams, found.learner, found.per_speaker
        (('egemaps', 'minilm'), 'svm', True)
    """
    name = word.strip()
    if name == MAJORITY:
        return SystemWords(name, MAJORITY)
    if name.startswith(f"{LATE}(") and name.endswith(")"):
        parts = tuple(read_system(part) for part in _apart(name[len(LATE) + 1 : -1]))
        if len(parts) < 2:
            raise ConfigError(f"Got `{name}`, expected at least two systems to fuse; {GRAMMAR}.")
        return SystemWords(name, LATE, parts=parts)
    if name.startswith(f"{AUTO}(") and name.endswith(")"):
        streams = tuple(one.strip() for one in name[len(AUTO) + 1 : -1].split(",") if one.strip())
        if not streams or any("+" in one for one in streams):
            raise ConfigError(
                f"Got `{name}`, expected streams such as auto(egemaps,whisper-tiny); {GRAMMAR}."
            )
        return SystemWords(name, AUTO, streams)
    if _is_stored(name):
        return SystemWords(name, "stored", (name,))
    if name in {model.name for model in shipped()}:
        return SystemWords(name, "shipped", (name,))
    return _read_learned(name)


def read_systems(words: Sequence[str]) -> list[SystemWords]:
    """Return what several words name, each once.

    Raises:
        ConfigError: no word, a word twice, or one that is no system.
    """
    found = [read_system(word) for word in words]
    names = [one.name for one in found]
    twice = [name for name in names if names.count(name) > 1]
    if not found or twice:
        what = f"`{twice[0]}` twice" if twice else "no system"
        raise ConfigError(f"Got {what}, expected every system once: --systems egemaps+svm compare+svm.")
    return found


def _read_learned(name: str) -> SystemWords:
    heard, *rest = name.split("+")
    learner = rest.pop() if rest else ""
    if learner not in (*LEARNERS, *TUNED):
        hint = did_you_mean(learner or name, (*LEARNERS, *TUNED, MAJORITY, *(one.name for one in shipped())))
        raise ConfigError(f"Got system `{name}`, {GRAMMAR}.{hint}")
    streams = tuple(one.strip() for one in heard.split(",") if one.strip())
    per_speaker = rest == [PER_SPEAKER]
    if not streams or (rest and not per_speaker):
        raise ConfigError(
            f"Got system `{name}`, {GRAMMAR}; between stream and learner stands only `speaker`."
        )
    if learner in TUNED and (len(streams) > 1 or per_speaker):
        raise ConfigError(
            f"Got system `{name}`, expected one encoder for {learner}; fuse systems with late(…), or learn "
            "from several streams with svm or logistic."
        )
    kind = "tuned" if learner in TUNED else "learned"
    return SystemWords(name, kind, streams, learner, per_speaker)


def _is_stored(name: str) -> bool:
    path = Path(name)
    return path.suffix in (".parquet", ".csv") or (path / "predictions.parquet").is_file()


def _apart(inside: str) -> list[str]:
    """Split at the commas between systems; one between streams of a system is followed by no whole system.

    Example:
        >>> _apart("egemaps,minilm+svm,voice-small")
        ['egemaps,minilm+svm', 'voice-small']
    """
    found: list[str] = []
    waiting = ""
    for piece in inside.split(","):
        waiting = f"{waiting},{piece}" if waiting else piece
        known = waiting == MAJORITY or _is_stored(waiting) or waiting in {one.name for one in shipped()}
        if known or "+" in piece:
            found.append(waiting)
            waiting = ""
    return [*found, waiting] if waiting else found
