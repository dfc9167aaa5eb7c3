"""The tasks of hear-mini as data, and how they are found and chosen."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mien.core.errors import ConfigError, DataError, InputError
from mien.core.nearest import did_you_mean
from mien.studies.hear_corpora import ClipTask, sex_task
from mien.studies.hear_folder import METADATA, read_folder
from mien.studies.hear_made import count_task, pitch_task
from mien.studies.hear_mixtures import EventTask
from mien.studies.hear_task import HearTask

MINI = "hear-mini"

BUILDERS: dict[str, Callable[[Path], HearTask]] = {
    "emotion-emodb": ClipTask("emotion-emodb", "emotion in German", corpus="emodb", label="emotion"),
    "emotion-ravdess": ClipTask(
        "emotion-ravdess", "emotion in English", corpus="ravdess-speech", label="emotion", most=2
    ),
    "emotion-nemo": ClipTask("emotion-nemo", "emotion in Polish", corpus="nemo", label="emotion", most=6),
    "emotion-urdu": ClipTask(
        "emotion-urdu",
        "emotion in Urdu",
        corpus="urdu",
        label="emotion",
        note="nearly all speakers occur in one class only, so that the recording tells much of the answer",
    ),
    "vocal-sounds": ClipTask(
        "vocal-sounds", "coughs, laughs, sighs and the like", corpus="deeply-nonverbal", label="emotion"
    ),
    "digits": ClipTask("digits", "English digits", corpus="fsdd", label="digit", k=6),
    "sounds": ClipTask(
        "sounds", "environmental sounds", corpus="esc10-noise", label="sound", fold="fold", group="recording"
    ),
    "sex": sex_task,
    "pitch": pitch_task,
    "speaker-count": count_task,
    "sound-events": EventTask(
        "sound-events",
        "onsets of environmental sounds in noise",
        corpus="esc10-noise",
        column="sound",
        labels=("dog_bark", "rooster", "person_sneeze", "baby_cry"),
    ),
    "vocal-events": EventTask(
        "vocal-events",
        "onsets of vocal sounds in noise",
        corpus="deeply-nonverbal",
        column="emotion",
        labels=("coughing", "laughing", "screaming", "sneezing", "throat-clearing"),
    ),
}
"""Name → what builds the task from the folder of corpora."""

LEFT_OUT = {
    "language": "each language is in one corpus only, so that room and microphone would tell the language",
}
"""Tasks that these data do not allow, and why."""


class Loaded(NamedTuple):
    """Hold the tasks that can be run here.

    Attributes:
        tasks: in the order asked for.
        skipped: name → why it cannot be run.
    """

    tasks: tuple[HearTask, ...]
    skipped: dict[str, str]


def load_tasks(names: Sequence[str], data: str | Path) -> Loaded:
    """Build the tasks that were asked for; those whose corpus is not here are skipped with the reason.

    Args:
        names: `hear-mini` for all of ours, keys of `BUILDERS`, or folders in the official preprocessed form.
        data: folder of corpora.

    Raises:
        ConfigError: an unknown name.
        DataError: a folder is not in the official form, two tasks have one name, or no task can be run.
    """
    makers: dict[str, Callable[[], HearTask]] = {}
    for name in names:
        for one in [*BUILDERS] if name == MINI else [name]:
            makers[one] = _maker(one, Path(data))
    skipped = dict(LEFT_OUT) if MINI in names else {}
    tasks = []
    for name, make in makers.items():
        try:
            tasks.append(make())
        except (DataError, InputError) as reason:
            if name not in BUILDERS:
                raise
            skipped[name] = str(reason)
    twice = [
        task.name for place, task in enumerate(tasks) if task.name in [one.name for one in tasks[:place]]
    ]
    if twice or not tasks:
        found = f"two tasks named {twice[0]}" if twice else "; ".join(skipped.values())
        raise DataError(f"Got {found}, expected at least one task, each name once; change --tasks or --data.")
    return Loaded(tuple(tasks), skipped)


def _maker(name: str, data: Path) -> Callable[[], HearTask]:
    if name in BUILDERS:
        return partial(BUILDERS[name], data)
    if (Path(name) / METADATA).is_file():
        return partial(read_folder, Path(name))
    known = [MINI, *BUILDERS]
    raise ConfigError(
        f"Got task `{name}`, expected one of {', '.join(known)}, or a folder with {METADATA}."
        f"{did_you_mean(name, known)}"
    )
