"""A table of clips becomes scores, report, card and a model; runs resume; bad tables are named."""

import json
import logging
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mien.core.errors import ConfigError, DataError, InputError
from mien.prediction.analyze import analyze
from mien.prediction.model_card import read_summary
from mien.training.fine_tune import fine_tune
from mien.training.fine_tune_plan import shelf_of
from mien.training.onnx_contract import read_contract

_VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))
write_clips, write_encoder = _VOICES["write_clips"], _VOICES["write_encoder"]
SMALL = ["net.members=2", "training.batch_size=8", "training.learning_rate=0.03"]
QUICK = {"folds": 2, "overrides": [*SMALL, "training.degraded_copies=1"], "epochs": 12}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("mien.training.fine_tune_shipping.DRAWS", 100)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    return str(write_encoder(tmp_path_factory.mktemp("encoder")))


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write_clips(tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def probed(table, encoder, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien.training.fine_tune_shipping.DRAWS", 100)
        return fine_tune(
            str(table), encoder=encoder, targets=["emotion"], out=tmp_path_factory.mktemp("runs"),
            licence="CC BY 4.0", name="mine", **QUICK,
        )  # fmt: skip


def with_paths(table: Path) -> pd.DataFrame:
    """Return the table with whole paths, to be changed and written elsewhere."""
    own = pd.read_csv(table)
    return own.assign(file=[str(table.parent / file) for file in own["file"]])


def test_a_probe_learns_what_tells_the_clips_apart_on_speakers_it_has_not_heard(probed):
    scores = json.loads((probed / "scores.json").read_text())["clips"]
    assert scores["uar"] > 0.8
    assert scores["n"] == 24
    assert scores["speakers"] == 6
    assert scores["protocol"] == "speaker-2-fold"


def test_every_clip_is_judged_once_by_a_model_that_has_not_heard_its_speaker(probed, table):
    predictions = pd.read_parquet(probed / "predictions.parquet")
    assert len(predictions) == 24
    assert predictions["segment"].is_unique
    assert (predictions.groupby("speaker")["fold"].nunique() == 1).all()
    assert {"p.grief", "p.joy", "epistemic.category", "aleatoric.category"} <= set(predictions)


def test_the_model_takes_any_recording_and_says_its_own_categories(probed, tmp_path):
    time = np.arange(44100) / 44100
    stereo = np.stack([0.2 * np.sin(2 * np.pi * 900 * time)] * 2, axis=1)
    soundfile.write(tmp_path / "new.wav", stereo, 44100)
    found = analyze([tmp_path / "new.wav"], model=probed / "model", segments="whole").table
    assert found.loc[0, "p.joy"] > found.loc[0, "p.grief"]


def test_the_folder_says_what_it_is(probed):
    summary = read_summary(probed / "model")
    assert summary.categories == ("grief", "joy")
    assert summary.members == 2
    assert summary.licence == "CC BY 4.0"
    assert read_contract(probed / "model" / "model.onnx").categories == ("grief", "joy")
    card = (probed / "model" / "CARD.md").read_text()
    assert "24 clips" in card
    assert "speaker-2-fold" in card
    assert "Encoder" in card
    assert (probed / "evaluation" / "evaluation.html").is_file()
    recipe = tomllib.loads((probed / "recipe.toml").read_text())
    assert recipe["data"]["categories"] == ["grief", "joy"]
    run = json.loads((probed / "run.json").read_text())
    assert run["split"]["folds"] == 2
    parts = [json.loads(line)["part"] for line in (probed / "log.jsonl").read_text().splitlines()]
    assert parts == ["fold-0", "fold-1", "refit"]


def test_the_refit_takes_the_median_of_the_epochs_that_the_folds_chose(probed):
    parts = [json.loads(line) for line in (probed / "log.jsonl").read_text().splitlines()]
    assert parts[-1]["epochs"] == round(np.median([part["epoch"] for part in parts[:-1]]))
    assert all(part["dev"] > 0 for part in parts[:-1])


def test_a_finished_run_is_not_repeated_and_a_stopped_one_goes_on(probed, table, encoder):
    def go() -> Path:
        return fine_tune(
            str(table), encoder=encoder, targets=["emotion"], out=probed.parent, licence="CC BY 4.0",
            name="mine", **QUICK,
        )  # fmt: skip

    kept = {name: (probed / name).stat().st_mtime_ns for name in ("fold-0.npz", "model/model.onnx")}
    assert go() == probed
    assert {name: (probed / name).stat().st_mtime_ns for name in kept} == kept
    (probed / "fold-1.npz").unlink()
    (probed / "model" / "CARD.md").unlink()
    assert go() == probed
    assert (probed / "fold-0.npz").stat().st_mtime_ns == kept["fold-0.npz"]
    assert (probed / "fold-1.npz").is_file()
    assert (probed / "model" / "CARD.md").is_file()


def test_ratings_are_learned_on_their_own_scale_and_the_test_part_of_a_split_never_trains(
    table, encoder, tmp_path
):
    own = with_paths(table)
    own["part"] = own["speaker"].map({"s0": "test", "s1": "test", "s2": "dev"}).fillna("train")
    own.to_csv(tmp_path / "parted.csv", index=False)
    folder = fine_tune(
        str(tmp_path / "parted.csv"), encoder=encoder, adapt="full", targets=["arousal"], epochs=12,
        scales={"arousal": (1, 7)}, split_column="part", out=tmp_path,
        overrides=[*SMALL[:2], "training.learning_rate=3e-3", "training.degraded_copies=0"],
    )  # fmt: skip
    predictions = pd.read_parquet(folder / "predictions.parquet")
    assert set(predictions["speaker"]) == {"parted/s0", "parted/s1"}
    assert predictions["arousal"].between(1, 7).all()
    assert np.corrcoef(predictions["arousal"], predictions["arousal.truth"])[0, 1] > 0.5
    found = analyze([table.parent / "audio" / "0-joy-0.wav"], model=folder / "model", segments="whole").table
    assert 1 <= found.loc[0, "arousal"] <= 7
    card = (folder / "model" / "CARD.md").read_text()
    assert "arousal from 1 to 7" in card
    assert "never the test part" in card
    assert json.loads((folder / "log.jsonl").read_text().splitlines()[-1])["clips"] == 16


def test_low_rank_additions_are_summed_into_the_model_that_ships(table, encoder, tmp_path):
    pytest.importorskip("peft")
    folder = fine_tune(
        str(table), encoder=encoder, adapt="lora", targets=["emotion", "arousal"], out=tmp_path, folds=2,
        epochs=2, overrides=["net.members=2"],
    )  # fmt: skip
    summary = read_summary(folder / "model")
    assert summary.categories == ("grief", "joy")
    assert summary.dimensions == ("arousal",)


def test_without_speakers_and_with_lost_files_the_report_and_the_card_warn(table, encoder, tmp_path, caplog):
    own = with_paths(table).drop(columns="speaker")
    own.loc[[0, 4], "file"] = ["gone-a.wav", "gone-b.wav"]
    own.to_csv(tmp_path / "nameless.csv", index=False)
    given = {"encoder": encoder, "targets": ["emotion"], "out": tmp_path, **QUICK}
    with pytest.raises(DataError, match=r"Got 2 of 24 listed files that do not exist.*gone-a"):
        fine_tune(str(tmp_path / "nameless.csv"), **given)
    with caplog.at_level(logging.WARNING):
        folder = fine_tune(str(tmp_path / "nameless.csv"), missing="drop", **given)
    assert "the speaker is known for no clip" in caplog.text
    assert json.loads((folder / "scores.json").read_text())["nameless"]["n"] == 22
    report = (folder / "evaluation" / "evaluation.md").read_text()
    assert "2 of 24 listed files" in report
    for text in ((folder / "model" / "CARD.md").read_text(), report):
        assert "the speaker is known for no clip" in text
        assert "speakers it has never heard" not in text


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (
            {},
            {"categories": ["grief", "joyful"]},
            DataError,
            "Got label `joy`, expected one of grief, joyful",
        ),
        ({"emotion": "joy"}, {}, DataError, "Got only `joy` in `emotion`, expected two categories or more"),
        ({}, {"targets": ["emotoin"]}, ConfigError, "Got target `emotoin`.*Did you mean `emotion`"),
        ({}, {"encoder": "whisper-tyni"}, ConfigError, "Got encoder `whisper-tyni`.*whisper-tiny"),
        ({}, {"folds": 9}, DataError, "Got 6 speakers for 9 folds, expected at least 9; pass --folds 6"),
        ({}, {"encoder": "mel-recurrent"}, ConfigError, "whose weights are random"),
        ({}, {"overrides": ["training.epoch=3"]}, ConfigError, "Got training.epoch.*epochs"),
        ({}, {"adapt": "prob"}, ConfigError, "Got --adapt prob, expected probe, lora, full"),
        ({}, {"scales": {"arousal": (1, 5)}, "targets": ["arousal"]}, DataError, "on the scale 1 to 5"),
        ({"speaker": "one"}, {}, DataError, "one alone cannot be held out"),
    ],
)
def test_what_cannot_be_trained_on_is_said_before_training(
    change, options, error, message, table, encoder, tmp_path
):
    with_paths(table).assign(**change).to_csv(tmp_path / "own.csv", index=False)
    given = {"encoder": encoder, "targets": ["emotion"], "out": tmp_path, **QUICK, **options}
    with pytest.raises(error, match=f"(?s){message}"):
        fine_tune(str(tmp_path / "own.csv"), **given)


