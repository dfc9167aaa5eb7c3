"""The report of an ablation: a page with its figure, Markdown, CSV and JSON of the same numbers."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.files import write_texts
from mien.reports.ablation_tables import AblationTables
from mien.reports.ablation_words import EARNS, HARMS, LIMITS, cost_words, sentence, verdict_key
from mien.reports.comparison_words import shown_p
from mien.reports.evaluation_figures import DotBlock, DotRow, Scale, dot_plot
from mien.reports.evaluation_numbers import between, is_share, known, nice_range, shown
from mien.reports.evaluation_parts import legend
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records
from mien.reports.training_page import Part, training_html, training_markdown

READING = (
    "Score with the link less the score without it, all else equal, on the same clips; 95 % intervals and "
    "p-values over speakers (whole speakers swapped), p corrected after Holm over the links of a corpus. "
    "Links stand in the order of what they are expected to cost. Milliseconds are of one core, per clip of "
    "the corpus, for changing sounds (and describing copies) and for learning all folds; what is below 1 is "
    "not told from 0. A link that shows no difference may still make one: the verdict says from which size "
    "on it would probably have been seen."
)


def write_ablation(folder: Path | str, tables: AblationTables) -> list[Path]:
    """Write `ablation.html`, `.md`, `.csv` and `.json`, all from the same numbers.

    Args:
        folder: it must exist.
        tables: what to show.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    sentences, parts = _sentences(tables), _parts(tables)
    summary = _facts(tables)
    texts = {
        "ablation.html": training_html(sentences, parts, summary, kicker="Ablation: link by link"),
        "ablation.md": training_markdown(sentences, parts, summary),
        "ablation.csv": tables.rows.to_csv(index=False),
        "ablation.json": _json(tables),
    }
    return write_texts(folder, texts)


def _sentences(tables: AblationTables) -> list[str]:
    """Return what was found; where nothing was, that this is so."""
    rows = tables.rows.to_dict("records")
    found = [sentence(row) for row in rows if verdict_key(row["verdict"]) in (EARNS, HARMS)]
    rest = sum(verdict_key(row["verdict"]) not in (EARNS, HARMS) for row in rows)
    if not found:
        return ["No link was shown to help or to harm; the table says what could have been seen."]
    more = (
        "Of the other links no difference could be shown or judged; the table says what could have been seen."
    )
    return [*found, more] if rest else found


def _parts(tables: AblationTables) -> list[Part]:
    rows = tables.rows
    drawn = sorted(
        rows[rows["difference"].notna()].groupby("metric", sort=False),
        key=lambda one: one[0] != tables.summary["metric"],  # that of the study first
    )
    figures = [Part(f"Differences in {part['metric_title'].iloc[0]}", _figure(part)) for _, part in drawn]
    limits = " ".join(f"({number}) {one}" for number, one in enumerate(LIMITS, 1))
    return [
        *figures,
        Part("All links", "", READING, _table(rows)),
        Part("What was changed", "", "", _links(rows)),
        Part("What may not be concluded", "", limits),
    ]


def _figure(part: pd.DataFrame) -> str:
    """Return the differences by one metric with their intervals, 0 marked."""
    metric = str(part["metric"].iloc[0])
    ends = pd.concat([part[name].astype(float) for name in ("difference", "low", "high")])
    unit = "points" if is_share(metric) else ""
    scale = Scale(*nice_range(pd.concat([ends, pd.Series([0.0])]), step=0.05), metric, unit)
    blocks = [
        DotBlock(str(corpus), [_dot(row) for row in own.to_dict("records")])
        for corpus, own in part.groupby("corpus", sort=False)
    ]
    better = "right" if part["higher_is_better"].iloc[0] else "left"
    marks = [
        ("spotted", "with the link less without"),
        ("reached", "95 % interval, by speaker"),
        ("marked", f"no difference; the link helps on the {better}"),
    ]
    return f"<figure>{dot_plot(blocks, scale)}{legend(marks)}</figure>"


def _dot(row: dict[str, Any]) -> DotRow:
    ends = [float(row[name]) if known(row[name]) else None for name in ("difference", "low", "high")]
    return DotRow(str(row["title"]), verdict_key(row["verdict"]), *ends, mark=0.0, note=str(row["note"]))


def _table(rows: pd.DataFrame) -> PrintedTable:
    notes, lines = Notes(), []
    for row in records(rows):
        metric = str(row["metric"])
        without, with_it = (_score(row, side) for side in ("without", "with"))
        difference = f"{shown(row['difference'], metric)} {_between(row, 'low', 'high')}".strip()
        mark = {EARNS: "ok", HARMS: "fail"}.get(verdict_key(str(row["verdict"])), "")
        explained = "" if not known(row["difference"]) else row["note"]  # else it is the verdict
        lines.append(
            (
                *(str(row["corpus"]), str(row["title"]), metric, without, with_it),
                *(
                    f"{difference}{row['stars'] or ''}",
                    shown_p(row["p_corrected"]) if known(row["p_corrected"]) else "–",
                ),
                *(cost_words(row["cost_ms"]), Cell(str(row["verdict"]), notes.number(explained), mark)),
            )
        )
    columns = (
        "Corpus | Link | Metric | #Without | #With | #Difference [95 %] | #p corrected | #Cost, ms | Verdict"
    )
    return printed("links", "All links", columns, lines, notes)


def _score(row: Any, side: str) -> str:
    ends = _between(row, f"low_{side}", f"high_{side}")
    return f"{shown(row[f'value_{side}'], str(row['metric']))} {ends}".strip()


def _between(row: Any, low: str, high: str) -> str:
    if not known(row[low]):
        return ""
    return between(shown(row[low], str(row["metric"])), shown(row[high], str(row["metric"])))


def _links(rows: pd.DataFrame) -> PrintedTable:
    lines = [
        (row["title"], row["on"], row["off"], row["condition"])
        for row in rows.drop_duplicates("link").to_dict("records")
    ]
    return printed("changed", "What was changed", "Link | With it | Without it | Condition", lines, Notes())


def _facts(tables: AblationTables) -> dict[str, Any]:
    """Return the summary as facts for people."""
    summary = tables.summary
    protocols = "; ".join(f"{name}: {words}" for name, words in summary["protocols"].items())
    sizes = "; ".join(
        f"{name}: {one['segments']:,} clips of {one['speakers']} speakers, {one['classes']} classes "
        f"({one['label']})"
        for name, one in (summary.get("corpora") or {}).items()
    )
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    told = {
        name: summary[name] for name in ("title", "system", "metric", "seeds", "draws", "tests", "command")
    }
    told |= {"protocols": protocols, "corpora": sizes, "versions": versions, "cpu": summary.get("cpu", "")}
    return {name: value for name, value in told.items() if value != ""} | {"notes": list(tables.notes)}


def _json(tables: AblationTables) -> str:
    content = {"summary": dict(tables.summary), "notes": list(tables.notes)}
    content["rows"] = json.loads(tables.rows.to_json(orient="records"))
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
