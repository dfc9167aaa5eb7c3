import numpy as np
import pytest

from mien.core.errors import MienError
from mien.studies.answerers import ConstantAnswerer
from mien.studies.fresh_process import answer_alone
from mien.studies.one_segment import OneSegment

SEGMENTS = [OneSegment(row, "a word") for row in range(3)]
SHARES = np.array([0.25, 0.75])


def test_200_mb_more_to_hold_are_at_least_that_much_more_memory():
    system = ConstantAnswerer(SHARES)
    # some more than 200, since what is loaded before differs by a little from start to start
    ballast = OneSegment(9, samples=np.ones(55_000_000, np.float32), rate_hz=16000)
    small, large = (answer_alone(system, [*SEGMENTS, *more]).peak_mb for more in ([], [ballast]))
    assert large - small >= 200


def test_memory_of_the_process_that_asks_is_not_counted():
    ballast = np.ones(int(600e6 / 8))
    found = answer_alone(ConstantAnswerer(SHARES), SEGMENTS)
    assert ballast.sum() > 0
    assert found.peak_mb < 500


def test_each_segment_is_answered_and_timed():
    found = answer_alone(ConstantAnswerer(SHARES), SEGMENTS)
    assert found.said == [SHARES.tolist()] * 3
    assert len(found.seconds) == 3
    assert min(found.seconds) >= 0


def test_a_system_that_fails_alone_says_why():
    from mien.studies.answerers import ShippedAnswerer

    with pytest.raises(MienError, match="no-such-model"):
        answer_alone(ShippedAnswerer("no-such-model"), SEGMENTS)
