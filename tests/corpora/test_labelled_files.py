import warnings

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError
from mien.corpora.labelled_files import locate_files, segment_table


@pytest.fixture
def clips(tmp_path, write_noise):
    """Return a folder with clips of 1, 2 and 3 seconds."""
    for number in (1, 2, 3):
        write_noise(tmp_path / f"{number}.wav", seconds=number)
    return tmp_path


def rows(clips, *names, **columns):
    table = pd.DataFrame({"file": [str(clips / name) for name in names], "start": np.nan, "end": np.nan})
    return table.assign(**columns)


def test_relative_paths_start_from_the_folder_and_absolute_ones_stay(clips):
    paths, there = locate_files(["1.wav", str(clips / "2.wav")], clips)
    assert paths == [str(clips / "1.wav"), str(clips / "2.wav")]
    assert there.all()


def test_missing_files_are_one_error_with_their_number_and_the_first_three(clips):
    listed = ["1.wav", *(f"lost-{number}.wav" for number in range(5)), "lost-0.wav"]
    with pytest.raises(DataError, match="Got 5 of 6 listed files that do not exist") as caught:
        locate_files(listed, clips)
    named = [number for number in range(5) if f"lost-{number}.wav" in str(caught.value)]
    assert named == [0, 1, 2]
    assert "missing='drop'" in str(caught.value)


def test_missing_files_are_dropped_only_when_asked_and_counted_aloud(clips):
    with pytest.warns(UserWarning, match=r"Got 1 of 2 listed files that do not exist: .*lost\.wav"):
        paths, there = locate_files(["lost.wav", "1.wav", "lost.wav"], clips, missing="drop")
    assert there.tolist() == [False, True, False]
    assert len(paths) == 3


def test_nothing_is_said_where_nothing_is_missing(clips):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths, there = locate_files(["1.wav"], clips, missing="drop")
    assert paths == [str(clips / "1.wav")]
    assert there.tolist() == [True]


def test_a_table_whose_files_are_all_missing_is_an_error_even_so(clips):
    with pytest.raises(DataError, match="Got 2 of 2 listed files") as caught:
        locate_files(["a.wav", "b.wav"], clips, missing="drop")
    assert "missing='drop'" not in str(caught.value)


def test_another_word_for_missing_is_refused(clips):
    with pytest.raises(ConfigError, match="Got missing=`ignore`, expected raise or drop"):
        locate_files(["1.wav"], clips, missing="ignore")


def test_ends_that_are_unknown_come_from_the_header(clips):
    table = rows(clips, "1.wav", "2.wav", "3.wav").assign(
        start=[np.nan, 0.5, 0.25], end=[np.nan, np.nan, 1.25]
    )
    found = segment_table(table, clips, corpus="toy")
    assert found["start"].tolist() == [0, 0.5, 0.25]
    assert found["end"].tolist() == [1, 2, 1.25]


def test_the_end_of_a_kind_whose_header_is_not_read_stays_null(clips):
    (clips / "film.mp4").write_bytes(b"nothing that soundfile reads")
    assert segment_table(rows(clips, "film.mp4"), clips, corpus="toy")["end"].isna().all()


def test_segments_are_named_below_the_folder_with_numbers_where_a_file_recurs(clips, write_noise):
    (clips / "deep").mkdir()
    write_noise(clips / "deep" / "4.wav")
    table = rows(clips, "deep/4.wav", "2.wav", "2.wav").assign(
        start=[np.nan, 0.0, 1.0], end=[np.nan, 1.0, 2.0]
    )
    found = segment_table(table, clips, corpus="toy")
    assert found["segment"].tolist() == ["toy/deep/4", "toy/2#0", "toy/2#1"]


def test_files_elsewhere_keep_their_whole_path(clips, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    found = segment_table(rows(clips, "1.wav"), inside, corpus="toy")
    assert found["segment"].tolist() == [f"toy/{(tmp_path / '1').relative_to('/').as_posix()}"]


def test_speakers_are_unique_over_corpora_and_unknown_ones_stay_null(clips):
    found = segment_table(rows(clips, "1.wav", "2.wav", speaker=["03", None]), clips, corpus="toy")
    assert found["speaker"].tolist() == ["toy/03", pd.NA]


def test_labels_named_as_a_shared_category_have_it_and_others_none(clips):
    table = rows(clips, "1.wav", "2.wav", "3.wav", label=["anger", "bored", None])
    found = segment_table(table, clips, corpus="toy")
    assert found["emotion"].tolist() == ["anger", "bored", pd.NA]
    assert found["category"].tolist() == ["anger", pd.NA, pd.NA]


def test_a_mapping_says_what_a_label_shares(clips):
    table = rows(clips, "1.wav", "2.wav", label=["angry", "bored"])
    found = segment_table(table, clips, corpus="toy", to_shared={"angry": "anger", "bored": None})
    assert found["category"].tolist() == ["anger", pd.NA]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": ("anger", "neutral")}, r"Got label `angri`.*Did you mean `anger`"),
        ({"to_shared": {"angri": "angr"}}, r"Got label `angr`.*Did you mean `anger`"),
        ({"to_shared": {}}, "Got category `angri` with no place"),
    ],
)
def test_labels_are_closed(clips, options, message):
    with pytest.raises(DataError, match=message):
        segment_table(rows(clips, "1.wav", label=["angri"]), clips, corpus="toy", **options)


def test_a_segment_that_is_listed_twice_is_named(clips):
    table = rows(clips, "1.wav", "1.wav").assign(start=0.0, end=0.5)
    with pytest.raises(DataError, match=r"1\.wav` from 0\.0 to 0\.5 s twice"):
        segment_table(table, clips, corpus="toy")


def test_an_unreadable_recording_is_named(clips):
    (clips / "broken.wav").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"broken\.wav"):
        segment_table(rows(clips, "broken.wav"), clips, corpus="toy")


def test_the_language_of_a_row_stands_before_that_of_the_corpus(clips):
    assert segment_table(rows(clips, "1.wav"), clips, corpus="toy", language="de")["language"][0] == "de"
    own = rows(clips, "1.wav", language="pl")
    assert segment_table(own, clips, corpus="toy", language="de")["language"][0] == "pl"
