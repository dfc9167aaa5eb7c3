"""Goals U1 to U5: what is planted is found, and what cannot be judged says why."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.evaluation.answers import with_truth
from mien.evaluation.doubt_goals import GOAL_COLUMNS, goal_table
from mien.evaluation.groups import worst_gap
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.score_table import score_table
from mien.evaluation.speakers import worst_decile

NAMES = ["anger", "fear", "joy"]


def planted(*, sure: float, unfair: float = 0.0, items: int = 1200) -> pd.DataFrame:
    """Return answers of a model that knows when it is wrong (`sure`) and hears men worse (`unfair`)."""
    generator = np.random.default_rng(0)
    truth, speaker = generator.integers(3, size=items), np.arange(items) % 24
    hard = generator.uniform(size=items) < 0.4 + unfair * (speaker % 2)
    logits = generator.standard_normal((items, 3))
    logits[np.arange(items), truth] += np.where(hard, 0.0, 4.0)
    logits *= np.where(hard, 1.0 - 0.8 * sure, 1.0)[:, None]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = pd.DataFrame(chances, columns=[f"p.{name}" for name in NAMES])
    return with_truth(
        table.assign(
            segment=[f"s{number}" for number in range(items)],
            truth=np.array(NAMES)[truth],
            speaker=[f"p{number}" for number in speaker],
            sex=np.where(speaker % 2, "male", "female"),
            **{"aleatoric.category": -(chances * np.log(chances)).sum(axis=1), "epistemic.category": 0.01},
        )
    )


def goals(answers: pd.DataFrame, non_speech: pd.DataFrame | None = None) -> pd.DataFrame:
    score = unweighted_average_recall
    table = goal_table(
        answers,
        scores=score_table(answers, draws=50),
        gaps=worst_gap(answers, score, ["sex"], draws=100),
        deciles=worst_decile(answers, score, draws=100),
        non_speech=non_speech,
        draws=50,
    )
    return table.set_index(table["id"] + " " + table["what"].str.split(",").str[0])


def row(table: pd.DataFrame, start: str) -> pd.Series:
    found = table[table.index.str.startswith(start)]
    assert len(found) == 1, table.index.tolist()
    return found.iloc[0]


def test_every_goal_has_a_row_and_every_row_a_value_or_a_reason():
    table = goals(planted(sure=1.0))
    assert tuple(table) == GOAL_COLUMNS
    assert table["id"].tolist() == ["U1", "U2", "U2", "U3", "U4", "U5", "U5"]
    silent = table[table["value"].isna() | table["met"].isna()]
    assert silent["note"].str.len().gt(0).all()


def test_a_model_that_knows_its_errors_reaches_what_an_ignorant_one_misses():
    wise, blind = goals(planted(sure=1.0)), goals(planted(sure=0.0))
    assert row(wise, "U2 own errors")["met"]
    assert row(wise, "U2 own errors")["value"] > row(blind, "U2 own errors")["value"] + 0.02
    assert row(wise, "U4")["met"]
    assert row(wise, "U2 risk")["value"] == pytest.approx(0, abs=0.02)


def test_a_planted_gap_between_the_sexes_is_found_and_named():
    fair, unfair = (goals(planted(sure=1.0, unfair=share)) for share in (0.0, 0.3))
    fair_gap, gap = (table[table["what"].str.contains("sexes")].iloc[0] for table in (fair, unfair))
    assert gap["low"] > 0
    assert not gap["met"]
    assert "female" in gap["note"]
    assert fair_gap["low"] < 0 < fair_gap["high"]


def test_a_gap_is_met_or_missed_only_with_its_whole_interval():
    gaps = pd.DataFrame(
        {
            "corpus": ["within", "at", "across", "beyond", "alone"],
            "attribute": "sex",
            "metric": "unweighted_average_recall",
            "gap": [0.02, 0.03, 0.02, 0.12, 0.02],
            "low": [-0.01, 0.0, -0.08, 0.06, None],
            "high": [0.04, 0.05, 0.12, 0.2, None],
            "best": "female",
            "note": "",
        }
    )
    answers = planted(sure=1.0, items=120)
    deciles = worst_decile(answers, unweighted_average_recall, draws=100)
    table = goal_table(answers, scores=score_table(answers, draws=50), gaps=gaps, deciles=deciles, draws=50)
    found = table[table["what"].str.contains("sexes")].set_index("corpus")
    assert found["met"].tolist() == [True, True, pd.NA, False, pd.NA]
    assert found.loc["across", "note"] == "not shown: the interval includes the goal; better for female"
    assert found.loc["alone", "note"].startswith("not shown: there is no interval")


def test_doubt_that_rises_on_noise_reaches_u3_and_constant_doubt_does_not():
    answers = planted(sure=1.0)
    answers["epistemic.category"] = np.random.default_rng(1).uniform(0, 0.1, len(answers))
    noise = pd.DataFrame({"epistemic.category": np.linspace(0.09, 0.3, 40), "p.anger": 1.0})
    found = row(goals(answers, noise), "U3")
    assert found["met"]
    assert found["low"] < found["value"] <= found["high"] + 1e-9
    assert "40 sounds against 1200 clips" in found["note"]
    constant = {"epistemic.category": 0.0}
    flat = row(goals(answers.assign(**constant), noise.assign(**constant)), "U3")
    assert flat["value"] == pytest.approx(0.5)
    assert not flat["met"]


def test_u3_without_sounds_or_with_missing_doubt_says_so():
    answers = planted(sure=1.0)
    assert "--non-speech" in row(goals(answers), "U3")["note"]
    noise = pd.DataFrame({"epistemic.category": [0.1, np.nan], "p.anger": 1.0})
    with pytest.raises(DataError, match=r"`epistemic.category` that is missing"):
        goals(answers, noise)
