"""Ask a model about clips as recorded and on every rung of the degradation ladder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.evaluation.answers import with_truth
from mien.evaluation.robustness import CLEAN, Rung
from mien.prediction.predictor import Predictor
from mien.signals.decode import decode
from mien.signals.degrade.ladder import LADDER, LEVELS, apply, clip_generator

Clip = NDArray[np.float32]
Predict = Callable[[Sequence[Clip]], pd.DataFrame]
"""Takes N mono clips; returns N rows `p.<category>`, in their order. Further columns are kept."""

MOST_OTHERS = 60


def answer_ladder(
    clips: pd.DataFrame,
    predict: Predict | Mapping[Any, Predict],
    *,
    rate_hz: int = 16000,
    noises: Sequence[Clip] = (),
    rungs: Sequence[Rung] | None = None,
    seed: int = 0,
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Yield a model's answers for clips as recorded, then for each rung, to be judged by `judge_robustness`.

    To judge a recipe on speakers that its models have not heard, pass one callable per fold: each clip is
    then answered by the model that was trained without its fold. A single callable answers all clips; if it
    was trained on them, the ratio to clean is optimistic.

    Other voices for babble are taken from the clips themselves, one clip of each other speaker.

    Args:
        clips: one row per clip with `segment`, `file`, `speaker`, `corpus`, `category` and, where there is
            one callable per fold, `fold`; further columns are kept.
        predict: the model, or fold → the model that was trained without it.
        rate_hz: what the model takes, in Hz; clips are resampled to it and mixed to mono.
        noises: recordings of noise at `rate_hz`, not trained with.
        rungs: (condition, level) to answer; by default all that these arguments allow.
        seed: seeds all degradations; a clip's do not depend on the other clips, babble excepted.

    Yields:
        (condition, level, answers as `mien.evaluation.answers` gives them); first (`clean`, 0).

    Raises:
        ConfigError: a clip of a fold without a model, an unknown rung, or one that lacks its noise.
        DataError: another number of answers than clips, answers that are no probabilities, or babble of
            nobody else.
        InputError: a file that cannot be read.
    """
    clips = clips.reset_index(drop=True)
    models = _models(clips, predict)
    wanted = every_rung(noises=bool(len(noises))) if rungs is None else rungs
    for condition, level, heard in hear_ladder(clips, wanted, rate_hz=rate_hz, noises=noises, seed=seed):
        yield condition, level, _ask(clips, heard, models)


def hear_ladder(
    clips: pd.DataFrame,
    rungs: Sequence[Rung],
    *,
    rate_hz: int = 16000,
    noises: Sequence[Clip] = (),
    seed: int = 0,
) -> Iterator[tuple[str, int, list[Clip]]]:
    """Yield clips as recorded (`clean`, 0), then as they sound at each rung.

    Args:
        clips: one row per clip with `segment`, `file`, `speaker` and, where it is a part of the file, `start`
            and `end` (seconds).
        rungs: (condition, level).
        rate_hz: of the clips that are yielded; they are mono.
        noises: recordings of noise at `rate_hz`.
        seed: seeds all degradations.

    Raises:
        ConfigError: an unknown rung, or one that lacks its noise.
        DataError: babble of nobody else.
        InputError: a file that cannot be read.
    """
    clips = clips.reset_index(drop=True)
    rows = clips.to_dict("records")
    heard = [_part(row, rate_hz) for row in rows]
    others = _Others(clips, heard, seed=seed)
    yield CLEAN, 0, heard
    for condition, level in rungs:
        yield (
            condition,
            level,
            [
                apply(
                    clip,
                    condition,
                    level,
                    rate_hz=rate_hz,
                    generator=clip_generator(str(row["segment"]), condition, seed=seed),
                    noises=noises,
                    speech=others.of(row["speaker"]) if LADDER[condition].needs == "speech" else None,
                )
                for clip, row in zip(heard, rows, strict=True)
            ],
        )


