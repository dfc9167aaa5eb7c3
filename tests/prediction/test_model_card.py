from pathlib import Path

import pytest

from mien.core.errors import WeightsError
from mien.prediction.model_card import read_summary, shipped


def test_a_summary_holds_what_model_toml_says(tiny_model: Path) -> None:
    summary = read_summary(tiny_model)
    assert summary.name == "tiny"
    assert summary.categories[0] == "anger"
    assert summary.dimensions == ("intensity",)
    assert summary.scores["nothing"]["uar"] == 0.143
    assert summary.line == "Model tiny · research shelf · CC0-1.0"
    assert summary.card.startswith("# tiny")


def test_an_unknown_field_names_the_nearest(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m", langages=["en"])
    with pytest.raises(WeightsError, match="Did you mean `languages`"):
        read_summary(folder)


def test_a_field_of_another_type_is_refused(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m")
    text = (folder / "model.toml").read_text()
    (folder / "model.toml").write_text(text.replace("members = 3", 'members = "three"'))
    with pytest.raises(WeightsError, match=r"members = 'three'.*expected a number"):
        read_summary(folder)


def test_a_missing_hash_is_refused(build_model, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no `sha256`"):
        read_summary(build_model(tmp_path / "m", sha256=""))


def test_a_folder_without_model_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="expected a model folder"):
        read_summary(tmp_path)


def test_broken_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text("name = ")
    with pytest.raises(WeightsError, match="cannot be read as TOML"):
        read_summary(tmp_path)


def test_every_shipped_model_has_card_and_licence() -> None:
    for summary in shipped():
        assert summary.folder is not None
        assert summary.card
        assert (summary.folder / "LICENSE").read_text()
