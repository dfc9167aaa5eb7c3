import json

import numpy as np
import pytest
from tests.studies.study_case import cell_of, text_corpus

from mien.core.errors import ConfigError
from mien.evaluation.learning_curve import area_under_learning_curve
from mien.studies.cells import run_cell
from mien.studies.label_curve import check_counts, judge_labels, label_columns


def planted(told, folder, word="tfidf+logistic", seed=0):
    return cell_of(text_corpus(speakers=3, per_class=6, told=told), word, folder, seed=seed)


def test_an_easy_task_has_a_larger_area_than_a_hard_one(tmp_path):
    easy, hard = (judge_labels(planted(one, tmp_path), (6, 20), metric="uar") for one in (1.0, 0.4))
    assert 0 <= hard["area"] < hard["area"] + 0.1 < easy["area"] <= 1


def test_the_last_point_is_all_labels_and_the_area_is_that_of_the_points(tmp_path):
    found = judge_labels(planted(0.8, tmp_path), (6, 20), metric="uar")
    assert found["labels"] == [6, 20, 36]  # two of three speakers with 18 texts each
    assert found["area"] == area_under_learning_curve(found["labels"], found["values"])
    assert found["values"][-1] > found["values"][0]


def test_counts_that_a_fold_cannot_draw_are_left_out_and_named(tmp_path):
    found = judge_labels(planted(0.8, tmp_path), (2, 20, 500), metric="uar")
    assert found["labels"] == [20, 36]
    assert "2, 500" in found["note"]


def test_one_point_is_no_curve(tmp_path):
    found = judge_labels(planted(0.8, tmp_path), (500,), metric="uar")
    assert found["area"] is None
    assert found["note"]


def test_a_curve_is_measured_once_and_anew_for_other_counts(tmp_path):
    cell = planted(0.8, tmp_path)
    run_cell(cell)
    first = label_columns([cell], (6, 20), metric="uar")
    [path] = cell.home.glob("labels-*.json")
    assert label_columns([cell], (6, 20), metric="uar") == first
    path.write_text(json.dumps(json.loads(path.read_text()) | {"area": 0.125}))
    assert label_columns([cell], (6, 20), metric="uar")["label_area"] == 0.125
    label_columns([cell], (10, 20), metric="uar")
    assert len(list(cell.home.glob("labels-*.json"))) == 2


def test_the_area_of_several_seeds_is_their_mean(tmp_path):
    cells = [planted(0.8, tmp_path, seed=seed) for seed in (0, 1)]
    for cell in cells:
        run_cell(cell)
    areas = [judge_labels(cell, (6, 20), metric="uar")["area"] for cell in cells]
    assert label_columns(cells, (6, 20), metric="uar")["label_area"] == pytest.approx(np.mean(areas))


def test_systems_that_are_not_learned_here_have_no_curve(tmp_path):
    found = label_columns([planted(0.8, tmp_path, "majority")], (6, 20), metric="uar")
    assert found["label_area"] is None
    assert "classical learners" in found["note"]


@pytest.mark.parametrize("counts", [(50, 25), (1, 25), (25, 25)])
def test_counts_that_do_not_rise_are_refused(counts):
    with pytest.raises(ConfigError, match="that rise"):
        check_counts(counts)
