"""Every shipped recipe runs whole, at toy size, on made corpora in their owners' layout."""

import json
import logging
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import soundfile

from mien.core.errors import ConfigError
from mien.core.registry import find
from mien.core.settings import parse, read_recipe
from mien.corpora.partition import joint_5fold
from mien.training.material import TunedMaterial
from mien.training.recipe import run, train_part
from mien.training.recipe_settings import Recipe
from mien.training.sampled_clips import SampledClips
from mien.training.statistics import Heard

RECIPES = sorted(path.name.removesuffix(".toml") for path in files("mien").joinpath("recipes").iterdir())
TOY = ["training.epochs=1", "training.batch_size=16", "data.degraded_copies=0"]
TUNED = ["tuning.epochs=1", "tuning.sounds=4"]
SIZES = ("encoder", "options", "sizes", "layers", "members", "channels", "window")


def toy(recipe: str) -> list[str]:
    """Return what makes a shipped recipe small: one epoch, and the tiny variant of its system."""
    settings = read_recipe(recipe)
    card = find("systems", settings["system"]).CARD
    tiny = card["variants"]["tiny"]["config"]
    net = [f"net.{name}={in_toml(value)}" for name, value in tiny.items() if name in SIZES]
    fewer = ['data.corpora=["emodb"]'] if card["learns_from"] == "samples" else []
    return [*TOY, *(TUNED if "tuning" in settings else []), *net, *fewer]


def in_toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {in_toml(one)}" for name, one in value.items()) + "}"
    return json.dumps(value)


@pytest.fixture(scope="module")
def made_corpora(tmp_path_factory) -> Path:
    """Write noise clips named as EmoDB, RAVDESS and nEMO name theirs: every speaker, every class."""
    root, generator = tmp_path_factory.mktemp("corpora"), np.random.default_rng(0)

    def write(file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, 0.1 * generator.standard_normal(9000), 16000)

    speakers = joint_5fold().groupby("corpus")["speaker"].agg(lambda s: [name.split("/")[1] for name in s])
    for speaker in speakers["emodb"]:
        for letter in "WLEAFTN":
            write(root / "emodb" / "wav" / f"{speaker}a01{letter}a.wav")
    for speaker in speakers["ravdess_speech"]:
        for emotion in range(1, 9):
            name = f"03-01-{emotion:02d}-01-01-01-{speaker}.wav"
            write(root / "ravdess_speech" / f"Actor_{speaker}" / name)
    for speaker in speakers["nemo"]:
        for emotion in ("anger", "fear", "happiness", "neutral", "sadness", "surprised"):
            write(root / "nemo" / "samples" / f"{speaker}_{emotion}_1.wav")
    lines = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for file in sorted((root / "nemo" / "samples").glob("*.wav")):
        speaker, emotion, _ = file.stem.split("_")
        lines.append(f"{file.name}\t{emotion}\tTak.\ttak\t{speaker}\tfemale\t25")
    (root / "nemo" / "data.tsv").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(autouse=True)
def few_draws(monkeypatch) -> None:
    monkeypatch.setattr("mien.training.shipping.DRAWS", 100)


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe_trains_and_ships_a_model_folder(recipe, made_corpora, tmp_path):
    folder = run(recipe, toy(recipe), data_root=made_corpora, out=tmp_path)
    summary = tomllib.loads((folder / "model" / "model.toml").read_text())
    session = onnxruntime.InferenceSession(str(folder / "model" / "model.onnx"))
    logits = session.run(
        ["category_logits"], {"samples": np.zeros((2, 16000), np.float32), "length": np.array([16000, 8000])}
    )[0]
    assert logits.shape == (2, summary["members"], len(summary["categories"]))
    assert np.isfinite(logits).all()
    assert set(json.loads((folder / "scores.json").read_text())) == set(summary["trained_on"])
    card = (folder / "model" / "CARD.md").read_text()
    assert summary["licence"] in card
    assert "joint 5-fold" in card
    assert "U3 | non-speech told from speech" in card
    assert (folder / "evaluation" / "evaluation.html").is_file()
    assert summary["licence"] in (folder / "model" / "LICENSE").read_text()


def test_a_finished_run_is_not_repeated(made_corpora, tmp_path):
    folder = run("voice-small-open", toy("voice-small-open"), data_root=made_corpora, out=tmp_path)
    first = (folder / "refit.safetensors").stat().st_mtime_ns
    assert run("voice-small-open", toy("voice-small-open"), data_root=made_corpora, out=tmp_path) == folder
    assert (folder / "refit.safetensors").stat().st_mtime_ns == first


def test_a_typo_in_a_recipe_names_the_right_setting(made_corpora, tmp_path):
    with pytest.raises(ConfigError, match="epochs"):
        run("voice-small", ["training.epoch=1"], data_root=made_corpora, out=tmp_path)


class Interrupting(list):
    """Clips that stop the program when they are asked for the hundredth time."""

    asked = 0

    def __getitem__(self, row):
        self.asked += 1
        if self.asked == 100:
            raise KeyboardInterrupt
        return super().__getitem__(row)


def test_a_part_that_was_interrupted_goes_on_and_ends_the_same(tmp_path, caplog):
    settings = parse(Recipe, read_recipe("voice-small-open", [*toy("voice-small-open"), "tuning.epochs=3"]))
    generator = np.random.default_rng(0)
    samples = [generator.integers(-3000, 3000, 4000).astype(np.int16) for _ in range(24)]
    table = pd.DataFrame({"corpus": "made", "category": [str(n % 6) for n in range(24)], "fold": [0, 1] * 12})
    made, none = np.arange(24) % 6, np.zeros((24, 0))
    heard = generator.standard_normal((2, 24, 64)).astype(np.float32)

    def material(samples) -> TunedMaterial:
        return TunedMaterial(
            Heard(table, heard, made, none), SampledClips(table, [samples], made, none), settings.tuning
        )

    fold = table["fold"].to_numpy()
    for name in ("calm", "stopped"):
        (tmp_path / name).mkdir()
    train_part(settings, material(samples), fold, 0, folder=tmp_path / "calm")
    with pytest.raises(KeyboardInterrupt):
        train_part(settings, material(Interrupting(samples)), fold, 0, folder=tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "fold-0.npz").exists()
    with caplog.at_level(logging.INFO):
        train_part(settings, material(samples), fold, 0, folder=tmp_path / "stopped")
    assert "going on after epoch" in caplog.text
    calm, stopped = (np.load(tmp_path / name / "fold-0.npz") for name in ("calm", "stopped"))
    assert calm["rows"].tolist() == list(range(0, 24, 2))
    for key in ("rows", "category", "dimension"):
        np.testing.assert_array_equal(calm[key], stopped[key])
    assert not list((tmp_path / "stopped" / "fold-0").rglob("checkpoints"))
