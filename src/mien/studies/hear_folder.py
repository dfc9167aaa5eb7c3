"""Read a task folder in the form that hear-preprocess publishes."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError, InputError
from mien.signals.decode import decode
from mien.studies.hear_task import OWN_PARTS, HearTask, Sound

METADATA = "task_metadata.json"
VOCABULARY = "labelvocabulary.csv"
DAY_S = 86400.0
"""Length to cut to where the task names none: nothing is cut."""

SCENE_METRICS = {
    "top1_acc": "accuracy",
    "pitch_acc": "accuracy",
    "mAP": "map",
    "aucroc": "auc",
}
"""Their name → ours."""

_ONSET = re.compile(r"event_onset_(\d+)ms_fms")


def read_folder(folder: Path) -> HearTask:
    """Return a task as HEAR distributes it, its own splits kept and its first metric scored.

    Args:
        folder: with `task_metadata.json`, `labelvocabulary.csv`, a `<split>.json` per split, and the audio in
            `<rate>/<split>/`; of several rates, the highest is read.

    Raises:
        DataError: a file lacks or is not of that form, or the metric is not among those that are known.

    Source:
        Read-me of hear-preprocess and hear-eval-kit, 2021.
    """
    facts = _json(folder / METADATA)
    metric, tolerance_s = _metric(facts, folder)
    is_scene = _fact(facts, "embedding_type", folder) == "scene"
    several = _fact(facts, "prediction_type", folder) == "multilabel"
    labels = _vocabulary(folder)
    kfold = _fact(facts, "split_mode", folder) in ("new_split_kfold", "presplit_kfold")
    splits = [str(one) for one in _fact(facts, "splits", folder)] if kfold else list(OWN_PARTS)
    audio = _audio_folder(folder)
    rows, events = [], []
    for split in splits:
        for name, given in _json(folder / f"{split}.json").items():
            path = audio / split / (name if name.endswith(".wav") else f"{name}.wav")
            if not path.is_file():
                raise DataError(
                    f"Got no `{path}`, which {split}.json names, expected audio; unpack it again."
                )
            row: dict[str, Any] = {"clip": f"{split}/{name}", "fold": split, "group": None, "file": path}
            if is_scene:
                row["label"] = _scene_label(given, several=several, path=path)
            else:
                events += [_event(row["clip"], one) for one in given]
            rows.append(row)
    clips = pd.DataFrame(rows)
    files = clips.pop("file").tolist()
    return HearTask(
        str(_fact(facts, "task_name", folder)),
        f"{_fact(facts, 'task_name', folder)} {facts.get('version', '')}".strip(),
        kind="scene" if is_scene else "timestamp",
        several=several,
        metric=metric,
        labels=labels,
        clips=clips,
        sound=lambda row: _read(files[row]),
        seconds=float(facts.get("sample_duration") or DAY_S),
        licence="as its owners say",
        events=None if is_scene else pd.DataFrame(events, columns=["clip", "start", "end", "label"]),
        tolerance_s=tolerance_s,
        chance=_chance(metric, labels),
        note="speakers are not named in this form, so that the interval is over clips",
    )


def _metric(facts: dict[str, Any], folder: Path) -> tuple[str, float]:
    """Return our name of the first metric, and the tolerance of onsets."""
    name = str([*_fact(facts, "evaluation", folder), ""][0])
    onset = _ONSET.fullmatch(name)
    if onset:
        return "onset-f1", int(onset[1]) / 1000
    if name not in SCENE_METRICS:
        known = ", ".join([*SCENE_METRICS, "event_onset_200ms_fms"])
        raise DataError(f"Got metric `{name}` first in `{folder / METADATA}`, expected one of {known}.")
    return SCENE_METRICS[name], 0.2


def _chance(metric: str, labels: tuple[str, ...]) -> float:
    return {"accuracy": 1 / len(labels), "auc": 0.5}.get(metric, 0.0)


def _vocabulary(folder: Path) -> tuple[str, ...]:
    path = folder / VOCABULARY
    try:
        table = pd.read_csv(path, dtype={"label": "string"}, keep_default_na=False).sort_values("idx")
        return tuple(str(label) for label in table["label"])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"Got `{path}`, expected a table of idx and label; unpack the task again.") from error


def _audio_folder(folder: Path) -> Path:
    rates = sorted((int(one.name), one) for one in folder.iterdir() if one.is_dir() and one.name.isdecimal())
    if not rates:
        raise DataError(f"Got `{folder}` without audio, expected a folder named by its rate, such as 48000.")
    return rates[-1][1]


def _scene_label(given: Any, *, several: bool, path: Path) -> Any:
    if several:
        return tuple(str(one) for one in given)
    if not isinstance(given, list) or len(given) != 1:
        raise DataError(f"Got labels {given} of `{path}`, expected a list of one; unpack the task again.")
    return str(given[0])


def _event(clip: str, given: dict[str, Any]) -> tuple[str, float, float, str]:
    """Return an event in seconds; they count in milliseconds."""
    return clip, float(given["start"]) / 1000, float(given["end"]) / 1000, str(given["label"])


def _read(path: Path) -> Sound:
    found = decode(path, mono=True)
    return Sound(found.samples[0], found.rate_hz)


def _fact(facts: dict[str, Any], name: str, folder: Path) -> Any:
    if name not in facts:
        raise DataError(f"Got no `{name}` in `{folder / METADATA}`, expected the form of hear-preprocess.")
    return facts[name]


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"Got `{path}`, expected readable JSON; unpack the task again. ({error})") from error
    if not isinstance(found, dict):
        raise DataError(
            f"Got a {type(found).__name__} in `{path}`, expected an object; unpack the task again."
        )
    return found
