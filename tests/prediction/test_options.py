import pytest

from mien.core.errors import ConfigError
from mien.prediction.options import read_options


def test_a_mistyped_word_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean `windows`"):
        read_options("window")


def test_the_hop_is_the_window_unless_given() -> None:
    assert read_options("windows", window_s=2).hop_s == 2
    assert read_options("windows", window_s=2, hop_s=1).hop_s == 1


def test_a_window_without_windows_is_refused() -> None:
    with pytest.raises(ConfigError, match="use --segments windows"):
        read_options("vad", window_s=2)


@pytest.mark.parametrize("window_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_window_out_of_range_is_refused(window_s: float) -> None:
    with pytest.raises(ConfigError, match="change --window"):
        read_options("windows", window_s=window_s)


@pytest.mark.parametrize("hop_s", [0.0, -1.0, float("nan")])
def test_a_hop_out_of_range_is_refused(hop_s: float) -> None:
    with pytest.raises(ConfigError, match="change --hop"):
        read_options("windows", hop_s=hop_s)


def test_only_options_that_apply_are_compared() -> None:
    assert read_options("vad").as_dict() == {"segments": "vad"}
    assert read_options("windows").as_dict() == {"segments": "windows", "window_s": 3.0, "hop_s": 3.0}
