import numpy as np
import pytest
import torch

from mien.core.errors import DataError
from mien.training.objectives.targets import check_targets, known_targets, weighted_mean

NAN = float("nan")


def test_negative_numbers_and_nan_are_unknown():
    assert known_targets(torch.tensor([0, -1, 3])).tolist() == [True, False, True]
    assert known_targets(torch.tensor([[0.0, NAN], [-1.0, 2.0]])).tolist() == [[True, False], [True, True]]


def test_mean_runs_over_known_values_with_their_items_weight():
    values = torch.tensor([[1.0, 2.0], [3.0, NAN], [5.0, 7.0]])
    weight = torch.tensor([1.0, 2.0, 0.0])
    found = weighted_mean(values, ~torch.isnan(values), weight)
    assert float(found) == pytest.approx((1 + 2 + 2 * 3) / 4)


def test_infinite_loss_of_an_item_without_weight_does_not_matter():
    values = torch.tensor([1.0, float("inf")])
    assert float(weighted_mean(values, torch.tensor([True, True]), torch.tensor([1.0, 0.0]))) == 1.0


@pytest.mark.parametrize("kind", ["category", "ordinal", "metric"])
def test_a_class_outside_the_space_is_refused_with_its_row(kind):
    check_targets([0, 2, -1], kind=kind, count=3, task="emotion")
    with pytest.raises(DataError, match=r"Got 3 in row 1 of `emotion`, expected a class in 0 … 2 or -1"):
        check_targets([0, 3, -1], kind=kind, count=3, task="emotion")
    with pytest.raises(DataError, match="Got -100 in row 2"):
        check_targets([0, 1, -100], kind=kind, count=3, task="emotion")


def test_one_class_alone_cannot_be_learned():
    with pytest.raises(DataError, match="Got only class 2 of `emotion`"):
        check_targets(torch.tensor([2, 2, -1]), kind="category", count=3, task="emotion")


@pytest.mark.parametrize(("kind", "target"), [("category", [-1, -1]), ("dimensions", [[NAN], [NAN]])])
def test_a_task_of_which_nothing_is_known_is_refused(kind, target):
    with pytest.raises(DataError, match="no known target of `x`"):
        check_targets(target, kind=kind, count=1, task="x")


@pytest.mark.parametrize(
    ("kind", "row", "message"),
    [
        ("dimensions", [np.inf, 0.0], "finite"),
        ("labels", [1.5, 0.0], r"\[0, 1\]"),
        ("distribution", [0.7, 0.7], "sum to one"),
        ("distribution", [1.2, -0.2], r"\[0, 1\]"),
    ],
)
def test_values_outside_what_the_kind_allows_are_refused(kind, row, message):
    good = [[0.5, 0.5], [NAN, NAN]]
    check_targets(good, kind=kind, count=2, task="x")
    with pytest.raises(DataError, match=message):
        check_targets([*good, row], kind=kind, count=2, task="x")
