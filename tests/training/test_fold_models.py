"""Tests of the models of a run's folds."""

import json

import numpy as np
import pytest
import torch

from mien.core.errors import ConfigError, InputError
from mien.core.settings import parse, read_recipe
from mien.training.checkpoint import stored_weights, write_weights
from mien.training.fold_models import fold_predictors, read_run
from mien.training.recipe_files import FOLDS, weights_of
from mien.training.recipe_settings import Recipe, build_net


@pytest.fixture
def run(tmp_path):
    settings = parse(Recipe, read_recipe("voice-small-open"))
    (tmp_path / "recipe.json").write_text(settings.model_dump_json())
    for number in range(FOLDS):
        net = build_net(settings, number)
        write_weights(stored_weights(net), weights_of(tmp_path, number))
    return tmp_path


def test_each_fold_answers_with_its_own_model(run):
    clips = [
        0.1 * np.random.default_rng(n).standard_normal(8000 + 999 * n).astype(np.float32) for n in range(3)
    ]
    predictors = fold_predictors(run)
    assert list(predictors) == list(range(FOLDS))
    settings = read_run(run)
    for number in (0, 4):
        net = build_net(settings, number).eval()
        answers = predictors[number](clips)
        assert list(answers) == [f"p.{name}" for name in settings.data.categories]
        with torch.inference_mode():
            logits, _ = net(torch.from_numpy(clips[1])[None], torch.tensor([clips[1].size]))
        wanted = logits.softmax(dim=2).mean(dim=1)[0].numpy()
        np.testing.assert_allclose(answers.to_numpy()[1], wanted, atol=1e-5)
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    assert np.abs(predictors[0](clips).to_numpy() - predictors[4](clips).to_numpy()).max() > 1e-3


def test_a_fold_without_weights_is_named(run):
    weights_of(run, 3).unlink()
    with pytest.raises(InputError, match="fold-3"):
        fold_predictors(run)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected a run folder"):
        read_run(tmp_path)


def test_an_unknown_setting_of_a_run_is_named(run):
    changed = json.loads((run / "recipe.json").read_text()) | {"sytem": "x"}
    (run / "recipe.json").write_text(json.dumps(changed))
    with pytest.raises(ConfigError, match="sytem"):
        read_run(run)
