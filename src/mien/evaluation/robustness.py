"""Goal U6: how much of a model's score is left when recordings get worse."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.answers import categories_of
from mien.evaluation.doubt_goals import GOAL_COLUMNS
from mien.evaluation.intervals import interval_of
from mien.evaluation.metrics import confusion_by_group, recall_from_counts
from mien.evaluation.resampling import Resampled, resample_counts
from mien.signals.degrade.ladder import LADDER, LEVELS

Rung = tuple[str, int]
Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

CLEAN = "clean"
LEAST_RATIO = 0.85
RUNG_COLUMNS = (
    "corpus", "condition", "level", "severity", "unit", "uar", "low", "high", "ratio", "ratio_low",
    "ratio_high", "n", "speakers", "note",
)  # fmt: skip
CONDITION_COLUMNS = ("corpus", "condition", "title", "levels", "uar", "ratio", "low", "high", "note")
_SHOWN = 3


class Robustness(NamedTuple):
    """Hold what is left of a score on degraded recordings; all intervals are 95 %, over speakers.

    Attributes:
        rungs: one row per corpus, condition and level, clean clips (level 0) first, with `RUNG_COLUMNS`:
            the unweighted average recall with its interval, and its ratio to clean with its own.
        conditions: one row per corpus and condition, with `CONDITION_COLUMNS`: mean recall of its levels,
            their ratio to clean and its interval.
        goals: rows of goal U6 per corpus, with the columns of `doubt_goals.goal_table`.
    """

    rungs: pd.DataFrame
    conditions: pd.DataFrame
    goals: pd.DataFrame


def judge_robustness(
    clean: pd.DataFrame, degraded: Mapping[Rung, pd.DataFrame], *, draws: int = 1000, seed: int = 0
) -> Robustness:
    """Judge answers for degraded clips against those for the same clips as recorded.

    Use it with answers of models that have not heard these speakers: one that was trained on the clips
    scores higher clean than it should, and the ratio then says little about new speakers. The ratio and its
    interval are paired: every resample draws the same speakers clean and degraded. The mean takes every
    rung alike. The worst condition was picked for being worst, which its interval does not allow for.

    Args:
        clean: answers for the clips as recorded, as `mien.evaluation.answers` gives them.
        degraded: (condition, level) → answers for the same clips, with conditions of `LADDER` and levels 1
            to 5. Where rungs of the ladder are missing, the ratio is given and the goal not judged.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        Tables of rungs, conditions and goals. A value that these data do not define is null, with the
        reason in `note`.

    Raises:
        DataError: no rung, one that the ladder does not have, or one with other clips or labels than clean.

    Example:
        >>> said = pd.DataFrame({"segment": list("abcd"), "speaker": list("xxyy"), "corpus": "c"})
        >>> said["truth"], said["prediction"] = list("jsjs"), list("jsjs")
        >>> said[["p.j", "p.s"]] = 0.5
        >>> noisy = said.assign(prediction=list("jsjj"))
        >>> found = judge_robustness(said, {("white-noise", 3): noisy}, draws=100)
        >>> float(found.goals.loc[0, "value"]), found.goals.loc[0, "note"][:37]
        (0.75, 'Not judged: 94 rungs of the ladder ar')
    """
    rungs = _in_order(degraded)
    said = np.stack([_text(clean["prediction"]), *(_matched(clean, degraded[one], one) for one in rungs)])
    places = clean.reset_index(drop=True)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in Robustness._fields}
    for corpus, part in places.groupby("corpus", sort=False):
        recalls = _Recalls(part, said[:, part.index], draws=draws, seed=seed)
        rows = {
            "rungs": _rung_rows(recalls, part, rungs),
            "conditions": _condition_rows(recalls, rungs),
        }
        rows["goals"] = _goal_rows(recalls, rungs, rows["conditions"])
        for name, some in rows.items():
            found[name] += [row | {"corpus": str(corpus)} for row in some]
    return Robustness(
        rungs=_typed(found["rungs"], RUNG_COLUMNS),
        conditions=_typed(found["conditions"], CONDITION_COLUMNS),
        goals=_typed(found["goals"], GOAL_COLUMNS).astype({"met": "boolean"}),
    )


class _Recalls:
    """Average recalls of one corpus: clean clips first, then every rung, on all speakers and on resamples.

    Attributes:
        uar: `(1 + rungs,)`.
        drawn: `(draws, 1 + rungs)`, the same speakers in a row; None where the note says why.
        note: why there are no intervals.
    """

    def __init__(self, part: pd.DataFrame, said: Texts, *, draws: int, seed: int) -> None:
        counts = _counted(part, said)  # (speakers, 1 + rungs, K, K)
        self.uar = recall_from_counts(counts.sum(axis=0))
        self.drawn: Floats | None = None
        self.note = "no interval: who speaks is not known"
        self._speakers = len(counts)
        if part["speaker"].notna().all():
            self._draw(counts, draws=draws, seed=seed)

    def _draw(self, counts: Floats, *, draws: int, seed: int) -> None:
        kept: list[Floats] = []

        def recall_on_clean_clips(summed: Floats) -> Floats:
            # Kept for all rungs at once: every interval below comes from these same resamples.
            kept.append(recall_from_counts(summed))
            return kept[-1][:, 0]

        try:
            resample_counts(recall_on_clean_clips, counts, draws=draws, seed=seed)
        except UndefinedScore as reason:
            self.note = f"no interval: {reason}"
            return
        # The first call was for all speakers.
        self.drawn, self.note = np.concatenate(kept[1:]), ""

    def recall(self, number: int) -> dict[str, Any]:
        """Return the recall of one rung (0: clean) with its interval."""
        drawn = None if self.drawn is None else self.drawn[:, number]
        return self._bounded(float(self.uar[number]), drawn)

    def share(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Return the mean recall of some rungs over that on clean clips, with its interval."""
        places = list(numbers)
        if self.uar[0] == 0:
            return self._bounded(None, None) | {"note": "no ratio: nothing is right on clean clips"}
        drawn = None
        if self.drawn is not None:
            clean = np.where(self.drawn[:, 0] > 0, self.drawn[:, 0], np.nan)
            drawn = self.drawn[:, places].mean(axis=1) / clean
        return self._bounded(float(self.uar[places].mean() / self.uar[0]), drawn)

    def _bounded(self, value: float | None, drawn: Floats | None) -> dict[str, Any]:
        found = {"value": value, "low": None, "high": None, "note": self.note}
        if value is None or drawn is None:
            return found
        interval = interval_of(Resampled(value, drawn, self._speakers))
        return found | {"low": interval.low, "high": interval.high}


