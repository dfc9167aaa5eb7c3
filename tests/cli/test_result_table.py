import json

import pandas as pd

from mien.cli.result_table import json_lines, readable_rows
from mien.core.tables import prediction_columns

COLUMNS = prediction_columns(["anger", "neutral"], ["valence"], ["intensity"])
ROW = {
    "segment": "a#1",
    "file": "a.wav",
    "start": 0.5,
    "end": 2.25,
    "source": "voice",
    "model": "tiny",
    "p.anger": 0.875,
    "p.neutral": 0.125,
    "valence.derived": -0.001,
    "intensity": 0.5,
    "aleatoric.category": 0.25,
    "epistemic.category": 0.5,
    "abstain": False,
}


def test_a_row_shows_the_likeliest_category_and_the_total_doubt() -> None:
    header, rows = readable_rows(pd.DataFrame([{**ROW, "speaker": None}], columns=COLUMNS))
    assert header == ["file", "start", "end", "affect", "p", "valence.derived", "intensity", "doubt"]
    assert rows == [["a.wav", "0.50", "2.25", "anger", "0.88", "0.00", "0.50", "0.75"]]


def test_a_row_on_which_the_model_abstains_is_marked() -> None:
    _, rows = readable_rows(pd.DataFrame([{**ROW, "speaker": "x", "abstain": True}], columns=COLUMNS))
    assert rows[0][3:5] == ["x", "anger ?"]


def test_a_table_without_rows_has_only_a_header() -> None:
    header, rows = readable_rows(pd.DataFrame(columns=COLUMNS))
    assert header[0] == "file"
    assert rows == []


def test_json_lines_hold_numbers_truth_values_and_null() -> None:
    table = pd.DataFrame(
        [{**ROW, "file": "a/ü.wav", "speaker": pd.NA, "p.anger": float("nan")}], columns=COLUMNS
    )
    (line,) = json_lines(table)
    assert '"file": "a/ü.wav"' in line
    found = json.loads(line)
    assert found["speaker"] is None
    assert found["p.anger"] is None
    assert found["abstain"] is False
    assert found["end"] == 2.25
