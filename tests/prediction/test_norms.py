import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.core.labels import SHARED_EMOTIONS
from mien.prediction.norms import NORMS, derive, derived_dimensions

CATEGORIES = SHARED_EMOTIONS.categories


def test_every_shared_emotion_has_norms() -> None:
    assert set(CATEGORIES) <= set(NORMS)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_certain_category_lies_at_its_norm(category: str) -> None:
    p = np.eye(len(CATEGORIES))[[CATEGORIES.index(category)]]
    found = derive(p, CATEGORIES)
    assert tuple(found[name][0] for name in ("valence", "arousal", "dominance")) == NORMS[category]


@given(arrays(float, (3, 7), elements=st.floats(0, 1)).filter(lambda raw: (raw.sum(axis=1) > 0).all()))
def test_derived_dimensions_are_the_weighted_mean_and_stay_within_one(raw: np.ndarray) -> None:
    p = raw / raw.sum(axis=1, keepdims=True)
    found = derive(p, CATEGORIES)
    for row in range(3):
        naive = sum(p[row, k] * NORMS[name][1] for k, name in enumerate(CATEGORIES))
        assert found["arousal"][row] == pytest.approx(naive, abs=1e-12)
    for values in found.values():
        assert (np.abs(values) <= 1).all()


def test_a_category_without_norms_gives_no_derived_columns() -> None:
    assert derived_dimensions(["anger", "boredom"]) == ()
    assert derive(np.array([[0.5, 0.5]]), ["anger", "boredom"]) == {}


def test_no_categories_give_no_derived_columns() -> None:
    assert derived_dimensions([]) == ()
