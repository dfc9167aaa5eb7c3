"""The comparison says how alike two models are, and leaves blank what has no value."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import UndefinedScore
from mien.prediction.doubt import split_doubt
from mien.prediction.predictor import Outputs
from mien.training.teacher_and_student import (
    answer_table,
    compare_with_teacher,
    comparison_lines,
    rank_correlation,
)

NAMES = ("anger", "joy")


def outputs(seed: int = 0, *, members: int = 3, clips: int = 40) -> Outputs:
    generator = np.random.default_rng(seed)
    p = generator.dirichlet([0.5, 0.5], (clips, members))
    return Outputs(p, {"arousal": generator.random((clips, members))})


def clips(*, labels: bool = True) -> pd.DataFrame:
    table = pd.DataFrame(
        {"segment": [f"c{n}" for n in range(40)], "speaker": [f"s{n % 4}" for n in range(40)]}
    )
    return table.assign(category=[NAMES[n % 2] if labels else None for n in range(40)])


def compared(teacher: Outputs, student: Outputs, *, labels: bool = True) -> pd.DataFrame:
    tables = [
        answer_table(clips(labels=labels), one, categories=NAMES, model=name)
        for one, name in ((teacher, "t"), (student, "s"))
    ]
    return compare_with_teacher(*tables, dimensions=["arousal"], draws=50).set_index("measure")


def test_a_model_is_like_itself_in_everything():
    found = compared(outputs(), outputs())
    assert found.loc["same top category", "student"] == 1
    for name in ("aleatoric.category", "epistemic.category", "arousal"):
        assert found.loc[f"rank correlation of {name}", "student"] == pytest.approx(1)
    scored = found[found["teacher"].notna()]
    assert len(scored) == 4
    assert (scored["teacher"] == scored["student"]).all()
    assert (scored["speakers"] == 4).all()


def test_the_table_holds_the_members_mean_and_both_doubts():
    one = outputs()
    table = answer_table(clips(), one, categories=NAMES, model="t")
    np.testing.assert_allclose(table["p.joy"], one.p[:, :, 1].mean(axis=1))
    np.testing.assert_allclose(table["epistemic.category"], split_doubt(one.p).epistemic)
    np.testing.assert_allclose(table["arousal"], one.dimensions["arousal"].mean(axis=1))


def test_without_labels_only_likeness_is_said():
    found = compared(outputs(), outputs(1), labels=False)
    assert len(found) == 4
    assert found["teacher"].isna().all()


def test_one_opinion_has_no_epistemic_doubt_to_correlate_and_the_note_says_so():
    found = compared(outputs(members=1), outputs(members=1))
    row = found.loc["rank correlation of epistemic.category"]
    assert pd.isna(row["student"])
    assert "same value for all 40 clips" in row["note"]


def test_the_lines_are_a_markdown_table_with_intervals():
    lines = comparison_lines(compared(outputs(), outputs(1)).reset_index())
    assert len({line.count("|") for line in lines}) == 1
    assert any("unweighted average recall" in line and "[" in line for line in lines)


def test_ranks_of_a_constant_are_undefined():
    with pytest.raises(UndefinedScore, match="all 5 clips"):
        rank_correlation(np.zeros(5), np.arange(5.0))
