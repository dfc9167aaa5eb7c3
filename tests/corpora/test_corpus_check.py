import json

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import DataError
from mien.corpora import emodb, nemo, urdu
from mien.corpora.corpus_check import check_corpus, class_table
from mien.corpora.duplicates import scan_audio

CARD = {
    **emodb.CARD,
    "title": "Toy",
    "classes": {"joy": 2, "anger": 2},
    "size": 4,
    "dimensions": {},
    "traps": [],
}


def table_of(emotion=("joy", "joy", "anger", "anger"), **columns):
    rows = range(len(emotion))
    speakers = [f"s{row % 2}" for row in rows]
    base = {"segment": [f"row {row}" for row in rows], "emotion": list(emotion), "speaker": speakers}
    return pd.DataFrame(base | columns)


def findings(check, area):
    return [one for one in check.findings if one.area == area]


def test_a_whole_corpus_is_as_on_its_card(data_root):
    check = check_corpus(emodb.load(data_root / "emodb"), card=emodb.CARD)
    (counts,) = findings(check, "counts")
    assert (counts.verdict, counts.name) == ("ok", "as on its card")
    assert check.classes["segments"].tolist() == check.classes["card"].tolist()
    assert check.classes.set_index("class").loc["disgust", "speakers"] == 9
    assert check.summary == "emodb: nothing to worry about."
    assert [one.text for one in findings(check, "trap")] == emodb.CARD["traps"]


def test_a_part_of_a_corpus_is_called_a_part(data_root):
    check = check_corpus(nemo.load(data_root / "nemo"), card=nemo.CARD)
    (counts,) = findings(check, "counts")
    assert (counts.verdict, counts.name) == ("note", "a part of the corpus")
    assert "12% of the 4481" in counts.text


def test_the_trap_of_urdu_does_not_need_its_card(data_root):
    check = check_corpus(urdu.load(data_root / "urdu"))
    assert [one.name for one in check.problems] == ["speaker tells the label"]
    assert check.summary.startswith("urdu: 1 problem: speaker tells the label.")


@pytest.mark.parametrize(
    ("emotion", "name", "verdict"),
    [
        (["joy", "joy", "anger", "anger"], "as on its card", "ok"),
        (["joy", "anger"], "a part of the corpus", "note"),
        (["joy", "joy"], "classes missing", "warning"),
        (["joy", "joy", "joy", "anger"], "more than the card says", "problem"),
        (["joy", "fear"], "more than the card says", "problem"),
    ],
)
def test_counts_are_held_against_the_card(emotion, name, verdict):
    (counts,) = findings(check_corpus(table_of(emotion), card=CARD), "counts")
    assert (counts.name, counts.verdict) == (name, verdict)


def test_segments_without_a_class_are_counted():
    check = check_corpus(table_of(["joy", None, "anger", None]))
    assert findings(check, "counts")[1].text == "2 of 4 segments without a class"


def test_several_labels_per_segment_are_counted_label_by_label():
    table = pd.DataFrame({"segment": ["a", "b"], "label.fear": [False, True], "label.joy": [True, True]})
    table["emotion"] = ["joy", None]  # where there is only one
    counts = class_table(table).set_index("class")["segments"]
    assert counts.to_dict() == {"joy": 2, "fear": 1}


def test_texts_with_several_labels_differ_where_one_label_does():
    table = pd.DataFrame(
        {
            "segment": ["a", "b", "c"],
            "text": ["oh no", "Oh no.", "well"],
            "emotion": ["fear", None, "joy"],
            "label.fear": [True, True, False],
            "label.joy": [False, True, True],
        }
    )
    (repeated,) = [one for one in findings(check_corpus(table), "texts") if one.name == "repetitions"]
    assert repeated.data == {"repeated": 2, "different": 1, "different_labels": 1}


@pytest.fixture
def with_audio(tmp_path):
    """Return a function that gives each row of a table a file; equal numbers are equal samples."""

    def give(table, contents):
        for row, content in enumerate(contents):
            samples = 0.1 * np.random.default_rng(content).uniform(-1, 1, 8000)
            soundfile.write(tmp_path / f"{row}.wav", samples, 16000)
        files = [str(tmp_path / f"{row}.wav") for row in range(len(table))]
        return table.assign(file=files, start=0.0, end=np.nan)

    return give


@pytest.mark.parametrize(
    ("contents", "name", "verdict"),
    [
        ([1, 2, 3, 4], "copies", "ok"),
        ([1, 2, 3, 1], "copies that disagree", "problem"),  # label and speaker differ
        ([1, 2, 1, 3], "copies that disagree", "problem"),  # labels differ
    ],
)
def test_copies_that_carry_different_labels_or_speakers_are_a_problem(with_audio, contents, name, verdict):
    table = with_audio(table_of(), contents)
    (copies,) = findings(check_corpus(table, scan=scan_audio(table)), "copies")
    assert (copies.name, copies.verdict) == (name, verdict)