def _rung_rows(recalls: _Recalls, part: pd.DataFrame, rungs: Sequence[Rung]) -> list[dict[str, Any]]:
    """Return the row of clean clips and one per rung."""
    speakers = part["speaker"].nunique() if part["speaker"].notna().all() else None
    rows = []
    for number, (condition, level) in enumerate([(CLEAN, 0), *rungs]):
        row = recalls.recall(number) | {"condition": condition, "level": level, "n": len(part)}
        row |= {"uar": row["value"], "speakers": speakers, "ratio": 1.0}
        if number:
            share, rung = recalls.share([number]), LADDER[condition]
            row |= {"severity": rung.severities[level - 1], "unit": rung.unit, "ratio": share["value"]}
            row |= {"ratio_low": share["low"], "ratio_high": share["high"], "note": share["note"]}
        rows.append(row)
    return rows


def _condition_rows(recalls: _Recalls, rungs: Sequence[Rung]) -> list[dict[str, Any]]:
    """Return one row per condition: the mean of its levels."""
    rows = []
    for condition in dict.fromkeys(name for name, _ in rungs):
        numbers = [place for place, (name, _) in enumerate(rungs, start=1) if name == condition]
        row = recalls.share(numbers) | {"condition": condition, "title": LADDER[condition].title}
        row |= {"ratio": row["value"], "uar": recalls.uar[numbers].mean()}
        rows.append(row | {"levels": ", ".join(str(rungs[number - 1][1]) for number in numbers)})
    return rows


