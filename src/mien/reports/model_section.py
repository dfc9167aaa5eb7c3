"""What a report says about the model and about how the run was made."""

from collections.abc import Iterator, Mapping
from typing import Any

from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import listed
from mien.reports.reading_guide import LIMITS

SHELVES = {
    "open": "open: may be used commercially under its licence",
    "research": "research only: some training data forbid commercial use",
}
MOST_FACTS = 40
"""Entries of run.json shown; the file itself holds the rest."""


def model_section(model: Mapping[str, Any]) -> str:
    """Return the model's summary: what it is, licence, training data and scores with their interval."""
    name = str(model.get("name") or "unnamed model")
    facts = [
        ("Name", f"{model.get('title') or name} ({name})" if model.get("title") else name),
        ("Licence", model.get("licence")),
        ("Shelf", SHELVES.get(str(model.get("shelf")), model.get("shelf"))),
        ("Trained on", listed([str(item) for item in model.get("trained_on") or []])),
        ("Languages", listed([str(item) for item in model.get("languages") or []])),
        ("Size", _size(model)),
        ("SHA-256", model.get("sha256")),
    ]
    listing = "".join(
        f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>"
        for label, value in facts
        if value not in (None, "")
    )
    card = str(model.get("card") or "").strip()
    details = (
        f"<details><summary>Model card</summary><pre>{escape(card[:12000])}</pre></details>" if card else ""
    )
    return f"""<section id="model" class="prose"><h2>The
model</h2><p>{escape(model.get("summary") or "")}</p>
<dl class="facts">{listing}</dl>{scores_table(model)}{details}</section>
"""


def _size(model: Mapping[str, Any]) -> str:
    parameters, size_mb, members = model.get("parameters"), model.get("size_mb"), model.get("members")
    said = [f"{int(parameters):,} parameters"] if parameters else []
    said += [f"{float(size_mb):.1f} MB"] if size_mb else []
    said += [f"{int(members)} models that vote together"] if members and int(members) > 1 else []
    return ", ".join(said)


def scores_table(model: Mapping[str, Any]) -> str:
    """Return the table of known scores, or a plain warning where there are none."""
    scores = model.get("scores") or {}
    if not scores:
        return (
            '<p class="warning"><strong>No scores are known for this model.</strong> '
            "Test it on labelled recordings like yours before you rely on it.</p>"
        )
    rows = "".join(_score_row(str(corpus), dict(entry)) for corpus, entry in scores.items())
    return f"""<h3>How good it is</h3>
<p>Unweighted average recall (UAR) is the mean, over categories, of the share that is recognized. Guessing
gives one
divided by the number of categories.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Scores of the model"><table><caption
class="hidden">Scores
by corpus</caption><thead><tr><th scope="col">Corpus<th scope="col" class="n">UAR<th scope="col"
class="n">Interval\
<th scope="col" class="n">Guessing<th scope="col" class="n">n<th scope="col" class="n">Speakers<th
scope="col">Protocol\
</tr></thead><tbody>{rows}</tbody></table></div>"""


def _score_row(corpus: str, entry: dict[str, Any]) -> str:
    classes = entry.get("classes")
    number = len(classes) if isinstance(classes, (list, tuple)) else classes
    chance = f"{100 / int(number):.0f} %" if number else "–"
    interval = f"{_score(entry.get('low'))} to {_score(entry.get('high'))}"
    cells = [
        _score(entry.get("uar")),
        interval,
        chance,
        _whole(entry.get("n")),
        _whole(entry.get("speakers")),
    ]
    numbers = "".join(f'<td class="n">{escape(cell)}' for cell in cells)
    return f'<tr><th scope="row">{escape(corpus)}{numbers}<td>{escape(entry.get("protocol") or "–")}</tr>'


def _score(value: Any) -> str:
    return f"{float(value) * 100:.1f} %" if value is not None else "–"


def _whole(value: Any) -> str:
    return f"{int(value):,}" if value is not None else "–"


def limits_section(model: Mapping[str, Any]) -> str:
    """Return the general limits followed by the model's own."""
    own = "".join(f"<li>{escape(limit)}</li>" for limit in model.get("limits") or [])
    return LIMITS + (f"<h3>Of this model</h3><ul>{own}</ul>" if own else "") + "</section>\n"


def run_facts(run: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every entry of run.json as a dotted name and its value in one line.

    Example:
        >>> list(run_facts({"options": {"segments": "vad"}, "seed": 1}))
        [('options.segments', 'vad'), ('seed', '1')]
    """
    for key, value in run.items():
        if isinstance(value, Mapping):
            yield from run_facts(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", shortened(str(value), 160)


def run_section(run: Mapping[str, Any]) -> str:
    """Return how the run was made: versions and options, so that it can be repeated and cited."""
    facts = list(run_facts(run))[:MOST_FACTS]
    if not facts:
        return ""
    listing = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts)
    return (
        '<section id="run" class="prose"><h2>How it was made</h2>'
        "<details><summary>Versions and options</summary>"
        f'<dl class="facts mono">{listing}</dl></details></section>\n'
    )
