import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.corpora import nemo


def test_counts_of_the_part_are_those_of_its_read_me(data_root):
    table = nemo.load(data_root / "nemo")
    assert table["emotion"].value_counts().to_dict() == {
        "neutral": 99,
        "anger": 93,
        "sadness": 92,
        "happiness": 91,
        "fear": 91,
        "surprised": 82,
    }
    assert table.drop_duplicates("speaker")["sex"].value_counts().to_dict() == {"male": 5, "female": 4}
    assert table["text_id"].nunique() == 11


def test_the_card_counts_the_whole_corpus():
    assert sum(nemo.CARD["classes"].values()) == 4481


def test_labels_from_file_names_agree_with_the_index_beside_the_audio(data_root):
    index = pd.read_csv(data_root / "nemo" / "index.csv", dtype={"text_id": str})
    index["segment"] = "nemo/" + index["file"].str.extract(r"audio/(.*)\.flac")[0]
    both = nemo.load(data_root / "nemo").merge(index, on="segment", suffixes=("", ".index"))
    assert len(both) == 548
    for name in ("emotion", "sex", "age", "text", "text_id"):
        assert both[name].tolist() == both[f"{name}.index"].tolist()


def test_the_folder_of_its_owner_gives_the_same_rows_with_sentences_from_its_table(data_root, as_published):
    names = ["EB0_anger_57", "TP0_neutral_1"]
    root = as_published("nemo", {f"{one}.flac": f"samples/{one}.wav" for one in names})
    (root / "data.tsv").write_text(
        "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n"
        "EB0_anger_57.wav\tanger\tJedz inaczej aby polepszyć swoje zdrowie.\tx\t        EB0\tfemale\t27\n"
        "TP0_neutral_1.wav\tneutral\tLubię czytać przed snem.\tx\t        TP0\tmale\t26\n",
        encoding="utf-8",
    )
    theirs = nemo.load(root)
    ours = nemo.load(data_root / "nemo")
    ours = ours[ours["segment"].isin(theirs["segment"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(theirs.drop(columns="file"), ours.drop(columns="file"))


def test_without_the_table_the_sentences_are_unknown(as_published):
    table = nemo.load(as_published("nemo", {"EB0_anger_57.flac": "samples/EB0_anger_57.wav"}))
    assert table["text"].isna().all()
    assert table["text_id"].tolist() == ["57"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("samples/EB0_angre_57.wav", "Got emotion `angre`.*Did you mean `anger`"),
        ("samples/ZZ9_anger_57.wav", "Got speaker `ZZ9`"),
        ("samples/EB0-anger-57.wav", "expected a name as `SB0_anger_12`"),
    ],
)
def test_a_file_name_that_is_not_its_own_is_refused(with_clip_named, name, message):
    with pytest.raises(DataError, match=message):
        nemo.load(with_clip_named(name))
