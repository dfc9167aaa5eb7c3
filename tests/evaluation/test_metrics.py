import numpy as np
import pytest

from mien.core.errors import DataError
from mien.evaluation.metrics import unweighted_average_recall


def naive(truth, prediction) -> float:
    recalls = []
    for label in set(truth):
        hits = [p == label for t, p in zip(truth, prediction, strict=True) if t == label]
        recalls.append(sum(hits) / len(hits))
    return sum(recalls) / len(recalls)


def test_recall_equals_a_naive_count():
    generator = np.random.default_rng(0)
    truth, prediction = generator.integers(4, size=200), generator.integers(5, size=200)
    assert unweighted_average_recall(truth, prediction) == pytest.approx(naive(truth, prediction))


def test_a_class_that_never_occurs_counts_as_wrong_when_predicted():
    assert unweighted_average_recall(np.array([0, 0, 1, 1]), np.array([0, 6, 1, 1])) == 0.75


@pytest.mark.parametrize(("truth", "prediction"), [([], []), ([1, 2], [1])])
def test_empty_or_unequal_arrays_are_refused(truth, prediction):
    with pytest.raises(DataError, match="expected as many"):
        unweighted_average_recall(np.array(truth), np.array(prediction))