def test_labels_that_are_not_there_an_empty_table_and_a_locked_folder_are_refused(table, encoder, tmp_path):
    own = with_paths(table)
    own.loc[3, "emotion"] = np.nan
    own.to_csv(tmp_path / "gaps.csv", index=False)
    given = {"encoder": encoder, "targets": ["emotion"], "out": tmp_path}
    with pytest.raises(DataError, match="Got 1 of 24 rows without label"):
        fine_tune(str(tmp_path / "gaps.csv"), **given)
    (tmp_path / "empty.csv").write_text("file,emotion\n")
    with pytest.raises(DataError, match="without rows"):
        fine_tune(str(tmp_path / "empty.csv"), **given)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be created"):
        fine_tune(str(table), **{**given, "out": tmp_path / "file"})


def test_a_damaged_recording_is_named(table, encoder, tmp_path):
    own = with_paths(table)
    (tmp_path / "broken.mp4").write_bytes(b"no sound here")
    own.loc[5, "file"] = "broken.mp4"
    own.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match=r"broken\.mp4"):
        fine_tune(str(tmp_path / "own.csv"), encoder=encoder, targets=["emotion"], out=tmp_path, **QUICK)


def test_a_model_is_open_only_where_its_licence_and_its_encoder_are():
    assert shelf_of("CC0-1.0", "open") == "open"
    assert shelf_of("CC0-1.0", "research") == "research"
    assert shelf_of("CC0-1.0", "open", "research") == "research"
    assert shelf_of("CC BY-NC-SA 4.0", "open") == "research"
    assert shelf_of("not stated", "open") == "research"
