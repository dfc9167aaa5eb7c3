from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mien
from mien.core.errors import ConfigError, InputError
from mien.nets.embed_texts import gather_texts
from mien.nets.load_encoder import load_encoder


def test_sentences_come_back_in_order_as_the_encoder_reads_them_alone():
    sentences = ["We won!", "", "He slammed the door and left without a word to anyone.", "We won!"]
    found = mien.embed("bert", sentences, batch_s=0.5)
    assert found.table["text"].tolist() == sentences
    assert found.table["segment"].tolist() == [f"text#{number:04d}" for number in (1, 2, 3, 4)]
    assert np.abs(found.values[0] - found.values[3]).max() <= 1e-5
    again = mien.embed("bert", sentences[2], licence="open")
    assert np.abs(found.values[2] - again.values[0]).max() <= 1e-5


def test_without_pooling_each_word_piece_has_its_place():
    table = mien.embed("bert", ["ab", "c"], pooling="none").table
    assert table["token"].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert table["text"].tolist() == ["ab"] * 4 + ["c"] * 3


def test_a_text_file_has_one_text_per_line_and_a_table_keeps_its_keys(tmp_path):
    (tmp_path / "t.txt").write_text("Guten Tag, schöne Welt!\n\nAuf Wiedersehen.\n", encoding="utf-8")
    table = pd.DataFrame({"text": ["One.", None], "speaker": ["Ada", "Bo"], "start": [1.5, 2.5]})
    table.to_csv(tmp_path / "t.csv", index=False)
    found = mien.embed("bert", [tmp_path / "t.txt", str(tmp_path / "t.csv"), tmp_path / "absent.txt"])
    assert found.table["text"].tolist() == ["Guten Tag, schöne Welt!", "Auf Wiedersehen.", "One."]
    assert found.table["segment"].str.rsplit("/", n=1).str[1].tolist() == [
        "t.txt#0001",
        "t.txt#0003",
        "t.csv#0001",
    ]
    assert found.table["speaker"].tolist()[2] == "Ada"
    assert found.table["start"].isna().tolist() == [True, True, False]
    failed = {Path(file).name for file in found.failures["file"]}
    assert failed == {"absent.txt", "t.csv#0002"}


def test_a_text_that_is_too_long_is_noted(caplog):
    longest = load_encoder("bert").longest
    found = mien.embed("bert", ["word " * longest, "short"])
    assert found.files["note"].tolist() == [f"1 with {longest} word pieces or more, cut off there"]


def test_inputs_that_are_no_words_say_what_is_wanted(tmp_path):
    with pytest.raises(InputError, match="Got no texts"):
        gather_texts([])
    with pytest.raises(InputError, match="Got segment `a` twice"):
        gather_texts([pd.DataFrame({"text": ["x", "y"], "segment": ["a", "a"]})])
    lacking = gather_texts([pd.DataFrame({"sentence": ["x"]}), tmp_path / "clip.wav"])
    assert "Got columns sentence" in lacking.failures["item 1"]
    assert "choose an encoder of voice" in lacking.failures[str(tmp_path / "clip.wav")]
    with pytest.raises(ConfigError, match="which reads words"):
        mien.embed("bert", ["x"], segments="vad")
