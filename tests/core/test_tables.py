import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core import tables
from mien.core.errors import DataError, InputError

COLUMNS = tables.prediction_columns(["anger", "neutral"], ["valence"], ["intensity"])


def segments(**changes):
    frame = {"segment": ["a", "b"], "file": ["x.wav", "x.wav"], "start": [0.0, 1.0], "end": [1.0, 2.5]}
    return pd.DataFrame(frame | changes)


def predictions(**changes):
    frame = {
        "segment": ["a", "b"],
        "file": ["x.wav", "x.wav"],
        "start": [0.0, 1.0],
        "end": [1.0, 2.0],
        "speaker": [None, None],
        "source": ["voice", "voice"],
        "model": ["m", "m"],
        "p.anger": [0.25, 1.0],
        "p.neutral": [0.75, 0.0],
        "valence.derived": [-0.1, -0.5],
        "intensity": [0.2, 0.3],
        "aleatoric.category": [0.5, 0.0],
        "epistemic.category": [0.01, 0.0],
        "abstain": [False, True],
    }
    return pd.DataFrame(frame | changes)


def test_a_segment_table_gets_its_missing_columns_and_its_types():
    table = tables.check_segments(segments(note=["one", "two"], start=[0, 1]))
    assert list(table) == [*tables.SEGMENT_COLUMNS, "note"]
    assert table["start"].dtype == "float64"
    assert table["speaker"].isna().all()
    assert table["turn"].dtype == "Int64"


def test_checking_does_not_change_what_it_was_given():
    frame = segments()
    tables.check_segments(frame)
    assert list(frame) == ["segment", "file", "start", "end"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segment": ["a", "a"]}, "`a` twice"),
        ({"segment": ["a", None]}, "without `segment`"),
        ({"start": [0.0, 3.0]}, "end before its start in segment `b`"),
        ({"start": [-1.0, 1.0]}, "start before 0 in segment `a`"),
        ({"end": ["1.0", "soon"]}, "`end` that is not float64"),
    ],
)
def test_a_wrong_segment_table_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        tables.check_segments(segments(**changes))


def test_a_mistyped_column_is_named_with_its_nearest():
    with pytest.raises(DataError, match=r"without `start`.*`strat`"):
        tables.check_segments(segments().rename(columns={"start": "strat"}))


def test_pure_text_and_open_ends_are_segments():
    table = tables.check_segments(segments(file=[None, "x.wav"], start=[None, 0.0], end=[None, None]))
    assert table["end"].isna().all()


def test_a_right_prediction_table_passes_unchanged_but_for_types():
    table = tables.check_predictions(predictions())
    assert list(table) == COLUMNS
    assert {name: str(table[name].dtype) for name in COLUMNS} == {
        name: tables.column(name).dtype for name in COLUMNS
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p.anger": [0.25, 1.2], "p.neutral": [0.75, -0.2]}, r"`p.anger` outside \[0, 1\] in segment `b`"),
        ({"p.anger": [0.252, 1.0]}, "do not sum to 1 in segment `a`"),
        ({"p.anger": [np.nan, 1.0]}, "no finite `p.anger` in segment `a`"),
        ({"intensity": [0.1, np.inf]}, "no finite `intensity` in segment `b`"),
        ({"epistemic.category": [0.1, np.nan]}, "no finite `epistemic.category`"),
        ({"end": [1.0, 0.5]}, "end before its start"),
        ({"segment": ["a", "a"]}, "segment `a`, source `voice`, model `m` twice"),
    ],
)
def test_a_wrong_prediction_table_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        tables.check_predictions(predictions(**changes))


def test_a_prediction_table_without_a_key_column_is_refused():
    with pytest.raises(DataError, match="without `model`"):
        tables.check_predictions(predictions().drop(columns="model"))


def test_one_segment_may_have_predictions_of_two_models():
    table = tables.check_predictions(predictions(segment=["a", "a"], model=["m", "n"]))
    assert len(table) == 2


def test_a_model_without_categories_has_no_doubt_about_them():
    frame = predictions(**{"aleatoric.category": [None, None], "epistemic.category": [None, None]})
    table = tables.check_predictions(frame.drop(columns=["p.anger", "p.neutral"]))
    assert table["aleatoric.category"].isna().all()


