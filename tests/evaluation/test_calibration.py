import numpy as np
import pytest

from mien.core.errors import DataError
from mien.evaluation.calibration import expected_calibration_error, fit_temperature, member_probabilities


def planted(temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Return logits that are too sharp by the temperature, and labels drawn from the right ones."""
    generator = np.random.default_rng(0)
    right = 1.5 * generator.standard_normal((4000, 1, 5))
    truth = np.array([generator.choice(5, p=p[0]) for p in member_probabilities(right)])
    return right * temperature, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_planted_overconfidence_is_found(temperature):
    logits, truth = planted(temperature)
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.1)


def test_temperature_lowers_the_calibration_error_of_an_overconfident_model():
    logits, truth = planted(3.0)
    errors = []
    for temperature in (1.0, fit_temperature(logits, truth)):
        p = member_probabilities(logits, temperature).mean(axis=1)
        errors.append(expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == truth))
    assert errors[1] < 0.03 < errors[0]


def test_calibration_error_of_a_constant_confidence_is_its_gap():
    correct = np.arange(100) < 60
    shuffled = np.random.default_rng(0).permutation(correct)
    assert expected_calibration_error(np.full(100, 0.9), shuffled, bins=1) == pytest.approx(0.3)


def test_no_clips_are_refused():
    with pytest.raises(DataError, match="at least 1"):
        fit_temperature(np.zeros((0, 1, 3)), np.zeros(0, int))
