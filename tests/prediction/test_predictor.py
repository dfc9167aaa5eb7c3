from pathlib import Path

import pytest

from mien.core.errors import ConfigError, WeightsError
from mien.prediction.predictor import Predictor, load_predictor


def test_a_folder_is_loaded(tiny_model: Path) -> None:
    predictor = load_predictor(tiny_model)
    assert isinstance(predictor, Predictor)
    assert predictor.summary.name == "tiny"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="Got model `voice-smal`, expected a shipped name"):
        load_predictor("voice-smal")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is no folder"):
        load_predictor(tmp_path / "missing")


def test_an_unknown_back_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="Got backends `hfx`"):
        load_predictor("hfx:some/model")


def test_a_back_end_without_checkpoint_is_refused() -> None:
    with pytest.raises(ConfigError, match="after the colon"):
        load_predictor("hf:")


def test_licence_open_refuses_the_research_shelf(tiny_model: Path) -> None:
    with pytest.raises(WeightsError, match=r"research shelf .*leave out --licence open"):
        load_predictor(tiny_model, licence="open")


def test_licence_open_takes_the_open_shelf(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m", shelf="open")
    assert load_predictor(folder, licence="open").summary.shelf == "open"


def test_an_unknown_licence_names_the_nearest(tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean `open`"):
        load_predictor(tiny_model, licence="opn")
