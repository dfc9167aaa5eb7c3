"""A search's page draws every trial that has a score, and sets the score inside beside the one outside."""

import pandas as pd

from mien.reports.search_report import write_search_report

TRIALS = pd.DataFrame(
    {
        "search": ["fold 1", "fold 1", "fold 1", "refit"],
        "trial": [0, 1, 2, 0],
        "state": ["done", "failed", "done", "done"],
        "score": [0.6, None, 0.8, 0.7],
    }
)
FOLDS = pd.DataFrame(
    {
        "search": ["fold 1", "refit"],
        "trials": [3, 1],
        "failed": [1, 0],
        "inner_default": [0.6, 0.7],
        "inner": [0.8, 0.7],
        "default": [0.65, None],
        "outer": [0.7, None],
        "epochs": [12, 9],
        "net.hidden": [64, 0],
    }
)
FOUND = {"sentences": ["Inside <b> 0.8, outside 0.7."], "settings": {"net.hidden": 0}, "epochs": 9.0}
SUMMARY = {"title": "Search", "command": "mien train a.csv --search 3", "notes": []}


def test_trials_scores_and_what_ships_are_shown(tmp_path):
    write_search_report(tmp_path, TRIALS, FOLDS, FOUND, summary=SUMMARY)
    page, text = ((tmp_path / f"search.{kind}").read_text() for kind in ("html", "md"))
    assert page.count('class="spot"') == 3
    assert page.count("<figure>") == 2
    assert "Inside &lt;b&gt; 0.8" in page
    assert "| fold 1 | 3 | 1 | .600 | .800 | .650 | .700 |" in text
    assert "there is nothing outside to judge it by" in text
    assert "What ships has net.hidden = 0, and 9 epochs." in text
