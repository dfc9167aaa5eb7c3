"""A learning curve is drawn on a logarithmic scale, with intervals, guessing, and what is missing."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from mien.reports.learning_curve_report import CountScale, write_learning_curve

POINTS = pd.DataFrame(
    {
        "labels": [25, 50, 100, 400],
        "value": [0.4, 0.55, 0.6, np.nan],
        "low": [0.3, 0.45, 0.5, np.nan],
        "high": [0.5, 0.6, 0.7, np.nan],
        "sd": [0.02, 0.01, 0.01, np.nan],
        "draws": 3,
        "n": 535,
        "speakers": 10,
        "note": ["", "", "", "one class only"],
        "metric": "uar",
        "all": [False, False, False, True],
        "chance": 1 / 7,
    }
)
AREA = {"metric": "uar", "value": 0.525, "low": 0.45, "high": 0.6}
SUMMARY = {"title": "Curve <b>", "command": "mien train a.csv", "notes": ["a & b"], "protocol": "p"}


@pytest.fixture
def written(tmp_path):
    write_learning_curve(tmp_path, POINTS, [AREA], summary=SUMMARY)
    return tmp_path


def test_every_doubling_has_the_same_width():
    scale = CountScale((25.0, 50.0, 100.0, 400.0))
    assert [scale.at(count) for count in scale.ticks()] == ["0%", "25%", "50%", "100%"]
    assert CountScale((25.0,)).at(25) == "50%"


def test_points_with_a_value_are_drawn_and_others_named_with_their_reason(written):
    page = (written / "learning-curve.html").read_text()
    assert page.count('class="spot"') == 3
    assert page.count('class="reach"') == 3
    assert "one class only" in page
    assert re.search(r'<line class="even" x2="100%" y1="([\d.]+)%"', page)
    assert "<b>" not in page.partition("</h1>")[0].partition("<h1>")[2]
    assert "a &amp; b" in page


def test_the_sentence_names_both_ends_and_the_area(written):
    text = (written / "learning-curve.md").read_text()
    assert "40.0 % [30.0, 50.0] with 25 labelled clips, 60.0 % [50.0, 70.0] with 100" in text
    assert "(area under the curve) 52.5 % [45.0, 60.0]" in text
    assert "| 50 | 55.0 [45.0, 60.0] | 1.0 | 3 | 535 | 10 |" in text


def test_the_numbers_are_there_as_json(written):
    found = json.loads((written / "learning-curve.json").read_text())
    assert [point["value"] for point in found["points"]] == [0.4, 0.55, 0.6, None]
    assert found["areas"] == [AREA]
