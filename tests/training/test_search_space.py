"""Spaces that cannot be searched are named; settings count only where they should."""

import pytest

from mien.core.errors import ConfigError
from mien.training.search_space import Choice, Number, check_space, is_active, lies_within

SPACE = {
    "way": Choice(("probe", "lora")),
    "rate": Number(1e-4, 1e-1, log=True),
    "rank": Number(4, 16, whole=True, only=("way", "lora")),
}


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "Got no setting to search"),
        ({"a": Choice(())}, "Got no option for a"),
        ({"a": Number(2, 1)}, "Got a from 2 to 1, expected the smaller number first"),
        ({"a": Number(0, 1, log=True)}, "both above 0"),
        ({"a": Number(0, 1, only=("b", 1)), "b": Choice((1, 2))}, "Got a, which counts only with b"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(space, message):
    with pytest.raises(ConfigError, match=message):
        check_space(space)


def test_a_setting_counts_only_with_the_value_that_it_depends_on():
    check_space(SPACE)
    assert is_active(SPACE["rank"], {"way": "lora"})
    assert not is_active(SPACE["rank"], {"way": "probe"})
    assert not is_active(SPACE["rank"], {})


@pytest.mark.parametrize(
    ("settings", "within"),
    [
        ({"way": "probe", "rate": 0.01}, True),
        ({"way": "lora", "rate": 0.01, "rank": 8}, True),
        ({"way": "probe", "rate": 0.01, "rank": 8}, False),
        ({"way": "lora", "rate": 0.01}, False),
        ({"way": "full", "rate": 0.01}, False),
        ({"way": "probe", "rate": 1.0}, False),
    ],
)
def test_a_point_has_exactly_the_settings_that_count(settings, within):
    assert lies_within(SPACE, settings) is within