def test_copies_of_one_speaker_and_label_are_a_warning(with_audio):
    table = with_audio(table_of(speaker=["s0", "s0", "s1", "s1"]), [1, 1, 2, 3])
    (copies,) = findings(check_corpus(table, scan=scan_audio(table)), "copies")
    assert (copies.verdict, copies.data["groups"]) == ("warning", [["row 0", "row 1"]])
    assert "same label, same speaker" in copies.text


def test_audio_is_described_and_what_cannot_be_read_is_a_problem(with_audio):
    table = with_audio(table_of(), [1, 2, 3, 4])
    with open(table["file"][3], "wb") as stream:
        stream.write(b"nothing")
    check = check_corpus(table, scan=scan_audio(table))
    durations, form, unreadable = findings(check, "audio")
    assert durations.data["total_s"] == 1.5
    assert form.text.startswith("3 × 16000 Hz, 1 channel; level -25 to -25 dB")
    assert (unreadable.verdict, unreadable.data["segments"]) == ("problem", ["row 3"])
    assert check.classes["duration_s"].sum() == 1.5


def test_remarks_from_decoding_are_passed_on(tmp_path):
    tone = 0.2 + 0.1 * np.sin(np.arange(8000) / 9)
    table = table_of().assign(file=str(tmp_path / "shifted.wav"), start=[0, 0.1, 0.2, 0.3], end=np.nan)
    soundfile.write(tmp_path / "shifted.wav", tone, 16000)
    remarks = findings(check_corpus(table, scan=scan_audio(table)), "audio")[2]
    assert (remarks.name, remarks.verdict) == ("remarks", "note")
    assert remarks.text.startswith("4 segments with remarks from decoding, most often (4): constant offset")


def test_copies_across_the_owners_parts_are_a_leak(with_audio):
    table = with_audio(table_of(split=["train", "train", "test", "test"]), [1, 2, 1, 3])
    check = check_corpus(table, scan=scan_audio(table))
    leak = next(one for one in findings(check, "splits") if one.name == "test shares `audio`")
    assert leak.verdict == "problem"
    assert leak.text.endswith("with train or dev (50.0% of its rows): row 2")


def test_speakers_in_both_parts_are_worth_a_note():
    check = check_corpus(table_of(split=["train", "train", "test", "dev"]))
    assert [one.verdict for one in findings(check, "splits")] == ["ok", "note"]


def test_a_split_without_a_test_part_is_said():
    (split,) = findings(check_corpus(table_of(split=["train"] * 4)), "splits")
    assert (split.verdict, split.name) == ("warning", "split cannot be used")


def test_free_words_are_measured_and_their_repetitions_held_against_the_labels():
    texts = ["Yeah.", "what a day", "yeah", "no no no no no"]
    lengths, repeated = findings(check_corpus(table_of(text=texts, speaker=list("abcd"))), "texts")
    assert lengths.data["quartiles_words"] == [1, 1, 2, 3.5, 5]
    assert repeated.data == {"repeated": 2, "different": 1, "different_labels": 1}
    assert "1 of those texts carry different labels" in repeated.text


def test_empty_texts_are_a_warning():
    texts = findings(check_corpus(table_of(text=["a", "", "b", "c"], speaker=list("abcd"))), "texts")
    assert (texts[0].verdict, texts[0].name) == ("warning", "empty texts")


def test_scripts_are_called_scripts(data_root):
    (scripts,) = findings(check_corpus(emodb.load(data_root / "emodb")), "texts")
    assert scripts.text.startswith("10 scripts, the same for all speakers")


@pytest.mark.parametrize(
    ("values", "name", "verdict"),
    [
        ([1.0, 2.0, 5.0, None], "`valence`", "ok"),
        ([1.0, 2.0, 5.5, None], "`valence` off its scale", "problem"),
        ([None] * 4, "`valence` missing", "problem"),
    ],
)
def test_dimensions_are_held_against_their_scale(values, name, verdict):
    card = CARD | {"dimensions": {"valence": (1.0, 5.0)}}
    (scale,) = findings(check_corpus(table_of(valence=values), card=card), "scales")
    assert (scale.name, scale.verdict) == (name, verdict)


def test_rights_follow_the_shelf():
    verdicts = {"open": "ok", "research": "note", "unlicensed": "warning"}
    for shelf, verdict in verdicts.items():
        (rights,) = findings(check_corpus(table_of(), card=CARD | {"shelf": shelf}), "rights")
        assert rights.verdict == verdict
    assert findings(check_corpus(table_of()), "rights")[0].name == "licence unknown"


def test_a_table_of_bare_segments_can_be_checked():
    check = check_corpus(pd.DataFrame({"segment": ["a", "b"]}))
    assert check.classes.empty
    assert check.problems == []


def test_the_record_is_plain_json(data_root):
    check = check_corpus(urdu.load(data_root / "urdu"), card=urdu.CARD)
    record = json.loads(json.dumps(check.record(), allow_nan=False, default=lambda value: value.item()))
    assert record["problems"] == 1
    assert record["classes"][0]["segments"] == 100
    assert {"area", "name", "verdict", "text", "data"} == set(record["findings"][0])


def test_an_empty_table_is_refused():
    with pytest.raises(DataError, match="without rows"):
        check_corpus(table_of().iloc[:0])