def _part(row: Mapping[Any, Any], rate_hz: int) -> Clip:
    """Return the samples of one row: its file, or what lies between start and end."""
    samples: Clip = decode(row["file"], rate_hz=rate_hz, mono=True).samples[0]
    start, end = row.get("start"), row.get("end")
    begin = 0 if pd.isna(start) else round(start * rate_hz)
    last = len(samples) if pd.isna(end) else round(end * rate_hz)
    return samples[begin:last]


def every_rung(*, noises: bool = True) -> list[Rung]:
    """Return all (condition, level) of the ladder, in its order, with or without recorded noise."""
    names = [name for name, condition in LADDER.items() if noises or condition.needs != "noises"]
    return [(name, level) for name in names for level in LEVELS]


def predict_with(predictor: Predictor) -> Predict:
    """Return what `answer_ladder` wants, from a loaded model: the mean probabilities of its members."""

    def predict(clips: Sequence[Clip]) -> pd.DataFrame:
        p = predictor.predict(clips).p.mean(axis=1)
        return pd.DataFrame({f"p.{name}": p[:, k] for k, name in enumerate(predictor.summary.categories)})

    return predict


def balanced_subset(clips: pd.DataFrame, count: int, *, seed: int = 0) -> pd.DataFrame:
    """Return up to `count` clips of each corpus, as evenly as can be over speakers, then over categories.

    Args:
        clips: with `corpus`, `speaker`, `category`.
        count: clips per corpus; a corpus that has fewer is kept whole.
        seed: seeds which clips are taken.

    Returns:
        Rows of `clips`, in their order.
    """
    drawn = clips.sample(frac=1.0, random_state=seed)
    turn = drawn.groupby(["corpus", "speaker", "category"], dropna=False).cumcount()
    drawn = drawn.assign(_turn=turn).sort_values("_turn", kind="stable")
    turn = drawn.groupby(["corpus", "speaker"], dropna=False).cumcount()
    drawn = drawn.assign(_turn=turn).sort_values("_turn", kind="stable")
    return clips.loc[sorted(drawn.groupby("corpus").head(count).index)]


class _Others:
    """One clip of each speaker, to be heard behind the others."""

    def __init__(self, clips: pd.DataFrame, heard: Sequence[Clip], *, seed: int) -> None:
        places = pd.Series(np.arange(len(clips)))[clips["speaker"].notna().to_numpy()]
        generator = np.random.default_rng(seed)
        order = generator.permutation(places.to_numpy())
        names = clips["speaker"].to_numpy()
        first = {str(names[place]): heard[place] for place in order if np.any(heard[place])}
        self._clips = dict(list(first.items())[:MOST_OTHERS])

    def of(self, speaker: object) -> list[Clip]:
        """Return clips of everybody else.

        Raises:
            DataError: it is not known who speaks, or nobody else does.
        """
        found = [clip for name, clip in self._clips.items() if name != str(speaker)]
        if pd.isna(speaker) or not found:  # type: ignore[call-overload]
            raise DataError(
                f"Got {len(self._clips)} known speakers, expected several, and a speaker for each clip, to "
                "talk behind the others; leave out the rungs of `babble`."
            )
        return found


def _models(clips: pd.DataFrame, predict: Predict | Mapping[Any, Predict]) -> list[tuple[Any, Predict]]:
    """Return (row numbers, model) for each fold."""
    if not isinstance(predict, Mapping):
        return [(np.arange(len(clips)), predict)]
    folds = clips["fold"].to_numpy()
    missing = sorted({str(fold) for fold in folds if fold not in predict})
    if missing:
        raise ConfigError(
            f"Got models for folds {', '.join(map(str, predict))}, expected one for fold {missing[0]} too."
        )
    return [(np.flatnonzero(folds == fold), predict[fold]) for fold in dict.fromkeys(folds)]


def _ask(clips: pd.DataFrame, heard: Sequence[Clip], models: Sequence[tuple[Any, Predict]]) -> pd.DataFrame:
    parts = []
    for rows, predict in models:
        answers = predict([heard[row] for row in rows])
        if len(answers) != len(rows):
            raise DataError(
                f"Got {len(answers)} answers of the model for {len(rows)} clips, expected as many."
            )
        parts.append(answers.set_index(clips.index[rows]))
    return with_truth(clips.join(pd.concat(parts)).reset_index(drop=True), label="category")
