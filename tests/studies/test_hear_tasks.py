"""Every task holds its speakers and sources apart, and asks what it says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError
from mien.studies.hear_corpora import some_of_each
from mien.studies.hear_made import pitch_task, tone
from mien.studies.hear_mixtures import MIXTURE_S, RATE_HZ, EventTask, event_samples
from mien.studies.hear_task import HearTask, Sound
from mien.studies.hear_tasks import BUILDERS, load_tasks


@pytest.fixture(scope="module")
def mini(data_root):
    return load_tasks(["hear-mini"], data_root)


def test_no_speaker_and_no_clip_is_in_two_folds(mini):
    for task in mini.tasks:
        assert task.clips["clip"].is_unique
        assert task.clips.groupby("group")["fold"].nunique().max() == 1, task.name
        for fold in task.splits():
            parts = [set(task.clips["group"].iloc[rows]) for rows in (fold.train, fold.dev, fold.test)]
            assert all(parts)
            assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_each_clip_tests_once_and_every_class_is_trained_on(mini):
    for task in mini.tasks:
        tested = np.concatenate([fold.test for fold in task.splits()])
        assert sorted(tested) == list(range(len(task.clips)))
        if task.kind == "scene":
            assert all(
                set(task.clips["label"].iloc[fold.train]) == set(task.labels) for fold in task.splits()
            )


def test_the_corpora_here_allow_all_tasks_but_language(mini):
    assert [task.name for task in mini.tasks] == list(BUILDERS)
    assert list(mini.skipped) == ["language"]
    sizes = {task.name: (len(task.clips), len(task.labels), len(task.splits())) for task in mini.tasks}
    assert sizes["emotion-emodb"] == (535, 7, 5)
    assert sizes["digits"] == (300, 10, 6)
    assert sizes["sounds"] == (50, 10, 5)
    assert sizes["pitch"] == (360, 36, 5)
    assert sizes["speaker-count"] == (240, 5, 4)


def test_sounds_keep_their_owners_folds(mini):
    task = next(one for one in mini.tasks if one.name == "sounds")
    assert set(task.clips["fold"]) == set("12345")
    assert (task.clips["clip"].str.split("/").str[1].str[0] == task.clips["fold"]).all()


@pytest.mark.parametrize("name", ["sound-events", "vocal-events"])
def test_no_event_and_no_noise_is_in_two_folds(mini, name):
    task = next(one for one in mini.tasks if one.name == name)
    plans = task.sound.__closure__[0].cell_contents
    fold_of = {}
    for plan in plans:
        for source in [plan.noise, *(one.file for one in plan.events)]:
            assert fold_of.setdefault(source, plan.fold) == plan.fold


def test_the_recordings_offset_does_not_tell_the_class(mini):
    task = next(one for one in mini.tasks if one.name == "emotion-urdu")
    for row in range(0, len(task.clips), 80):
        assert abs(float(np.mean(task.sound(row).samples))) < 1e-5


def test_mixtures_of_speakers_are_equally_loud(mini):
    task = next(one for one in mini.tasks if one.name == "speaker-count")
    levels = [float(np.sqrt(np.mean(task.sound(row).samples ** 2))) for row in range(0, 60, 12)]
    assert task.clips["label"].iloc[range(0, 60, 12)].tolist() == ["1", "2", "3", "4", "5"]
    np.testing.assert_allclose(levels, 0.05, rtol=1e-4)


def test_events_begin_where_the_task_says(mini):
    task = next(one for one in mini.tasks if one.name == "vocal-events")
    rises = []
    for row in range(0, len(task.clips), 6):
        samples = task.sound(row).samples
        assert len(samples) == MIXTURE_S * RATE_HZ
        for start in task.events.loc[task.events["clip"] == task.clips["clip"].iloc[row], "start"]:
            place = round(start * RATE_HZ)
            before, behind = samples[max(0, place - 800) : place], samples[place : place + 800]
            rises.append(np.log10(np.mean(behind**2) / np.mean(before**2)))
    assert np.mean(np.array(rises) > 0) > 0.9
    assert (task.events.groupby("clip")["start"].diff().dropna() >= 1.2 - 1e-9).all()


@pytest.mark.parametrize(("note", "instrument"), [(48, 0), (69, 3), (83, 9)])
def test_a_tone_has_the_pitch_of_its_note(note, instrument):
    samples = tone(note, instrument).astype(np.float64)
    wanted_hz = 440 * 2 ** ((note - 69) / 12)
    part = samples[2000:6096]
    similar = np.fft.irfft(np.abs(np.fft.rfft(part, 16384)) ** 2)
    least, most = int(16000 / wanted_hz / 1.3), int(16000 / wanted_hz * 1.3)
    heard_hz = 16000 / (least + int(np.argmax(similar[least : most + 1])))
    assert abs(12 * np.log2(heard_hz / wanted_hz)) < 0.7  # a whole sample of delay is half a note up there


def test_the_same_tone_is_made_each_time(tmp_path):
    np.testing.assert_array_equal(tone(60, 4), tone(60, 4))
    assert pitch_task(tmp_path).checksum == pitch_task(tmp_path).checksum
    assert not np.array_equal(tone(60, 4), tone(60, 5))


def test_a_missing_corpus_is_skipped_with_its_reason(tmp_path):
    loaded = load_tasks(["digits", "pitch"], tmp_path)
    assert [task.name for task in loaded.tasks] == ["pitch"]
    assert "which is not a folder" in loaded.skipped["digits"]


def test_a_misspelt_task_is_met_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match="Did you mean `digits`"):
        load_tasks(["digitz"], tmp_path)


def test_some_of_each_are_kept_whatever_the_order():
    table = pd.DataFrame({"segment": [f"s{n}" for n in range(40)], "speaker": list("abcd") * 10})
    kept = some_of_each(table, ["speaker"], most=3)
    assert kept.groupby("speaker").size().tolist() == [3] * 4
    again = some_of_each(table.sample(frac=1, random_state=0), ["speaker"], most=3)
    assert set(again["segment"]) == set(kept["segment"])


def small_task(**changes):
    clips = pd.DataFrame(
        {"clip": list("uvwxyz"), "fold": list("aabbcc"), "group": list("112233"), "label": list("mnmnmn")}
    )
    silence = Sound(np.zeros(8, np.float32), 8)
    task = HearTask("small", "small", kind="scene", several=False, metric="uar", labels=("m", "n"),
                    clips=clips, sound=lambda row: silence, seconds=1.0, licence="made")  # fmt: skip
    return replace(task, **changes)


def test_a_task_refuses_speakers_in_two_folds_and_copies():
    clips = small_task().clips
    with pytest.raises(DataError, match="Got `2` in 2 folds"):
        small_task(clips=clips.assign(group=list("122233")))
    with pytest.raises(DataError, match="`u` more than once"):
        small_task(clips=clips.assign(clip=list("uuwxyz")))
    with pytest.raises(DataError, match="Got 0 clips"):
        small_task(clips=clips.iloc[:0])
    with pytest.raises(DataError, match="Got 2 folds"):
        small_task(clips=clips.assign(fold=list("aabbbb"))).splits()
    with pytest.raises(DataError, match="Got label `n`"):
        small_task(labels=("m",)).targets()


def test_the_checksum_changes_with_labels_and_folds():
    clips = small_task().clips
    sums = {small_task(clips=one).checksum for one in (
        clips, clips.assign(label=list("mnmnnm")), clips.assign(fold=list("bbaacc")))}  # fmt: skip
    assert len(sums) == 3
    assert small_task().checksum in sums


def test_an_event_is_cut_from_its_first_loud_frame(tmp_path, write_noise):
    import soundfile

    samples = np.concatenate([0.001 * np.ones(8000), 0.5 * np.sin(np.arange(4000)), 0.001 * np.ones(8000)])
    soundfile.write(tmp_path / "bark.wav", samples, 16000)
    found = event_samples(tmp_path / "bark.wav")
    assert len(found) == 4000
    assert np.abs(found[:100]).max() > 0.4
    assert len(event_samples(write_noise(tmp_path / "long.wav", seconds=3.0))) == 0.8 * RATE_HZ


def test_a_corpus_without_a_class_in_a_fold_is_refused(data_root):
    task = EventTask("none", "none", corpus="esc10-noise", column="sound", labels=("dog_bark", "unicorn"))
    with pytest.raises(DataError, match="Got no clip of unicorn in fold 1"):
        task(data_root)
