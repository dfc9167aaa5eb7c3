"""Modules made for HEAR, our encoders and our descriptors answer alike."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import ConfigError, DataError
from mien.nets import mel_projection
from mien.studies.hear_cache import thin
from mien.studies.hear_encoders import Moments, check_name, label_of, open_encoder

MODULE = runpy.run_path(str(Path(__file__).with_name("hear_folders.py")))["MODULE"]


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """Return the name of a module that lies where the command is given."""
    (tmp_path / "stranger_package.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "stranger_package"
    sys.modules.pop("stranger_package", None)


def noise(*seconds, rate_hz=16000):
    chance = np.random.default_rng(0)
    return [0.1 * chance.standard_normal(int(one * rate_hz)).astype(np.float32) for one in seconds]


def test_a_module_with_the_official_interface_runs_unmodified(stranger):
    encoder = open_encoder(f"module:{stranger}")
    clips = noise(0.5, 0.3, 0.5, rate_hz=8000)
    module = sys.modules[stranger]
    model = module.load_model()
    assert encoder.rate_hz == 8000
    for clip, scene, moments in zip(clips, encoder.scenes(clips), encoder.moments(clips), strict=True):
        alone = torch.from_numpy(clip)[None]
        np.testing.assert_allclose(scene, module.get_scene_embeddings(alone, model)[0].detach(), atol=1e-5)
        values, ms = module.get_timestamp_embeddings(alone, model)
        np.testing.assert_allclose(moments.values, values[0].detach(), atol=1e-5)
        np.testing.assert_allclose(moments.ms, ms[0])


def test_weights_of_a_module_are_given_to_it_and_change_its_mark(stranger, tmp_path):
    torch.save({"scale": torch.tensor([2.0])}, tmp_path / "twice.pt")
    plain, twice = (
        open_encoder(f"module:{stranger}"),
        open_encoder(f"module:{stranger}:{tmp_path / 'twice.pt'}"),
    )
    clips = noise(0.5, rate_hz=8000)
    np.testing.assert_allclose(twice.scenes(clips)[0], 2 * plain.scenes(clips)[0], rtol=1e-5)
    assert twice.mark != plain.mark
    assert twice.name == f"{stranger} twice"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("def get_scene_embeddings", "def scenes"), "without get_scene_embeddings"),
        (("scene_embedding_size = embedding_size", "pass"), "without scene_embedding_size"),
        (("scene_embedding_size = embedding_size", "scene_embedding_size = 3"), r"shape \(1, 8\).*\(1, 3\)"),
    ],
)
def test_a_module_that_breaks_the_interface_is_told_how(tmp_path, monkeypatch, change, message):
    (tmp_path / "broken_package.py").write_text(MODULE.replace(*change))
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises((ConfigError, DataError), match=message):
            open_encoder("module:broken_package").scenes(noise(0.5, rate_hz=8000))
    finally:
        sys.modules.pop("broken_package", None)


def test_mel_means_has_the_official_interface():
    model = mel_projection.load_model()
    audio = torch.from_numpy(np.stack(noise(1.0, 1.0)))
    values, ms = mel_projection.get_timestamp_embeddings(audio, model)
    scenes = mel_projection.get_scene_embeddings(audio, model)
    assert values.shape == (2, ms.shape[1], model.timestamp_embedding_size)
    assert ms.shape[0] == 2
    assert (ms.diff(dim=1) == 16).all()
    assert scenes.shape == (2, model.scene_embedding_size)
    torch.testing.assert_close(scenes, values.mean(dim=1))


def test_mel_means_takes_a_seed_as_weights(tmp_path):
    (tmp_path / "seed").write_text("3\n")
    assert not torch.equal(
        mel_projection.load_model(str(tmp_path / "seed")).projection, mel_projection.load_model().projection
    )
    with pytest.raises(ConfigError, match="a text file with a whole number"):
        mel_projection.load_model(str(tmp_path / "absent"))


@pytest.mark.parametrize(("name", "width", "frames"), [("egemaps", 88, 25), ("compare", 6373, 65)])
def test_descriptors_are_functionals_of_clips_and_frames_over_time(name, width, frames):
    encoder = open_encoder(name)
    clips = noise(0.5, 0.01)
    assert [one.shape for one in encoder.scenes(clips)] == [(width,)] * 2
    moments = encoder.moments(clips[:1])[0]
    assert moments.values.shape == (len(moments.ms), frames)
    assert 0 < moments.ms[0] < 50
    assert 400 < moments.ms[-1] < 500


def test_our_encoders_answer_with_means_over_time():
    encoder = open_encoder("mel-recurrent")
    clips = noise(0.5, 1.0)
    moments = encoder.moments(clips)
    for scene, one in zip(encoder.scenes(clips), moments, strict=True):
        np.testing.assert_allclose(scene, one.values.mean(axis=0), atol=1e-5)
    assert 900 < moments[1].ms[-1] < 1000


def test_a_codebook_makes_bags_of_its_set(tmp_path):
    from mien.core import registry
    from mien.features.bags import Bags, Words

    found = registry.find("features", "egemaps").extract(noise(1.0, 1.0), rate_hz=16000, level="lld")
    Bags(Words(size=7)).fit(found).save(tmp_path / "seven.npz")
    encoder = open_encoder(f"bags:{tmp_path / 'seven.npz'}")
    scenes = encoder.scenes(noise(0.5, 1.0))
    assert [one.shape for one in scenes] == [(7,)] * 2
    assert [one.sum() for one in scenes] == [len(one.ms) for one in encoder.moments(noise(0.5, 1.0))]
    assert encoder.name == "bags:seven"


def test_an_encoder_of_words_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="which reads words"):
        open_encoder("minilm")


def test_a_misspelt_encoder_is_met_with_the_nearest_name():
    with pytest.raises(ConfigError, match="whisper-tiny"):
        check_name("whisper-tinny")
    with pytest.raises(ConfigError, match="which Python does not find"):
        check_name("module:no_such_package")
    with pytest.raises(ConfigError, match="expected a codebook"):
        check_name("bags:absent.npz")


def test_tables_name_no_folders(tmp_path):
    assert label_of(str(tmp_path)) == tmp_path.name
    assert label_of("module:mine:/some/where/w.pt") == "mine w"


def test_moments_are_averaged_within_steps_as_a_table_would():
    chance = np.random.default_rng(0)
    moments = Moments(chance.normal(size=(57, 3)), np.sort(chance.uniform(0, 1500, 57)))
    found = thin(moments)
    twin = pd.DataFrame(moments.values).assign(ms=moments.ms).groupby((moments.ms // 100).astype(int)).mean()
    np.testing.assert_allclose(found.values, twin[[0, 1, 2]].to_numpy())
    np.testing.assert_allclose(found.ms, twin["ms"])
