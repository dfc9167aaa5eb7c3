import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.prediction.doubt import entropy, split_doubt


def naive_doubt(members: list[list[float]]) -> tuple[float, float]:
    def h(p: list[float]) -> float:
        return -sum(value * math.log(value) for value in p if value > 0)

    mean = [sum(column) / len(members) for column in zip(*members, strict=True)]
    aleatoric = sum(h(member) for member in members) / len(members)
    return aleatoric, h(mean) - aleatoric


ensembles = arrays(float, (4, 3, 5), elements=st.floats(0, 1)).map(
    lambda raw: (raw + 1e-9) / (raw + 1e-9).sum(axis=-1, keepdims=True)
)


@given(ensembles)
def test_doubt_equals_its_naive_twin(p: np.ndarray) -> None:
    doubt = split_doubt(p)
    for row in range(len(p)):
        aleatoric, epistemic = naive_doubt(p[row].tolist())
        assert doubt.aleatoric[row] == pytest.approx(aleatoric, abs=1e-12)
        assert doubt.epistemic[row] == pytest.approx(epistemic, abs=1e-9)


@given(ensembles)
def test_doubt_is_never_negative_and_never_above_log_k(p: np.ndarray) -> None:
    doubt = split_doubt(p)
    assert (doubt.aleatoric >= 0).all()
    assert (doubt.epistemic >= 0).all()
    assert (doubt.aleatoric + doubt.epistemic <= math.log(5) + 1e-12).all()


def test_one_member_has_no_epistemic_doubt() -> None:
    assert split_doubt(np.array([[[0.2, 0.8]]])).epistemic[0] == 0


def test_members_that_contradict_each_other_have_only_epistemic_doubt() -> None:
    doubt = split_doubt(np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    assert doubt.aleatoric[0] == 0
    assert doubt.epistemic[0] == pytest.approx(math.log(2))


def test_members_that_agree_on_an_even_split_have_only_aleatoric_doubt() -> None:
    doubt = split_doubt(np.full((1, 3, 4), 0.25))
    assert doubt.aleatoric[0] == pytest.approx(math.log(4))
    assert doubt.epistemic[0] == 0


def test_entropy_of_no_items_is_empty() -> None:
    assert entropy(np.zeros((0, 3))).shape == (0,)