def _goal_rows(
    recalls: _Recalls, rungs: Sequence[Rung], conditions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the mean over the ladder, which is the goal, and the worst condition, which is reported."""
    mean = recalls.share(range(1, len(rungs) + 1))
    missing = len(LADDER) * len(LEVELS) - len(rungs)
    judged = not missing and mean["value"] is not None
    gap = f"Not judged: {missing} rungs of the ladder are missing" if missing else ""
    mean |= {
        "what": f"average recall over {len(rungs)} degraded conditions, as a share of that on clean clips",
        "goal": f"≥ {LEAST_RATIO:.2f}",
        "met": bool(mean["value"] >= LEAST_RATIO) if judged else None,
        "note": _joined(gap, mean["note"]),
    }
    rows = [mean]
    if known := [row for row in conditions if row["value"] is not None]:
        worst = min(known, key=lambda row: float(row["value"]))
        said = f"{worst['condition']}: {_joined(worst['title'], worst['note'])}"
        what = "the same share in the worst condition"
        rows.append({**worst, "what": what, "goal": "reported", "met": None, "note": said})
    return [{"id": "U6", **row} for row in rows]


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _in_order(degraded: Mapping[Rung, pd.DataFrame]) -> list[Rung]:
    """Return the rungs in the order of the ladder."""
    known = [(name, level) for name in LADDER for level in LEVELS]
    unknown = [rung for rung in degraded if rung not in known]
    if unknown or not degraded:
        raise DataError(
            f"Got rungs {unknown[:_SHOWN] or 'none'}, expected conditions of the ladder "
            f"({', '.join(LADDER)}) at levels 1 to {LEVELS[-1]}."
        )
    return [rung for rung in known if rung in degraded]


def _matched(clean: pd.DataFrame, answers: pd.DataFrame, rung: Rung) -> Texts:
    """Return a rung's predictions in the order of the clean clips."""
    names = pd.Index(answers["segment"].astype(str))
    places = names.get_indexer(pd.Index(clean["segment"].astype(str))) if names.is_unique else np.array([-1])
    same = len(answers) == len(clean) and places.min() >= 0
    if not same or (_text(answers["truth"])[places] != _text(clean["truth"])).any():
        raise DataError(
            f"Got {len(answers)} answers for `{rung[0]}` at level {rung[1]}, expected the {len(clean)} clean "
            "clips with the same labels, each once; answer the same clips at every level."
        )
    return np.asarray(_text(answers["prediction"])[places])


def _text(column: "pd.Series[Any]") -> Texts:
    return column.astype(str).to_numpy(dtype=object)


def _counted(part: pd.DataFrame, said: Texts) -> Floats:
    """Return counts `(speakers, 1 + rungs, K, K)`; of one speaker where it is not known who speaks."""
    known = part["speaker"].notna().all()
    number = pd.factorize(part["speaker"].astype(str), sort=True)[0] if known else np.zeros(len(part), int)
    rungs, labels = len(said), categories_of(part)
    # Every pair of speaker and rung is a group of its own, numbered in the order of the result.
    group = number * rungs + np.arange(rungs)[:, None]
    truth = np.broadcast_to(_text(part["truth"]), said.shape)
    counts = confusion_by_group(truth.ravel(), said.ravel(), labels=labels, group=group.ravel())
    return counts.reshape(-1, rungs, len(labels), len(labels))


def _typed(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(columns))
    floats = ("value", "uar", "low", "high", "ratio", "ratio_low", "ratio_high", "severity")
    kinds = {name: "float64" for name in floats if name in table} | (
        {"speakers": "Int64"} if "speakers" in table else {}
    )
    return table.astype(kinds)
