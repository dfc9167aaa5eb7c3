"""A corpus study on real voices and words: planted errors, a planted room, copies, broken files."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import UndefinedScore
from mien.corpora import emodb, tweeteval
from mien.evaluation.label_errors import planted_trial
from mien.signals.decode import decode
from mien.studies.corpus_report import Other, study_corpus
from mien.studies.held_out_labels import held_out_probabilities, label_task


@pytest.fixture(scope="module")
def voices(data_root):
    """Return four classes of EmoDB, all ten actors, about 250 clips."""
    table = emodb.load(data_root / "emodb")
    kept = table[table["emotion"].isin(["anger", "boredom", "neutral", "sadness"])]
    return kept.iloc[::2].reset_index(drop=True)


@pytest.fixture(scope="module")
def task(voices):
    return label_task(voices)


def test_labels_swapped_on_purpose_come_first_at_thrice_the_base_rate(task):
    trial = planted_trial(task.given, lambda given: held_out_probabilities(task, given), trials=5)
    assert trial.by_chance == pytest.approx(0.05, abs=0.005)
    assert trial.precision >= 3 * trial.by_chance


def test_nobody_is_in_two_folds_and_probabilities_are_such(task, voices):
    speakers = voices["speaker"].iloc[task.rows].groupby(task.fold)
    sets = [set(own) for _, own in speakers]
    assert sum(map(len, sets)) == len(set().union(*sets)) == 10
    thought = held_out_probabilities(task, task.given)
    assert thought.sum(axis=1) == pytest.approx(1.0)
    assert "eGeMAPS" in task.how


def test_texts_without_speakers_stay_together_and_say_so(data_root):
    table = tweeteval.load(data_root / "tweeteval").iloc[:400]
    table = pd.concat([table, table.iloc[:50].assign(segment=table["segment"].iloc[:50] + "-again")])
    found = label_task(table.reset_index(drop=True))
    texts = table["text"].to_numpy()[found.rows]
    folds = pd.Series(found.fold).groupby(texts).nunique()
    assert (folds == 1).all()
    assert "speakers are not known" in found.apart


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label.joy": True}, "several labels"),
        ({"emotion": "joy"}, "fewer than two classes"),
        ({"file": None, "text": "the same sentence for all"}, "scripts"),
        ({"file": None, "text": None}, "neither recordings nor words"),
    ],
)
def test_what_cannot_be_ranked_says_why(voices, change, reason):
    with pytest.raises(UndefinedScore, match=reason):
        label_task(voices.assign(**change))


@pytest.fixture(scope="module")
def studied(voices, tmp_path_factory):
    """Return a study of clips of which all sad ones stand in noise, one is a scaled copy, one is broken."""
    folder = tmp_path_factory.mktemp("planted")
    generator = np.random.default_rng(0)
    table = voices.iloc[::2].reset_index(drop=True)
    files = []
    for row in table.itertuples():
        signal = decode(row.file, mono=True)
        samples = 0.3 * signal.samples[0]
        if row.emotion == "sadness":
            samples = samples + generator.normal(scale=0.02, size=len(samples))
        path = folder / f"{row.segment.split('/')[1]}.wav"
        soundfile.write(path, samples, signal.rate_hz)
        files.append(str(path))
    samples, rate_hz = soundfile.read(files[0])
    soundfile.write(files[-1], 0.5 * samples[800:], rate_hz)
    (folder / "broken.wav").write_bytes(b"no sound")
    table = table.assign(file=files, start=0.0, end=np.nan)
    broken = table.iloc[[0]].assign(segment="emodb/broken", file=str(folder / "broken.wav"))
    table = pd.concat([table, broken], ignore_index=True)
    return table, study_corpus(table, name="planted", labels=False)


def test_a_room_of_one_class_is_a_problem_or_a_warning(studied):
    found = {one.name: one for one in studied[1].check.findings if one.area == "shortcuts"}
    assert found["`background` tells the class"].verdict in ("warning", "problem")
    assert found["`bandwidth`"].verdict == "ok"
    row = studied[1].shortcuts.set_index("measure").loc["background"]
    assert row["uar"] > row["high_by_chance"]


def test_a_scaled_and_cut_copy_is_found(studied):
    table, study = studied
    (found,) = [one for one in study.check.findings if one.name.startswith("near copies")]
    (pair,) = found.data["pairs"]
    assert {pair["first"], pair["second"]} == {table["segment"].iloc[0], table["segment"].iloc[-2]}


def test_a_broken_file_is_listed_and_stops_nothing(studied):
    table, study = studied
    assert list(study.failures) == [table["file"].iloc[-1]]
    assert len(study.people) == 10


def test_two_corpora_are_held_against_each_other(studied):
    table = studied[0].iloc[:6]
    other = table.iloc[:1].assign(
        segment="other/1", speaker="other/x", corpus="other", text=None, text_id=None
    )
    study = study_corpus(table, name="planted", labels=False, other=Other(other, "other"))
    names = {one.name: one.verdict for one in study.check.findings if one.area == "between"}
    assert names["shares sound"] == "problem"
    assert names["shares `audio`"] == "problem"


def test_words_alone_are_studied_without_any_recording(data_root):
    table = tweeteval.load(data_root / "tweeteval").iloc[:600]
    study = study_corpus(table, name="tweets", card=tweeteval.CARD)
    assert study.spread.empty
    assert study.shortcuts.empty
    assert study.doubtful.judged == 600
    assert {"text", "given", "suggested"} <= set(study.doubtful.table) or study.doubtful.reason
