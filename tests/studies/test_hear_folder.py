"""Task folders of hear-preprocess are read as they are."""

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.studies.hear_folder import read_folder

CASE = runpy.run_path(str(Path(__file__).with_name("hear_folders.py")))


def test_folds_rotate_as_hear_has_it(tmp_path):
    task = read_folder(CASE["write_scene_folder"](tmp_path, folds=4))
    folds = task.clips["fold"].to_numpy()
    used = [[sorted(set(folds[part])) for part in (one.test, one.dev, one.train)] for one in task.splits()]
    assert used[0] == [["fold00"], ["fold01"], ["fold02", "fold03"]]
    assert used[3] == [["fold03"], ["fold00"], ["fold01", "fold02"]]
    assert np.sort(np.concatenate([one.test for one in task.splits()])).tolist() == list(
        range(len(task.clips))
    )


def test_labels_metric_and_audio_are_those_of_the_folder(tmp_path):
    task = read_folder(CASE["write_scene_folder"](tmp_path))
    assert task.labels == ("low", "middle", "high")
    assert (task.metric, task.chance, task.several) == ("accuracy", 1 / 3, False)
    row = task.clips.index[task.clips["clip"] == "fold01/high-2.wav"].item()
    sound = task.sound(row)
    peak_hz = np.abs(np.fft.rfft(sound.samples)).argmax() * sound.rate_hz / len(sound.samples)
    assert abs(peak_hz - 1250) < 5
    assert task.targets()[row].tolist() == [0, 0, 1]


def test_clips_can_have_several_labels(tmp_path):
    task = read_folder(CASE["write_scene_folder"](tmp_path, several=True))
    assert task.metric == "map"
    assert sorted(set(task.targets().sum(axis=1))) == [1, 2]


def test_events_are_read_in_seconds_and_own_splits_are_kept(tmp_path):
    task = read_folder(CASE["write_event_folder"](tmp_path))
    assert (task.kind, task.metric, task.tolerance_s) == ("timestamp", "onset-f1", 0.2)
    assert len(task.splits()) == 1
    assert set(task.clips["fold"].iloc[task.splits()[0].dev]) == {"valid"}
    np.testing.assert_allclose(task.events["end"] - task.events["start"], 0.4)
    first = task.events.iloc[0]
    sound = task.sound(0)
    loud = np.flatnonzero(np.abs(sound.samples) > 0.1)[0] / sound.rate_hz
    assert abs(loud - first["start"]) < 0.01


def test_the_highest_rate_is_read(tmp_path):
    folder = CASE["write_scene_folder"](tmp_path)
    (folder / "4000").mkdir()
    assert read_folder(folder).sound(0).rate_hz == 8000
    shutil.move(folder / "8000", folder / "16000")
    assert read_folder(folder).sound(0).rate_hz == 8000  # as the file says, not as the folder is named


def _change(folder, **facts):
    path = folder / "task_metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: _change(f, evaluation=["segment_1s_er"]), "Got metric `segment_1s_er`"),
        (lambda f: (f / "task_metadata.json").write_text("{}"), "Got no `evaluation`"),
        (lambda f: (f / "labelvocabulary.csv").unlink(), "expected a table of idx and label"),
        (lambda f: shutil.rmtree(f / "8000"), "without audio"),
        (lambda f: (f / "8000" / "fold00" / "low-0.wav").unlink(), "which fold00.json names"),
        (
            lambda f: (f / "fold00.json").write_text('{"low-0.wav": ["low", "high"]}'),
            "expected a list of one",
        ),
        (lambda f: (f / "fold00.json").write_text("[]"), "expected an object"),
    ],
)
def test_a_spoiled_folder_is_told_what_to_mend(tmp_path, spoil, message):
    folder = CASE["write_scene_folder"](tmp_path)
    spoil(folder)
    with pytest.raises(DataError, match=message):
        read_folder(folder)
