import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from mien.evaluation.uncertainty import error_detection
from mien.studies.learners import FIND, Columns, best_of, probabilities, sharpness


def planted(seed=0, rows=90, columns=12, classes=3):
    generator = np.random.default_rng(seed)
    truth = np.arange(rows) % classes
    centers = generator.normal(size=(classes, columns))
    return (centers[truth] + 0.7 * generator.normal(size=(rows, columns))) / np.sqrt(columns), truth


@pytest.mark.parametrize("name", FIND)
@pytest.mark.parametrize("classes", [2, 3])
def test_every_learner_finds_what_is_planted_and_gives_a_score_per_class(name, classes):
    values, truth = planted(classes=classes)
    learner = FIND[name]
    middle = learner.settings[len(learner.settings) // 2]
    scores = learner.score(Columns(values[:60], values[60:]), truth[:60], middle, 0)
    assert scores.shape == (30, classes)
    assert (scores.argmax(axis=1) == truth[60:]).mean() > 0.8


@pytest.mark.parametrize("name", FIND)
def test_the_same_seed_gives_the_same_scores(name):
    values, truth = planted()
    learner = FIND[name]
    one, two = (
        learner.score(Columns(values[:60], values[60:]), truth[:60], learner.settings[0], 3) for _ in "ab"
    )
    np.testing.assert_array_equal(one, two)


def test_support_vectors_are_those_of_a_linear_machine_on_the_columns_themselves():
    values, truth = planted(columns=200)
    scores = FIND["svm"].score(Columns(values[:60], values[60:]), truth[:60], 1.0, 0)
    plain = SVC(kernel="linear", C=1.0, class_weight="balanced", decision_function_shape="ovo")
    margins = np.tanh(plain.fit(values[:60], truth[:60]).decision_function(values[60:]))
    against = {(0, 1): 0, (0, 2): 1, (1, 2): 2}
    naive = np.zeros((30, 3))
    for (one, other), place in against.items():
        naive[:, one] += margins[:, place] / 2
        naive[:, other] -= margins[:, place] / 2
    np.testing.assert_allclose(scores, naive, atol=1e-3)


def test_doubt_of_support_vectors_finds_their_errors():
    values, truth = planted(rows=600, columns=6, seed=3)
    values += np.random.default_rng(0).normal(size=values.shape) * 0.6
    scores = FIND["svm"].score(Columns(values[:300], values[300:]), truth[:300], 1.0, 0)
    chances = probabilities(scores, sharpness(scores, truth[300:]))
    entropy = -(chances * np.log(chances)).sum(axis=1)
    correct = chances.argmax(axis=1) == truth[300:]
    assert 0.4 < correct.mean() < 0.9
    assert error_detection(entropy, correct) > 0.6


def test_fewer_columns_give_the_same_logistic_regression():
    values, truth = planted(columns=300)
    scores = FIND["logistic"].score(Columns(values[:60], values[60:]), truth[:60], 10.0, 0)
    plain = LogisticRegression(C=10.0, class_weight="balanced", max_iter=5000, tol=1e-8)
    np.testing.assert_allclose(
        scores, plain.fit(values[:60], truth[:60]).decision_function(values[60:]), atol=0.02
    )


def test_turned_columns_keep_all_inner_products():
    values, _ = planted(columns=300)
    columns = Columns(values[:60], values[60:])
    turned = columns.turned()
    assert turned.train.shape[1] <= 60
    np.testing.assert_allclose(turned.train @ turned.train.T, values[:60] @ values[:60].T, atol=1e-9)
    np.testing.assert_allclose(turned.other @ turned.train.T, values[60:] @ values[:60].T, atol=1e-9)


def test_sharpness_undoes_what_scores_were_divided_by():
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(4000, 4)) * 2
    chances = probabilities(logits, 1.0)
    truth = np.array([generator.choice(4, p=row) for row in chances])
    assert sharpness(logits / 5, truth) == pytest.approx(5, rel=0.08)


def test_of_equal_settings_the_middle_one_is_taken():
    assert best_of((0.1, 1, 10), (0.5, 0.5, 0.5)) == 1
    assert best_of((0.1, 1, 10), (0.5, 0.5, 0.6)) == 10
