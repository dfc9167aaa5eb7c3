"""From recordings and a teacher to a model folder: exported, compared, in 8 bit, and refused with reason."""

import json
import runpy
from pathlib import Path

import pandas as pd
import pytest
import torch

from mien.core.errors import ConfigError, DataError
from mien.nets.encoders import mel_recurrent
from mien.prediction.analyze import analyze
from mien.prediction.doubt import split_doubt
from mien.prediction.model_card import read_summary
from mien.training.distill import distill, large_layers

_VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))
QUICK = ["distill.copies=1", "training.batch_size=8", "training.aware_epochs=1"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("mien.training.teacher_and_student.DRAWS", 50)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    _VOICES["write_clips"](folder, speakers=6, clips=1)
    torch.manual_seed(0)
    config = mel_recurrent.Config(bands=16, channels=(4, 4, 8, 40), width=32, layers=1)
    (folder / "encoder").mkdir()
    mel_recurrent.save(mel_recurrent.build(config), folder / "encoder")
    return folder


@pytest.fixture(scope="module")
def small(recordings, tiny_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "small"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien.training.teacher_and_student.DRAWS", 50)
        return distill(
            str(tiny_model), str(recordings / "encoder"), [recordings / "audio"], out, epochs=2,
            quantize_aware=True, overrides=QUICK,
        )  # fmt: skip


def test_the_student_is_a_model_that_answers_as_its_teacher_is_asked(small, tiny_model, recordings):
    student, teacher = read_summary(small.folder), read_summary(tiny_model)
    assert (student.categories, student.members) == (teacher.categories, teacher.members)
    assert (student.licence, student.shelf) == (teacher.licence, "research")
    assert student.abstain_above is not None
    clip = next((recordings / "audio").glob("*.wav"))
    found = analyze([clip], model=small.folder, segments="whole").table
    chances = found[[f"p.{name}" for name in student.categories]]
    assert chances.sum(axis=1).iloc[0] == pytest.approx(1, abs=1e-4)


def test_it_says_how_alike_they_are_on_clips_that_it_did_not_learn_from(small):
    measures = small.compared.set_index("measure")
    assert measures.loc["same top category", "n"] < 12
    assert "unweighted average recall" not in measures.index
    card = (small.folder / "CARD.md").read_text()
    assert "| same top category |" in card
    assert "who speaks is not known" in card
    tables = [
        pd.read_parquet(small.folder / "held-out" / f"{side}.parquet") for side in ("teacher", "student")
    ]
    assert tables[0]["segment"].tolist() == tables[1]["segment"].tolist()
    assert json.loads((small.folder / "run.json").read_text())["skipped"] == []
    assert not (small.folder / "work").exists()


def test_eight_bit_is_written_with_each_layers_error(small):
    assert "int8" in read_summary(small.folder).quantization
    assert any(layer.kept == "int8" for layer in small.layers)
    assert "measured on these weights" in (small.folder / "CARD.md").read_text()


def test_layers_that_go_on_in_eight_bit_are_those_that_export_computes_so():
    net = mel_recurrent.build(mel_recurrent.Config(bands=16, channels=(4, 4, 8, 40), width=32, layers=1))
    assert large_layers(net) == ["convolutions.3.convolution", "projection"]


def test_a_folder_with_a_model_labels_of_others_and_other_members_are_refused(
    small, recordings, tiny_model, tmp_path
):
    audio, encoder = recordings / "audio", str(recordings / "encoder")
    with pytest.raises(ConfigError, match="which holds a model; choose another"):
        distill(str(tiny_model), encoder, [audio], small.folder)
    table = pd.DataFrame({"file": [str(one) for one in sorted(audio.glob("*.wav"))], "emotion": "awe"})
    table.to_csv(tmp_path / "clips.csv", index=False)
    with pytest.raises(DataError, match="Got label `awe`"):
        distill(str(tiny_model), encoder, [tmp_path / "clips.csv"], tmp_path / "a")
    with pytest.raises(DataError, match="as many heads"):
        distill(str(tiny_model), encoder, [audio], tmp_path / "b", overrides=["net.members=7", *QUICK])
    with pytest.raises(ConfigError, match="expected"):
        distill(str(tiny_model), "no-such-encoder", [audio], tmp_path / "c")


def test_a_student_too_small_for_eight_bit_is_refused_before_it_is_trained(recordings, tiny_model, tmp_path):
    tiny = _VOICES["write_encoder"](tmp_path / "tiny")
    with pytest.raises(ConfigError, match="none of whose layers is large enough"):
        distill(
            str(tiny_model), str(tiny), [recordings / "audio"], tmp_path / "out", quantize_aware=True,
            overrides=QUICK,
        )  # fmt: skip


def test_members_that_agree_leave_no_doubt_in_the_answers_that_are_kept(small):
    teacher = pd.read_parquet(small.folder / "held-out" / "teacher.parquet")
    chances = teacher.filter(regex=r"^p\.").to_numpy()
    total = teacher["aleatoric.category"] + teacher["epistemic.category"]
    assert total.to_numpy() == pytest.approx(split_doubt(chances[:, None]).aleatoric, abs=1e-6)
