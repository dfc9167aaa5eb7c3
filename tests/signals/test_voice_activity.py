import pytest

from mien.core.errors import ConfigError, WeightsError
from mien.signals.voice_activity import find_detector


def test_auto_takes_silero_where_its_weights_are():
    assert find_detector().name == "silero"


def test_auto_falls_back_to_energy_and_says_so(monkeypatch):
    def missing(name):
        raise WeightsError(f"Got no {name}")

    monkeypatch.setattr("mien.core.weights.resolve", missing)
    assert find_detector().name == "energy"
    with pytest.raises(WeightsError):
        find_detector("silero")


def test_an_unknown_detector_is_refused():
    with pytest.raises(ConfigError, match="webrtc"):
        find_detector("webrtc")
