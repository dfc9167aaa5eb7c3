"""An ablation is shown as page, Markdown, CSV and JSON of the same numbers, with its limits."""

import json

import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.reports.ablation_report import write_ablation
from mien.reports.ablation_tables import ROW_COLUMNS, AblationTables
from mien.reports.ablation_words import cost_words, sentence, verdict

TESTED = {
    "corpus": "emodb", "metric": "uar", "metric_title": "unweighted average recall", "higher_is_better": True,
    "n": 535.0, "speakers": 10.0, "seeds": 1.0, "smallest_p": 0.002, "condition": "", "note": "",
}  # fmt: skip
ROWS = [
    TESTED | {"link": "level", "title": "Level <b>", "on": "equal", "off": "as recorded", "value_with": 0.7,
              "value_without": 0.65, "difference": 0.05, "low": 0.02, "high": 0.08, "p": 0.004,
              "p_corrected": 0.008, "detectable": 0.03, "cost_ms": 0.4},
    TESTED | {"link": "choice", "title": "Choice", "on": "chosen", "off": "middle", "value_with": 0.7,
              "value_without": 0.69, "difference": 0.01, "low": -0.02, "high": 0.04, "p": 0.5,
              "p_corrected": 0.5, "detectable": 0.043, "cost_ms": 12.0},
    {"corpus": "emodb", "link": "pretraining", "title": "Pretraining", "metric": "uar", "on": "trained",
     "off": "random", "condition": "", "note": "does not apply: egemaps is not trained"},
]  # fmt: skip
SUMMARY = {
    "title": "Links of egemaps+svm on emodb", "system": "egemaps+svm", "protocols": {"emodb": "loso: each"},
    "metric": "uar", "seeds": 1, "draws": 1000, "tests": 2, "command": "mien ablate",
    "versions": {"mien": "0"},
}  # fmt: skip


def tables(rows=ROWS):
    table = pd.DataFrame(rows, columns=list(ROW_COLUMNS))
    table["stars"] = ["***" if p == 0.008 else "" for p in table["p_corrected"]]
    table["verdict"] = [verdict(row) for row in table.to_dict("records")]
    return AblationTables(SUMMARY, table, ["two clips are silent"])


@pytest.fixture
def written(tmp_path):
    write_ablation(tmp_path, tables())
    return tmp_path


def test_the_page_is_complete_in_itself_and_escapes_what_it_is_given(written):
    page = (written / "ablation.html").read_text()
    assert "Level &lt;b&gt;" in page
    assert "Level <b>" not in page
    assert "://" not in page
    assert page.count('class="dot-row"') == 3  # two differences and the axis
    assert "two clips are silent" in page


def test_markdown_gives_every_link_its_difference_cost_and_verdict(written):
    lines = (written / "ablation.md").read_text().splitlines()
    row = {line.split(" | ")[1]: line for line in lines if line.startswith("| emodb")}
    assert "5.0 [2.0, 8.0]" in row["Level &lt;b>"]
    assert row["Level &lt;b>"].endswith("| .008 | &lt; 1 | ✓ earns its place |")
    assert "no difference shown (would need ≥ 4.3 points to be seen with 10 speakers)" in row["Choice"]
    assert "does not apply: egemaps is not trained" in row["Pretraining"]
    assert any("useless" in line for line in lines)


def test_csv_and_json_hold_the_numbers_of_every_row(written):
    table = pd.read_csv(written / "ablation.csv")
    assert list(table["link"]) == ["level", "choice", "pretraining"]
    assert table["difference"].tolist()[:2] == [0.05, 0.01]
    found = json.loads((written / "ablation.json").read_text(), parse_constant=lambda word: 1 / 0)
    assert found["rows"][2]["difference"] is None
    assert found["summary"]["command"] == "mien ablate"


def test_a_link_that_cannot_give_a_difference_needs_a_reason():
    with pytest.raises(DataError, match="Got no difference by pretraining on emodb and no note"):
        tables([ROWS[0], ROWS[2] | {"note": ""}])


def test_what_is_better_where_less_is_better_is_said():
    row = ROWS[0] | {"metric": "nll", "metric_title": "loss", "higher_is_better": False, "difference": -0.05}
    row = row | {"low": -0.08, "high": -0.02}
    said = sentence(row | {"verdict": verdict(row)})
    assert said == "Level <b> on emodb earns its place: .050 less loss (better) [−.080, −.020]."
    assert verdict(row | {"difference": 0.05}) == "does harm"


def test_costs_below_a_millisecond_are_not_told_from_nothing():
    assert [cost_words(value) for value in (0.9, -0.9, 1.2, None)] == ["< 1", "< 1", "1", "–"]