def test_an_empty_prediction_table_has_the_types_and_passes_the_check():
    table = tables.empty_predictions(COLUMNS)
    assert list(tables.check_predictions(table)) == COLUMNS
    assert str(table["p.anger"].dtype) == "float64"
    assert str(table["abstain"].dtype) == "bool"


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=2), st.floats(-0.01, 0.01))
def test_probabilities_pass_exactly_when_their_sum_is_within_the_tolerance(weights, error):
    p = np.array(weights) / sum(weights)
    p[0] += error
    frame = predictions(**{"p.anger": [p[0], 1.0], "p.neutral": [p[1], 0.0]})
    if abs(p.sum() - 1) <= tables.SUM_TOLERANCE and 0 <= p[0] <= 1:
        tables.check_predictions(frame)
    else:
        with pytest.raises(DataError):
            tables.check_predictions(frame)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_comes_back_as_it_was_written(tmp_path, suffix):
    table = tables.check_predictions(predictions(speaker=["03", "NA"], segment=["ä b", "c,d"]))
    tables.write_table(table, tmp_path / f"predictions{suffix}")
    back = tables.check_predictions(tables.read_table(tmp_path / f"predictions{suffix}"))
    pd.testing.assert_frame_equal(back, table)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_from_a_spreadsheet_is_read_whatever_its_separator_and_mark(tmp_path, separator):
    path = tmp_path / "segments.csv"
    rows = [["file", "start", "end", "speaker", "segment"], ["x.wav", "0", "NA", "007", "one"]]
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n", encoding="utf-8-sig")
    table = tables.check_segments(tables.read_table(path))
    assert table["speaker"].tolist() == ["007"]
    assert table["end"].isna().all()


@pytest.mark.parametrize("name", ["absent.csv", "notes.txt", "broken.parquet"])
def test_a_file_that_is_no_table_is_an_input_error(tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "broken.parquet").write_text("hello")
    with pytest.raises(InputError, match=name):
        tables.read_table(tmp_path / name)


def test_writing_to_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        tables.write_table(predictions(), tmp_path / "predictions.xlsx")


times = st.floats(0, 40_000, allow_nan=False)


@given(st.lists(st.tuples(times, times), min_size=1, max_size=20))
def test_times_survive_the_way_to_audformat_and_back_to_the_nanosecond(pairs):
    starts = [min(pair) for pair in pairs]
    ends = [max(pair) for pair in pairs]
    frame = tables.check_segments(
        pd.DataFrame(
            {"segment": [str(n) for n in range(len(pairs))], "file": "x.wav", "start": starts, "end": ends}
        )
    )
    index = tables.to_audformat(frame).index
    assert index.names == ["file", "start", "end"]
    assert str(index.levels[1].dtype) == "timedelta64[ns]"
    back = tables.from_audformat(tables.to_audformat(frame))
    np.testing.assert_allclose(back["start"], frame["start"], rtol=0, atol=1.1e-9)
    np.testing.assert_allclose(back["end"], frame["end"], rtol=0, atol=1.1e-9)


def test_audformat_s_not_a_time_is_an_open_end():
    index = tables.to_audformat(segments(end=[1.0, None])).index
    assert pd.isna(index[1][2])
    assert pd.isna(tables.from_audformat(index)["end"].iloc[1])


def test_a_filewise_audformat_index_becomes_whole_files_with_names():
    table = tables.from_audformat(pd.Index(["x.wav", "y.wav"], name="file"))
    assert table["segment"].tolist() == ["x.wav#0", "y.wav#0"]
    assert table["start"].tolist() == [0.0, 0.0]
    assert table["end"].isna().all()


def test_another_index_is_not_audformat():
    with pytest.raises(DataError, match="expected file"):
        tables.from_audformat(pd.DataFrame({"x": [1]}))


def test_pure_text_has_no_place_in_audformat():
    with pytest.raises(DataError, match="without a file"):
        tables.to_audformat(segments(file=[None, "x.wav"]))


def relations(**changes):
    frame = {
        "from": ["a", "a"],
        "to": ["b", None],
        "kind": ["no-context", "latent"],
        "span": ["so late", None],
        "p": [1, 1],
    }
    return pd.DataFrame(frame | changes)


def test_a_relation_table_gets_its_types_and_keeps_further_columns():
    table = tables.check_relations(relations(rater=["x", "y"])[["rater", "p", "span", "kind", "to", "from"]])
    assert list(table) == [*tables.RELATION_COLUMNS, "rater"]
    assert [str(table[name].dtype) for name in tables.RELATION_COLUMNS] == ["string"] * 4 + ["float64"]
    assert table["to"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"from": ["a", None]}, "without `from`"),
        ({"kind": ["no-context", None]}, "without `kind`"),
        ({"p": [1.0, 1.5]}, "p 1.5 from `a`, expected 0 to 1"),
        ({"p": [1.0, None]}, "p nan from `a`, expected 0 to 1"),
        ({"to": ["b", "b"], "kind": ["x", "x"], "span": [None, None]}, "`x` from `a` to `b` twice"),
    ],
)
def test_a_broken_relation_table_is_a_clear_error(changes, message):
    with pytest.raises(DataError, match=message):
        tables.check_relations(relations(**changes))


def test_a_relation_table_without_a_column_names_it():
    with pytest.raises(DataError, match="a relation table without `span`, expected the columns from, to"):
        tables.check_relations(relations().drop(columns="span"))
