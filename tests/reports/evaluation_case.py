"""The tables of an evaluation: those of the shipped predictions, and small made-up ones."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from mien.evaluation.answers import with_truth
from mien.evaluation.calibration import calibration_interval, debiased_calibration_error
from mien.evaluation.doubt_tables import doubt_tables
from mien.evaluation.groups import group_scores, worst_gap
from mien.evaluation.intervals import bootstrap
from mien.evaluation.metrics import accuracy, unweighted_average_recall
from mien.evaluation.speakers import speaker_strip, worst_decile
from mien.reports.evaluation_tables import EvaluationTables

PREDICTIONS = Path(__file__).resolve().parents[2] / "docs" / "results" / "voice-small" / "predictions.parquet"
FLOORS = {"emodb": 0.714, "ravdess_speech": 0.545, "nemo": 0.365}
LANGUAGES = {"emodb": "German", "nemo": "Polish", "ravdess_speech": "English"}
DRAWS = 100


def real_tables() -> EvaluationTables:
    """Return the evaluation of the shipped model's out-of-fold predictions."""
    table = with_truth(pd.read_parquet(PREDICTIONS))
    table["language"] = table["corpus"].map(LANGUAGES)
    corpora = list(table.groupby("corpus"))
    sex = group_scores(table, unweighted_average_recall, ["sex", "age", "language"], draws=DRAWS)
    gaps = worst_gap(table, unweighted_average_recall, ["sex", "language", "speaker"], draws=DRAWS)
    return EvaluationTables(
        summary={
            "title": "How well voice-small recognizes expressed affect",
            "model": "voice-small",
            "protocol": "joint 5-fold by speaker, version 1",
            "held_out": "speakers (each is judged by a net that has not heard them)",
            "n": len(table),
            "speakers": table["speaker"].nunique(),
            "corpora": [name for name, _ in corpora],
            "seeds": 1,
            "date": "2026-01-02",
            "licence": "CC BY-NC-SA 4.0",
            "sha256": "ab" * 32,
            "items": "clips",
            "floor": "linear SVM on eGeMAPS",
            "command": "mien evaluate docs/results/voice-small",
        },
        scores=pd.DataFrame([row for name, part in corpora for row in score_rows(name, part)]),
        goals=pd.DataFrame([row for name, part in corpora for row in goal_rows(name, part, gaps, table)]),
        confusion=table.groupby(["corpus", "truth", "prediction"]).size().reset_index(name="count"),
        reliability=pd.concat([reliability_rows(name, part) for name, part in corpora]),
        risk_coverage=pd.concat([risk_rows(name, part) for name, part in corpora]),
        groups=sex,
        gaps=gaps,
        strip=speaker_strip(table, unweighted_average_recall),
        overlap=pd.DataFrame(
            [
                ("speakers in training and test", 0, "ok", ""),
                ("recordings in training and test", 0, "ok", ""),
                (
                    "sentences in training and test",
                    21,
                    "warning",
                    "Actors of all folds speak the same sentences.",
                ),
                ("the recipe was chosen on test data", "fold 0", "fail", "Fold 0 was looked at twice."),
            ],
            columns=["check", "shared", "verdict", "note"],
        ),
        **{name: one for name, one in doubt_tables(table, draws=DRAWS).items() if name != "cross_fitting"},
        notes=["One seed: the spread between trainings is not in the intervals."],
    )


