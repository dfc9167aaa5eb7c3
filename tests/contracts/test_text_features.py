"""Every reader of texts: scikit-learn's contract, and texts that nobody should write."""

import inspect
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import mien.features.text
from mien.core.errors import DataError
from mien.features.text.vector_table import VectorTable

ODD = {
    "empty": "",
    "spaces": " \n\t ",
    "emoji": "😂😂 ❤️ 👨‍👩‍👧",
    "one word": "good",
    "one sign": "!",
    "ten thousand words": "the table is brown, and it was there " * 1250 + "good",
    "one long word": "o" * 10_000,
    "Chinese": "这部电影很好！",
    "Arabic": "هذا فيلم جميل",
    "Hindi": "यह अच्छा है",
    "Thai": "ดีมาก",
    "control characters": "a\x00b\u200d\ufeff",
    "half a character": "\ud83d",
}
TRAIN = ["so good!", "so bad?", "it was good, really", "bad dog 😂", "good dog", "这很好"]


def classes():
    """Return the classes of the room that read texts: those with the methods of the contract."""
    found = []
    for path in sorted(Path(mien.features.text.__file__).parent.glob("*.py")):
        module = import_module(f"mien.features.text.{path.stem}")
        for _, one in inspect.getmembers(module, inspect.isclass):
            if one.__module__ == module.__name__ and hasattr(one, "transform"):
                found.append(one)
    return found


TABLE = VectorTable(["good", "bad", "!"], np.eye(3))
OPTIONS = {"Tfidf": [{}, {"characters": 3}], "WordVectors": [{"width": 6, "epochs": 2}, {"vectors": TABLE}]}
CASES = [(one, options) for one in classes() for options in OPTIONS.get(one.__name__, [{}])]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].__name__} {sorted(case[1])}")
def case(request):
    """Return an unfitted reader, and what turns texts into what it takes."""
    made, options = request.param
    in_pairs = made.__name__ == "InContext"
    return made(**options), (lambda texts: [[text, "before"] for text in texts]) if in_pairs else list


def dense(values):
    return values.toarray() if issparse(values) else values


def test_the_room_holds_the_readers_that_are_known():
    assert {one.__name__ for one in classes()} == {"InContext", "Tfidf", "Vader", "WordVectors"}


def test_odd_texts_get_finite_rows_of_float32_under_the_names(case):
    reader, given = case
    assert reader.fit(given(TRAIN)) is reader
    found = reader.transform(given(ODD.values()))
    assert isinstance(found, csr_matrix | np.ndarray)
    assert found.dtype == np.float32
    names = reader.names()
    assert found.shape == (len(ODD), len(names))
    assert len(set(names)) == len(names)
    assert np.isfinite(dense(found)).all()


def test_a_text_alone_is_the_same_as_among_others(case):
    reader, given = case
    reader.fit(given(TRAIN))
    together = dense(reader.transform(given(ODD.values())))
    for row, text in zip(together, ODD.values(), strict=True):
        np.testing.assert_array_equal(dense(reader.transform(given([text])))[0], row)


def test_the_same_training_texts_give_the_same_numbers(case):
    reader, given = case
    first = dense(clone(reader).fit(given(TRAIN)).transform(given(TRAIN)))
    np.testing.assert_array_equal(first, dense(clone(reader).fit(given(TRAIN)).transform(given(TRAIN))))
    np.testing.assert_array_equal(first, dense(clone(reader).fit_transform(given(TRAIN))))


def test_what_is_described_changes_nothing_that_was_learned(case):
    reader, given = case
    before = dense(reader.fit(given(TRAIN)).transform(given(TRAIN)))
    reader.transform(given(ODD.values()))
    np.testing.assert_array_equal(dense(reader.transform(given(TRAIN))), before)


@pytest.mark.parametrize("text", ["good", "😂", "这很好", ODD["ten thousand words"]])
def test_one_text_is_enough_to_learn_from(case, text):
    reader, given = case
    found = reader.fit(given([text])).transform(given([text, "other words"]))
    assert np.isfinite(dense(found)).all()


def test_it_stands_in_a_pipeline_and_can_be_cloned(case):
    reader, given = case
    model = clone(make_pipeline(reader, LinearSVC(C=10)))
    assert set(model.fit(given(TRAIN), [0, 1, 0, 1, 0, 0]).predict(given(TRAIN))) <= {0, 1}


def test_no_texts_and_null_are_refused(case):
    reader, given = case
    reader.fit(given(TRAIN))
    with pytest.raises(DataError, match="expected"):
        reader.transform([])
    with pytest.raises(DataError, match="at place 1"):
        reader.transform(given(["a", None]))
