import numpy as np
import pytest
from scipy import sparse

from mien.studies.fitted_learner import fit_scorer
from mien.studies.learners import FIND, Columns


def planted(width, classes, rows=90, seed=0):
    generator = np.random.default_rng(seed)
    truth = np.arange(rows) % classes
    centers = 0.5 * generator.normal(size=(classes, width))
    values = (centers[truth] + generator.normal(size=(rows, width))) / np.sqrt(width)
    return values, truth, generator.normal(size=(20, width)) / np.sqrt(width)


@pytest.mark.parametrize("learner", FIND)
@pytest.mark.parametrize(("width", "classes"), [(5, 3), (200, 4), (20, 2)])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_what_is_kept_scores_rows_as_the_learner_does(learner, width, classes, form):
    train, truth, other = planted(width, classes)
    setting = FIND[learner].settings[-1]
    wanted = FIND[learner].score(Columns(form(train), form(other)), truth, setting, 0)
    found = fit_scorer(learner, form(train), truth, setting, 0).score(form(other))
    # neighbours weigh by one over the distance, which magnifies rounding
    np.testing.assert_allclose(found, wanted, atol=0.02 if learner == "neighbours" else 1e-9)


@pytest.mark.parametrize(
    ("learner", "classes", "form", "sums"),
    [
        ("logistic", 4, np.asarray, 4),
        ("ridge", 2, np.asarray, 1),
        ("svm", 4, np.asarray, 6),
        ("svm", 4, sparse.csr_matrix, 4),
        ("svm", 2, np.asarray, 1),
    ],
)
def test_a_linear_learner_has_a_weight_per_column_and_a_bias_per_sum(learner, classes, form, sums):
    train, truth, _ = planted(7, classes)
    found = fit_scorer(learner, form(train), truth, 1.0, 0)
    assert found.parameters == sums * (7 + 1)
    assert found.multiply_adds == sums * 7


def test_trees_have_no_weights_to_count():
    train, truth, _ = planted(5, 3)
    assert fit_scorer("boosting", train, truth, 15, 0).parameters is None