def score_rows(corpus: str, part: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    for score, title in ((unweighted_average_recall, "Unweighted average recall"), (accuracy, "Accuracy")):
        truth, prediction = part["truth"].to_numpy(object), part["prediction"].to_numpy(object)
        own = bootstrap(score, truth, prediction, cluster=part["speaker"].to_numpy(object), draws=DRAWS)
        item = bootstrap(score, truth, prediction, draws=DRAWS)
        first = score is unweighted_average_recall
        common = part["truth"].value_counts(normalize=True)
        rows.append(
            {
                "corpus": corpus,
                "metric": score.__name__,
                "title": title,
                "value": own.value,
                "low": own.low,
                "high": own.high,
                "low_item": item.low,
                "high_item": item.high,
                "n": len(part),
                "speakers": part["speaker"].nunique(),
                "chance": 1 / len(common) if first else common.max(),
                "floor": FLOORS[corpus] if first else None,
                "note": "",
            }
        )
    return rows


def area_under_curve(wrong: np.ndarray, doubt: np.ndarray) -> float:
    ranks = rankdata(doubt)[wrong]
    return float((ranks.sum() - len(ranks) * (len(ranks) + 1) / 2) / (len(ranks) * (~wrong).sum()))


def goal_rows(
    corpus: str, part: pd.DataFrame, gaps: pd.DataFrame, table: pd.DataFrame
) -> list[dict[str, object]]:
    right = (part["truth"] == part["prediction"]).to_numpy()
    confidence, speaker = part["confidence"].to_numpy(float), part["speaker"].to_numpy(object)
    ece = debiased_calibration_error(confidence, right, speaker=speaker)
    ece_low, ece_high = calibration_interval(confidence, right, speaker=speaker)
    doubt = part["doubt"].to_numpy(float)
    found = bootstrap(area_under_curve, ~right, doubt, cluster=speaker, draws=DRAWS)
    surest = part.sort_values("doubt", kind="stable").head(int(0.8 * len(part)))
    gain = unweighted_average_recall(surest["truth"], surest["prediction"]) - unweighted_average_recall(
        part["truth"], part["prediction"]
    )
    gap = gaps[(gaps["corpus"] == corpus) & (gaps["attribute"] == "sex")].iloc[0]
    last = worst_decile(part, unweighted_average_recall, draws=100).iloc[0]
    told = f"by chance {100 * last['alike']:.1f} %; {last['note'] or 'several speakers'}"
    no_sounds = "Needs ESC-10, not run here."
    rows = [
        ("U1", "Calibration error, debiased", ece, ece_low, ece_high, "≤ .05", ece <= 0.05, ""),
        ("U2", "Detection of own errors, AUROC", *found[2:3], *found[:2], "≥ .70", found.value >= 0.7, ""),
        ("U3", "Detection of unfamiliar sounds, AUROC", None, None, None, "≥ .90", None, no_sounds),
        ("U4", "Recall gained by abstaining on a fifth", gain, None, None, "≥ 4 points", gain >= 0.04, ""),
        ("U5", "Gap between the sexes", *gap[["gap", "low", "high"]], "≤ 5 points", gap["gap"] <= 0.05, ""),
        ("U5", "Recall of the worst tenth of speakers, %", *last[["value", "low", "high"]], "", None, told),
    ]
    names = ("id", "what", "value", "low", "high", "goal", "met", "note")
    return [dict(zip(names, row, strict=True)) | {"corpus": corpus} for row in rows]


def reliability_rows(corpus: str, part: pd.DataFrame) -> pd.DataFrame:
    right = (part["truth"] == part["prediction"]).to_numpy()
    order = np.argsort(part["confidence"].to_numpy(float), kind="stable")
    rows = []
    for number, rank in enumerate(np.array_split(order, 15), start=1):
        hits, size = right[rank].sum(), len(rank)
        centre, half = (
            (hits + 2) / (size + 4),
            1.96 * ((hits + 2) * (size - hits + 2)) ** 0.5 / (size + 4) ** 1.5,
        )
        says = part["confidence"].to_numpy(float)[rank].mean()
        rows.append((corpus, number, says, hits / size, max(centre - half, 0), min(centre + half, 1), size))
    return pd.DataFrame(rows, columns=["corpus", "bin", "confidence", "accuracy", "low", "high", "count"])


def risk_rows(corpus: str, part: pd.DataFrame) -> pd.DataFrame:
    surest_first = part.sort_values("doubt", kind="stable")
    wrong = (surest_first["truth"] != surest_first["prediction"]).to_numpy(dtype=float)
    size = np.arange(1, len(part) + 1)
    risk, ideal = wrong.cumsum() / size, np.sort(wrong).cumsum() / size
    return pd.DataFrame({"corpus": corpus, "coverage": size / len(part), "risk": risk, "ideal": ideal})


def small_tables(**changes: object) -> EvaluationTables:
    """Return the least that a report needs, of one made-up corpus, with changes."""
    scores = pd.DataFrame(
        {
            "corpus": ["made"],
            "metric": ["uar"],
            "title": ["UAR"],
            "value": [0.712],
            "low": [0.672],
            "high": [0.756],
            "low_item": [0.690],
            "high_item": [0.735],
            "n": [454],
            "speakers": [10],
            "chance": [0.167],
            "floor": [0.65],
            "note": [""],
        }
    )
    summary = {
        "title": "A made-up model",
        "model": "made_up",
        "protocol": "leave one speaker out, version 1",
        "n": 454,
        "speakers": 10,
        "command": "mien evaluate RUN",
    }
    fields = {"summary": summary, "scores": scores} | changes
    return EvaluationTables(**fields)


def made_tables(corpora: int = 2, *, speakers: int = 6, **changes: object) -> EvaluationTables:
    """Return made-up tables of every kind, with changes."""
    names = [f"corpus_{number}" for number in range(corpora)]
    generator, categories = np.random.default_rng(0), ["anger", "neutral", "sadness"]
    scores = pd.concat([small_tables().scores.assign(corpus=name) for name in names], ignore_index=True)
    goals = [
        ("U1", "Calibration error, debiased", 0.041, 0.02, 0.06, "≤ .05", True, ""),
        ("U3", "Unfamiliar sounds", None, None, None, "≥ .90", None, "not run"),
        ("U4", "Recall gained by abstaining", 0.029, 0.01, 0.05, "≥ 4 points", False, ""),
    ]
    goal_names = ("id", "what", "value", "low", "high", "goal", "met", "note")
    groups = [
        ("sex", "female", 0.74, 0.68, 0.80, 250, 5, ""),
        ("sex", "male", 0.66, 0.60, 0.72, 204, 5, ""),
        ("sex", "not stated", None, None, None, 30, 2, "too few speakers: 2, fewer than 4"),
    ]
    group_names = ("attribute", "group", "value", "low", "high", "n", "speakers", "note")
    gap = ("sex", "uar", 0.08, -0.02, 0.18, "female", "male", 0.03, "")
    gap_names = ("attribute", "metric", "gap", "low", "high", "best", "worst", "by_chance", "note")
    bins = np.linspace(0.3, 0.95, 10)
    coverage = np.linspace(0.01, 1, 100)
    fields: dict[str, object] = {
        "summary": dict(small_tables().summary) | {"corpora": names, "items": "clips", "sha256": "ab" * 32},
        "scores": scores,
        "goals": _for_each(names, pd.DataFrame(goals, columns=list(goal_names))),
        "confusion": pd.DataFrame(
            [
                (name, true, said, int(generator.integers(1, 40)) + 60 * (true == said))
                for name in names
                for true in categories
                for said in categories
            ],
            columns=["corpus", "truth", "prediction", "count"],
        ),
        "reliability": _for_each(
            names,
            pd.DataFrame(
                {
                    "bin": range(1, 11),
                    "confidence": bins,
                    "accuracy": bins - 0.1,
                    "low": bins - 0.2,
                    "high": bins,
                    "count": 45,
                }
            ),
        ),
        "risk_coverage": _for_each(
            names,
            pd.DataFrame({"coverage": coverage, "risk": 0.3 * coverage, "ideal": (coverage - 0.7).clip(0)}),
        ),
        "groups": _for_each(names, pd.DataFrame(groups, columns=list(group_names)).assign(metric="uar")),
        "gaps": _for_each(names, pd.DataFrame([gap], columns=list(gap_names))),
        "strip": pd.DataFrame(
            [
                (name, f"s{one}", ["female", "male", "not stated"][one % 3], 0.5 + one / (3 * speakers), 45)
                for name in names
                for one in range(speakers)
            ],
            columns=["corpus", "speaker", "sex", "value", "n"],
        ),
        "overlap": pd.DataFrame(
            [("speakers", 0, "ok", ""), ("sentences", 12, "warning", "same sentences")],
            columns=["check", "shared", "verdict", "note"],
        ),
        **{name: _for_each(names, table) for name, table in made_doubt().items()},
        "notes": ["One seed."],
    }
    return EvaluationTables(**(fields | changes))


def made_doubt() -> dict[str, pd.DataFrame]:
    """Return made-up tables of scaling, sets, promises and kinds of doubt, of one corpus."""
    rows: dict[str, list[dict[str, object]]] = {
        "calibrators": [
            {"method": "none", "nll": 1.1, "ece": 0.06, "accuracy": 0.61, "note": ""},
            {"method": "temperature", "nll": 1.0, "ece": 0.06, "accuracy": 0.61, "note": "no clear change"},
            {
                **{"method": "vector", "nll": 1.2, "ece": 0.05, "accuracy": 0.59},
                "note": "hurts: NLL worse than without",
            },
        ],
        "conformal": [
            {
                **{"target": 0.9, "coverage": 0.873, "low": 0.851, "high": 0.892, "same_speakers": 0.902},
                **{"size": 1.42, "categories": 3, "group": "male", "group_coverage": 0.822, "note": ""},
            },
        ],
        "guarantee": [
            {
                **{"target": 0.2, "confidence": 0.95, "threshold": 0.654, "answered": 0.487, "risk": 0.143},
                **{"low": 0.112, "high": 0.187, "note": ""},
            },
            {
                **{"target": 0.1, "confidence": 0.95, "threshold": None, "answered": 0.0, "risk": None},
                **{"low": None, "high": None, "note": "not attainable"},
            },
        ],
        "doubts": [
            {
                **{"doubt": "least_confidence", "auroc": 0.744, "low": 0.701, "high": 0.788, "aurc": 0.132},
                **{"outside": 0.633, "outside_low": 0.577, "outside_high": 0.691, "note": ""},
            },
        ],
    }
    return {name: pd.DataFrame(found) for name, found in rows.items()}


def _for_each(names: list[str], table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table.assign(corpus=name) for name in names], ignore_index=True)
