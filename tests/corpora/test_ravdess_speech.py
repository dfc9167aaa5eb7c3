import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.corpora import ravdess_speech


def test_counts_are_those_of_its_paper(data_root):
    table = ravdess_speech.load(data_root / "ravdess_speech")
    assert len(table) == 1440
    assert table["emotion"].value_counts().to_dict() == ravdess_speech.CARD["classes"]
    assert (table["speaker"].value_counts() == 60).all()
    assert table.drop_duplicates("speaker")["sex"].value_counts().to_dict() == {"female": 12, "male": 12}
    assert (table["end"].sum() / 3600) == pytest.approx(1.48, abs=0.005)


def test_labels_from_file_names_agree_with_the_index_beside_the_audio(data_root):
    index = pd.read_csv(data_root / "ravdess_speech" / "index.csv", dtype={"speaker": str}).sort_values(
        "file"
    )
    table = ravdess_speech.load(data_root / "ravdess_speech").sort_values("file")
    for name in ("emotion", "intensity", "sex", "text"):
        assert table[name].tolist() == index[name].tolist()
    assert table["speaker"].tolist() == ("ravdess_speech/" + index["speaker"]).tolist()


def test_neutral_has_no_strong_intensity(data_root):
    table = ravdess_speech.load(data_root / "ravdess_speech")
    assert set(table.loc[table["emotion"] == "neutral", "intensity"]) == {"normal"}
    assert (table["intensity"] == "strong").sum() == 7 * 96


def test_calm_counts_as_neutral(data_root):
    table = ravdess_speech.load(data_root / "ravdess_speech")
    assert (table["category"] == "neutral").sum() == 96 + 192
    assert table["category"].notna().all()


@pytest.mark.parametrize("above", ["", "Audio_Speech_Actors_01-24/"])
def test_the_folder_of_its_owners_gives_the_same_rows(data_root, as_published, above):
    names = ["03-01-05-02-01-01-16", "03-01-02-01-02-02-01"]
    places = {f"{one}.flac": f"{above}Actor_{one[-2:]}/{one}.wav" for one in names}
    theirs = ravdess_speech.load(as_published("ravdess_speech", places))
    ours = ravdess_speech.load(data_root / "ravdess_speech")
    ours = ours[ours["segment"].isin(theirs["segment"])].reset_index(drop=True)
    assert len(theirs) == 2
    pd.testing.assert_frame_equal(theirs.drop(columns="file"), ours.drop(columns="file"))


def test_song_beside_the_speech_is_left_out(as_published):
    root = as_published("ravdess_speech", {"03-01-05-02-01-01-16.flac": "Actor_16/03-01-05-02-01-01-16.wav"})
    (root / "Actor_16" / "03-02-05-02-01-01-16.wav").write_bytes(b"song")
    assert len(ravdess_speech.load(root)) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Actor_01/03-01-09-01-01-01-01.wav", "Got emotion `09`"),
        ("Actor_01/03-01-05-03-01-01-01.wav", "Got intensity `03`"),
        ("Actor_25/03-01-05-01-01-01-25.wav", "Got actor 25"),
        ("Actor_01/03-01-copy.wav", "expected a name as"),
    ],
)
def test_a_file_name_that_is_not_its_own_is_refused(with_clip_named, name, message):
    with pytest.raises(DataError, match=message):
        ravdess_speech.load(with_clip_named(name))
