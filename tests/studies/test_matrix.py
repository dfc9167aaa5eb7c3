from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.studies.study_case import planted_corpus, write_texts

from mien.core.errors import DataError
from mien.studies.compare import Plan, compare
from mien.studies.matrix import INSIDE, joint_corpus, matrix_cells
from mien.studies.system_words import read_system


def corpora(names=("one", "two", "three")):
    truth, speaker = np.arange(24) % 3, np.repeat(np.arange(4), 6)
    return [planted_corpus(truth, np.array([f"{name}{s}" for s in speaker]), name) for name in names]


def test_every_corpus_tests_what_another_trained_and_itself_with_speakers_held_out(tmp_path):
    joint = joint_corpus(corpora())
    cells = matrix_cells(joint, [read_system("tfidf+svm")], seeds=1, folder=tmp_path, cache=tmp_path)
    assert [cell.corpus.name for cell in cells] == ["from-one", "from-two", "from-three"]
    owner = joint.table["corpus"].to_numpy()
    speaker = joint.table["speaker"].to_numpy()
    for cell in cells:
        train = cell.corpus.name.removeprefix("from-")
        tested = np.concatenate([fold.test for fold in cell.folds])
        assert sorted(tested) == list(range(len(joint.table)))
        for fold in cell.folds:
            assert set(owner[fold.train]) == {train}
            assert not set(speaker[fold.train]) & set(speaker[fold.test])
            assert fold.name.startswith(INSIDE) == (set(owner[fold.test]) == {train})


def test_only_classes_that_all_corpora_have_take_part():
    one, two, _ = corpora()
    two = replace(two, table=two.table[two.table["label"] != "c2"].reset_index(drop=True))
    joint = joint_corpus([one, two])
    assert joint.classes == ["c0", "c1"]
    assert joint.notes == ("one: 8 rows of classes that not all corpora have are left out.",)


def test_label_spaces_that_do_not_meet_are_named():
    one, two, _ = corpora()
    other = two.table.assign(label=two.table["label"].str.upper())
    with pytest.raises(DataError, match=r"label spaces that do not meet \(one: c0, c1, c2; two: C0"):
        joint_corpus([one, replace(two, table=other)])
    with pytest.raises(DataError, match="at least two for a matrix"):
        joint_corpus([one])


def test_a_matrix_shows_that_what_is_learned_carries_over(tmp_path):
    paths = [str(write_texts(tmp_path / f"{name}.csv", seed=seed)) for seed, name in enumerate(("x", "y"))]
    for path in paths:
        table = pd.read_csv(path)
        table["speaker"] = table["speaker"] + path
        table.rename(columns={"emotion": "category"}).to_csv(path, index=False)
    plan = Plan(paths, ["majority", "tfidf+svm"], protocol="matrix", draws=100, label="category")
    tables = compare(plan, tmp_path / "study")
    assert list(tables.matrix[["train", "test"]].drop_duplicates().itertuples(index=False, name=None)) == [
        ("x", "x"), ("x", "y"), ("y", "x"), ("y", "y"),
    ]  # fmt: skip
    learned = tables.matrix[tables.matrix["system"] == "tfidf+svm"]
    assert (learned["value"] > 0.5).all()
    assert tables.rows.loc[tables.rows["system"] == "majority", "value"].max() < 0.4
