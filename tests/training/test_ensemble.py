"""Networks trained apart answer as members of one; a student of theirs is judged beside them."""

import runpy
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import ConfigError
from mien.core.onnx import OnnxSession
from mien.nets.pooling import MeanPooling
from mien.prediction.analyze import analyze
from mien.training.ensemble import Ensemble, as_ensemble, ensemble_settings
from mien.training.export import export_onnx
from mien.training.fine_tune import fine_tune
from mien.training.fine_tune_plan import prepare_run
from mien.training.fine_tune_words import result_words
from mien.training.supervised import Supervised, Task
from mien.training.tuned_net import TunedNet

_VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))
SMALL = ["training.batch_size=12", "training.learning_rate=0.03", "training.degraded_copies=1"]


@pytest.fixture(scope="module")
def distilled(tmp_path_factory) -> Path:
    """A run of two networks, and the network that they taught."""
    folder = tmp_path_factory.mktemp("ensemble")
    torch.set_num_threads(1)
    table = _VOICES["write_clips"](folder, speakers=4, clips=1)
    encoder = _VOICES["write_encoder"](folder / "encoder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien.training.fine_tune_shipping.DRAWS", 100)
        patch.setattr("mien.training.teacher_and_student.DRAWS", 100)
        return fine_tune(str(table), encoder=str(encoder), **options(folder))


def options(folder: Path) -> dict:
    settings = [*ensemble_settings(2, adapt="full", distill=True), *SMALL]
    how = {"adapt": "full", "targets": ["emotion"], "folds": 2, "epochs": 2}
    return {**how, "overrides": settings, "out": folder / "runs"}


def test_members_answer_side_by_side_in_the_order_of_the_networks():
    class Plain(torch.nn.Module):
        width = 3

    torch.manual_seed(0)
    nets = [Supervised(Plain(), MeanPooling(), {"category": Task(count=2)}) for _ in range(3)]
    for net in nets:
        net.describe = lambda x, valid: x
    x = torch.randn(4, 3)
    said = Ensemble(nets)(x, torch.ones(4, 3, dtype=torch.bool))["category"]
    assert said.shape == (4, 3, 2)
    for member, net in enumerate(nets):
        torch.testing.assert_close(said[:, member], net(x, x > 9)["category"][:, 0])


def test_networks_apart_differ_in_weights_and_what_the_clips_count(distilled):
    fold = np.load(distilled / "ensemble" / "fold-0.npz")
    alone = [np.load(distilled / "ensemble" / f"network-{n}" / "fold-0.npz") for n in range(2)]
    assert fold["category"].shape == (4, 2, 2)
    for member, one in enumerate(alone):
        np.testing.assert_array_equal(fold["category"][:, member], one["category"][:, 0])
    assert np.abs(fold["category"][:, 0] - fold["category"][:, 1]).max() > 1e-3


def test_the_student_ships_as_one_network_with_a_head_for_each(distilled, tmp_path):
    summary = tomllib.loads((distilled / "model" / "model.toml").read_text())
    network = distilled / "ensemble" / "network-0" / "refit.safetensors"
    assert summary["members"] == 2
    assert (distilled / "refit.safetensors").stat().st_size < 1.1 * network.stat().st_size
    clip = next((distilled.parents[1] / "audio").glob("*.wav"))
    found = analyze([clip], model=distilled / "model", segments="whole").table
    assert found.loc[0, ["p.grief", "p.joy"]].sum() == pytest.approx(1, abs=1e-4)


def test_card_and_words_show_student_and_networks_on_the_same_clips(distilled):
    compared = pd.read_csv(distilled / "distillation.csv").set_index("measure")
    assert compared.loc["same top category", "n"] == 8
    assert compared.loc["unweighted average recall", ["teacher", "student"]].notna().all()
    card = (distilled / "model" / "CARD.md").read_text()
    for text in (card, result_words(distilled)):
        assert "| rank correlation of epistemic.category |" in text
    assert "2 networks trained apart" in card


def test_no_student_learned_from_what_it_is_judged_on(distilled):
    held = [np.load(distilled / f"fold-{n}.npz")["rows"] for n in range(2)]
    apart = [np.load(distilled / "ensemble" / f"fold-{n}.npz")["rows"] for n in range(2)]
    assert sorted(np.concatenate(held)) == list(range(8))
    for student, teacher in zip(held, apart, strict=True):
        np.testing.assert_array_equal(student, teacher)


def test_networks_apart_are_exported_as_one_model_of_all_their_weights(distilled, tmp_path):
    folder = distilled.parents[1]
    again = prepare_run(str(folder / "clips.csv"), encoder=str(folder / "encoder"), **options(folder))
    whole, member = as_ensemble(again).whole(), as_ensemble(again).members()[1]
    assert again.folder == distilled
    path = tmp_path / "model.onnx"
    export_onnx(TunedNet(whole, ()), path, temperature=1.0, dimensions=(), squash=False)
    samples = 0.1 * np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32)
    said = OnnxSession(path).run({"samples": samples, "length": np.array([9000])})["category_logits"]
    alone = member.trained().eval()(torch.from_numpy(samples), torch.ones(1, 9000, dtype=torch.bool))
    assert said.shape == (1, 2, 2)
    np.testing.assert_allclose(said[:, 1], alone["category"].detach().numpy()[:, 0], atol=1e-4)


def test_settings_of_an_ensemble_fit_the_way_to_adapt():
    assert ensemble_settings(None, adapt="full", distill=False) == []
    assert ensemble_settings(5, adapt="probe", distill=False) == ["net.members=5"]
    assert ensemble_settings(5, adapt="lora", distill=True) == ["net.members=5", "net.ensemble=distilled"]


@pytest.mark.parametrize(
    ("members", "adapt", "distill", "message"),
    [
        (None, "full", True, "--distill with no --ensemble"),
        (5, "probe", True, "members share one encoder already"),
        (1, "full", False, "Got --ensemble 1, expected 2 or more"),
    ],
)
def test_what_makes_no_ensemble_is_refused(members, adapt, distill, message):
    with pytest.raises(ConfigError, match=message):
        ensemble_settings(members, adapt=adapt, distill=distill)
