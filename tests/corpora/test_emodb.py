import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.corpora import emodb


def test_counts_are_those_of_its_paper(data_root):
    table = emodb.load(data_root / "emodb")
    assert len(table) == 535
    assert table["emotion"].value_counts().to_dict() == emodb.CARD["classes"]
    assert table["speaker"].nunique() == 10
    assert table.drop_duplicates("speaker")["sex"].value_counts().to_dict() == {"female": 5, "male": 5}
    assert table["text_id"].nunique() == 10
    assert (table["end"].sum() / 3600) == pytest.approx(0.41, abs=0.005)


def test_labels_from_file_names_agree_with_the_index_beside_the_audio(data_root):
    index = pd.read_csv(data_root / "emodb" / "index.csv", dtype={"speaker": str}).sort_values("file")
    table = emodb.load(data_root / "emodb").sort_values("file")
    assert table["emotion"].tolist() == index["emotion"].tolist()
    assert table["speaker"].tolist() == ("emodb/" + index["speaker"]).tolist()
    assert table["sex"].tolist() == index["sex"].tolist()
    assert table["age"].tolist() == index["age"].tolist()
    assert table["end"].to_numpy() == pytest.approx(index["duration_s"].to_numpy(), abs=0.0006)


def test_boredom_has_no_place_among_the_shared_categories(data_root):
    table = emodb.load(data_root / "emodb")
    assert table["category"].isna().sum() == 81
    assert (table.loc[table["category"].isna(), "emotion"] == "boredom").all()


def test_the_folder_of_its_owners_gives_the_same_rows(data_root, as_published):
    names = ["03a01Fa", "16b10Wb", "08a01Lc"]
    names = [one for one in names if (data_root / "emodb" / "audio" / f"{one}.flac").exists()]
    root = as_published("emodb", {f"{one}.flac": f"wav/{one}.wav" for one in names})
    theirs = emodb.load(root)
    ours = emodb.load(data_root / "emodb")
    ours = ours[ours["segment"].isin(theirs["segment"])].reset_index(drop=True)
    assert len(theirs) == len(names) >= 2
    pd.testing.assert_frame_equal(theirs.drop(columns="file"), ours.drop(columns="file"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wav/03a01Xa.wav", "Got emotion letter `X`"),
        ("wav/99a01Fa.wav", "Got speaker `99`"),
        ("wav/hello.wav", "expected a name as `03a01Fa`"),
    ],
)
def test_a_file_name_that_is_not_its_own_is_refused(with_clip_named, name, message):
    with pytest.raises(DataError, match=message):
        emodb.load(with_clip_named(name))
