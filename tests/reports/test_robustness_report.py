"""The same tables as text; nothing is judged here."""

import json

import pandas as pd
import pytest

from mien.reports.robustness_report import robustness_markdown, write_robustness

SUMMARY = {"title": "Robustness of tiny", "held_out": "all speakers", "command": "python x.py"}


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    rung = {"corpus": "made", "uar": 0.8, "low": 0.7, "high": 0.9, "n": 20, "speakers": 4, "note": ""}
    rungs = [
        {**rung, "condition": "clean", "level": 0, "ratio": 1.0},
        {**rung, "condition": "room", "level": 3, "severity": 0.7, "unit": "RT60 in s", "uar": 0.6}
        | {"ratio": 0.75, "ratio_low": 0.7, "ratio_high": None, "note": "no interval: one speaker"},
    ]
    condition = {"corpus": "made", "condition": "room", "title": "Room", "levels": "3", "uar": 0.6}
    goal = {"id": "U6", "what": "share", "corpus": "made", "value": 0.75, "low": 0.7, "high": 0.8}
    return {
        "rungs": pd.DataFrame(rungs),
        "conditions": pd.DataFrame([condition | {"ratio": 0.75, "low": 0.7, "high": 0.8, "note": ""}]),
        "goals": pd.DataFrame([goal | {"goal": "≥ 0.85", "met": False, "note": ""}]).astype(
            {"met": "boolean"}
        ),
    }


def test_goals_levels_and_rungs_stand_on_the_page(tables):
    text = robustness_markdown(**tables, summary=SUMMARY)
    assert "| U6 | share | made | .750 [.700, .800] | ≥ .85 | ✗ missed |" in text
    assert "## made: 80.0 [70.0, 90.0] clean, 20 clips, 4 speakers" in text
    assert "| room | – | – | 60.0 | – | – | .750 [.700, .800] |" in text
    assert "| made | room | 3 | 0.7 | RT60 in s | 60.0 [70.0, 90.0][^rungs-1] | .750 [–] |" in text
    assert "- held out: all speakers" in text


def test_both_files_are_written_and_json_has_null_for_what_is_missing(tables, tmp_path):
    written = write_robustness(**tables, summary=SUMMARY, folder=tmp_path)
    assert [path.name for path in written] == ["robustness.md", "robustness.json"]
    found = json.loads(written[1].read_text(encoding="utf-8"), parse_constant=lambda word: 1 / 0)
    assert found["goals"][0]["met"] is False
    assert found["rungs"][0]["severity"] is None
    assert found["summary"]["title"] == "Robustness of tiny"
