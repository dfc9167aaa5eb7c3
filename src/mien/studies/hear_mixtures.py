"""Tasks over time: events placed in noise, to be found by when they begin."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.corpora.split import deal_groups
from mien.signals.resample import resample
from mien.studies.hear_corpora import licence_of, read_corpus, read_sound
from mien.studies.hear_task import HearTask, Sound

RATE_HZ = 16000
MIXTURE_S = 6.0
MIXTURES = 12
"""Mixtures per fold."""

EVENTS = (2, 4)
"""Fewest and most events of a mixture."""

LONGEST_EVENT_S = 0.8
APART_S = 1.2
"""Time between onsets: events never overlap, and no onset can be taken for another."""

NOISES = ("rain", "sea_waves", "fire_crackling", "helicopter")
ABOVE_NOISE_DB = (6.0, 15.0)
LEVEL = 0.02
FRAME = 400


@dataclass(frozen=True)
class EventTask:
    """Build a task that asks when which events begin.

    No event, and no noise, is in two folds.

    Attributes:
        name: of the task.
        title: what is asked.
        corpus: whose clips are the events.
        column: that names an event's class.
        labels: the classes.
    """

    name: str
    title: str
    corpus: str
    column: str
    labels: tuple[str, ...]

    def __call__(self, data: Path) -> HearTask:
        """Return the task.

        Args:
            data: folder of corpora.

        Raises:
            DataError: a corpus is not there, or lacks a class.
        """
        noises = read_corpus(data, "esc10-noise").query("sound in @NOISES").assign(of="noise")
        sources = read_corpus(data, self.corpus)
        sources = sources[sources[self.column].isin(self.labels)].assign(of=sources[self.column])
        if "fold" not in sources:
            group, label = sources["speaker"].to_numpy(object), sources["of"].to_numpy(object)
            sources["fold"] = (1 + deal_groups(group, label, k=5)).astype(str)
        every = pd.concat([sources[["file", "of", "fold"]], noises[["file", "of", "fold"]]])
        return self._task(
            [mix for fold in sorted(set(sources["fold"])) for mix in self._plan(every, str(fold))]
        )

    def _plan(self, every: pd.DataFrame, fold: str) -> list["Mixture"]:
        """Return what is placed where in the mixtures of one fold."""
        files = {of: part["file"].tolist() for of, part in every[every["fold"] == fold].groupby("of")}
        lacking = {*self.labels, "noise"} - set(files)
        if lacking:
            raise DataError(
                f"Got no clip of {', '.join(sorted(lacking))} in fold {fold} for task {self.name}, expected "
                "some; use the whole corpus."
            )
        plans = []
        for number in range(MIXTURES):
            chance = np.random.default_rng([int(fold), number])
            count = int(chance.integers(EVENTS[0], EVENTS[1] + 1))
            slack = np.sort(chance.uniform(0, MIXTURE_S - 0.3 - count * APART_S, count))
            starts = 0.1 + slack + APART_S * np.arange(count)
            kinds = [str(one) for one in chance.choice(self.labels, count)]
            placed = [
                Placed(
                    float(start),
                    kind,
                    Path(str(chance.choice(files[kind]))),
                    float(chance.uniform(*ABOVE_NOISE_DB)),
                )
                for start, kind in zip(starts, kinds, strict=True)
            ]
            plans.append(
                Mixture(f"{fold}-{number}", fold, Path(str(chance.choice(files["noise"]))), tuple(placed))
            )
        return plans

    def _task(self, plans: list["Mixture"]) -> HearTask:
        clips = pd.DataFrame([(plan.name, plan.fold, f"fold {plan.fold}") for plan in plans])
        events = [
            (plan.name, one.start_s, one.start_s + len(event_samples(one.file)) / RATE_HZ, one.label)
            for plan in plans
            for one in plan.events
        ]
        licences = dict.fromkeys([licence_of(self.corpus), licence_of("esc10-noise")])
        return HearTask(
            self.name,
            self.title,
            kind="timestamp",
            several=True,
            metric="onset-f1",
            labels=self.labels,
            clips=clips.set_axis(["clip", "fold", "group"], axis=1),
            sound=lambda row: Sound(plans[row].samples(), RATE_HZ),
            seconds=MIXTURE_S,
            licence="; ".join(licences),
            events=pd.DataFrame(events, columns=["clip", "start", "end", "label"]),
            note="mixtures of a fold share sources, so that the interval is over five folds",
        )


@dataclass(frozen=True)
class Placed:
    """Say where an event goes.

    Attributes:
        start_s: its onset.
        label: its class.
        file: its recording.
        above_db: how much louder than the noise.
    """

    start_s: float
    label: str
    file: Path
    above_db: float


@dataclass(frozen=True)
class Mixture:
    """Say what a mixture is made of.

    Attributes:
        name: unique.
        fold: whose sources it uses.
        noise: recording behind the events.
        events: by onset.
    """

    name: str
    fold: str
    noise: Path
    events: tuple[Placed, ...]

    def samples(self) -> NDArray[np.float32]:
        """Return float32 `(96000,)`."""
        length = int(MIXTURE_S * RATE_HZ)
        noise = _at_rate(self.noise)
        found = np.resize(noise, length) * (LEVEL / max(_level(noise), 1e-6))
        for one in self.events:
            event = event_samples(one.file)
            start = round(one.start_s * RATE_HZ)
            gain = LEVEL * 10 ** (one.above_db / 20) / max(_level(event), 1e-6)
            found[start : start + len(event)] += gain * event[: length - start]
        return np.clip(found, -1, 1).astype(np.float32)


def event_samples(path: Path) -> NDArray[np.float64]:
    """Return the event in a recording, from its first loud frame on, at most 0.8 s.

    A frame of 25 ms is loud from 10 dB below the loudest.

    Args:
        path: of the recording.
    """
    samples = _at_rate(path)
    samples = np.pad(samples, (0, max(0, FRAME - len(samples))))
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power >= power.max() / 10)
    start = loud[0] * FRAME
    inside = loud[loud * FRAME < start + LONGEST_EVENT_S * RATE_HZ]
    return samples[start : min((inside[-1] + 1) * FRAME, start + int(LONGEST_EVENT_S * RATE_HZ))]


def _at_rate(path: Path) -> NDArray[np.float64]:
    sound = read_sound(path)
    return resample(sound.samples, sound.rate_hz, RATE_HZ).astype(np.float64)


def _level(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2)))
