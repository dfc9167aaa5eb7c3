"""A whole report on a corpus, as a page or as Markdown: verdict first."""

import base64
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from mien.core.errors import InputError
from mien.corpora.corpus_study import CorpusStudy
from mien.corpora.findings import Finding
from mien.reports.code_spans import html_sentence, markdown_sentence
from mien.reports.corpus_figures import balance_figure, people_figure, recording_figures, shortcut_figure
from mien.reports.embedded_audio import LISTENING_RATE_HZ, encode_mp3
from mien.reports.evaluation_numbers import known, percent_points, whole
from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.html_page import escape, html_page, page_part
from mien.reports.html_table import html_table, icon
from mien.reports.plain_words import count
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records

CLIPS = 12
"""Doubtful clips that a page plays."""
CLIP_S = 15.0
MARKS = {"ok": "ok", "note": "", "warning": "warning", "problem": "fail"}
SERIOUS = ("problem", "warning")
TRAP = "trap"
FIRST = (
    "A list of what to look at first, not of errors: rare, mixed and soft examples of a class stand here as "
    "well. Only a person who listens or reads can say which label is wrong."
)
SHORTCUT = (
    "How well one measure alone, without any voice, tells the class of speakers that were not fitted on. "
    "What lies in the shaded zone is no better than chance. A model may learn such a cue in place of affect."
)
SHARING = "This page holds sound and words of the corpus: hand it on only as the licence allows."


def corpus_report_html(study: CorpusStudy, *, clips: int = CLIPS) -> str:
    """Return a report as one self-contained page that opens offline.

    Args:
        study: what to show.
        clips: doubtful clips to embed, at most 15 s of each; 0 for none.
    """
    sections = [
        ("serious", "Deal with these first", _serious_html(study)),
        ("balance", "Balance", _balance_html(study)),
        ("recordings", "Recordings", recording_figures(study.spread)),
        ("shortcuts", "Shortcuts", _shortcuts_html(study)),
        ("labels", "Labels to look at first", _labels_html(study, clips)),
        ("findings", "All findings", _areas_html(study.check.findings)),
        ("licence", "Licence and traps", _licence_html(study)),
        (
            "made",
            "How it was made",
            f"<pre><code>{escape(study.command)}</code></pre>{_failures_html(study)}",
        ),
    ]
    shown = [one for one in sections if one[2]]
    return html_page(
        title=study.check.title,
        kicker=f"Corpus report of <code>{escape(study.check.corpus)}</code>",
        lead=f'<p class="can">{html_sentence(verdict(study))}</p>{_glance(study)}',
        nav="".join(f'<li><a href="#{key}">{escape(title)}</a>' for key, title, _ in shown),
        body="".join(
            f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{escape(title)}</h2>{body}'
            "</section>\n"
            for key, title, body in shown
        ),
        footer=f"<p>Written by mien. {SHARING} It opens offline and sends nothing anywhere.</p>",
        style=page_part("evaluation.css") + page_part("corpus_report.css"),
    )


def corpus_report_markdown(study: CorpusStudy) -> str:
    """Return a report as GitHub-flavored Markdown, without figures and sound."""
    parts = [f"# {markdown_sentence(study.check.title)}", markdown_sentence(verdict(study))]
    parts.append(f"Made by:\n\n```bash\n{study.command}\n```")
    serious = _serious(study.check.findings)
    if serious:
        parts.append("## Deal with these first\n\n" + "\n".join(map(_markdown_line, serious)))
    for table in (_class_table(study), _shortcut_table(study), _label_table(study)):
        if table.rows:
            parts.append(f"## {table.title}\n\n{markdown_table(table)}")
            parts += [escape_markdown(table.reading)] if table.reading else []
    parts.append("## All findings")
    for area, own in groupby(_by_area(study.check.findings), key=lambda one: one.area):
        parts.append(f"### {area.capitalize()}\n\n" + "\n".join(map(_markdown_line, own)))
    traps = "\n".join(f"- {markdown_sentence(one)}" for one in _traps(study))
    parts.append(f"## Licence and traps\n\n{markdown_sentence(study.licence)}\n\n{traps}".rstrip())
    if study.failures:
        failures = [f"- {escape_markdown(one)}" for one in _failures(study)]
        parts.append("## Files that could not be read\n\n" + "\n".join(failures))
    return "\n\n".join(parts) + "\n"


def verdict(study: CorpusStudy) -> str:
    """Return what a reader in a hurry should know, in one or two sentences."""
    problems, warnings = (
        [one for one in study.check.findings if one.verdict == kind] for kind in ("problem", "warning")
    )
    if not problems and not warnings:
        return "Nothing was found that would mislead a score made on this corpus."
    told = []
    if problems:
        told.append(f"{count(len(problems), 'problem')} to deal with before scoring: {_names(problems)}.")
    if warnings:
        told.append(f"{count(len(warnings), 'warning')} to state beside every score: {_names(warnings)}.")
    return " ".join(told)


def _names(findings: Sequence[Finding]) -> str:
    return "; ".join(dict.fromkeys(one.name for one in findings))


def _serious(findings: Sequence[Finding]) -> list[Finding]:
    return [one for kind in SERIOUS for one in findings if one.verdict == kind]


def _by_area(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings area by area, areas in the order of their first finding; no traps."""
    areas = list(dict.fromkeys(one.area for one in findings))
    return sorted((one for one in findings if one.area != TRAP), key=lambda one: areas.index(one.area))


def _glance(study: CorpusStudy) -> str:
    counts = next((one.data for one in study.check.findings if one.area == "counts"), {})
    seconds = next((one.data["total_s"] for one in study.check.findings if one.name == "durations"), None)
    glance = [
        ("Segments", whole(counts.get("segments"))),
        ("Classes", whole(int((study.check.classes["segments"] > 0).sum()))),
        ("Speakers", whole(len(study.people)) if len(study.people) else "–"),
        ("Hours", f"{seconds / 3600:.2f}" if known(seconds) else "–"),
        ("Problems", whole(len(study.check.problems))),
        ("Warnings", whole(sum(one.verdict == "warning" for one in study.check.findings))),
    ]
    numbers = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in glance)
    return f'<dl class="glance">{numbers}</dl>'


def _finding_html(one: Finding) -> str:
    mark = MARKS[one.verdict]
    told = f"<b>{html_sentence(one.name)}.</b> {html_sentence(one.text.rstrip('.'))}."
    said = f'<span class="verdict is-{mark or "open"}">{icon(mark)}{one.verdict}</span>'
    return f"<li>{said}<span>{told}</span></li>"


def _serious_html(study: CorpusStudy) -> str:
    lines = "".join(map(_finding_html, _serious(study.check.findings)))
    return f'<div class="areas"><ul>{lines}</ul></div>' if lines else ""


def _areas_html(findings: Sequence[Finding]) -> str:
    parts = [
        f"<h3>{escape(area)}</h3><ul>{''.join(map(_finding_html, own))}</ul>"
        for area, own in groupby(_by_area(findings), key=lambda one: one.area)
    ]
    return f'<div class="areas">{"".join(parts)}</div>'


def _markdown_line(one: Finding) -> str:
    return f"- **{one.verdict}**, {markdown_sentence(f'{one.name}: {one.text}'.rstrip('.'))}."


def _balance_html(study: CorpusStudy) -> str:
    people = people_figure(study.people)
    heading = "<h3>Segments per speaker and class</h3>" if people else ""
    return f"{balance_figure(study.check.classes)}{heading}{people}"


def _shortcuts_html(study: CorpusStudy) -> str:
    figure = shortcut_figure(study.shortcuts)
    return (
        f'{figure}<p class="read note">{SHORTCUT}</p>{html_table(_shortcut_table(study))}' if figure else ""
    )


def _labels_html(study: CorpusStudy, clips: int) -> str:
    doubtful = study.doubtful
    if not len(doubtful.table):
        return f'<p class="read">No list: {html_sentence(doubtful.reason)}.</p>' if doubtful.reason else ""
    played = "".join(_clip(row) for row in list(records(doubtful.table))[: max(clips, 0)])
    heard = f'<ol class="clips">{played}</ol>' if played else ""
    return f'<p class="read">{escape(_trust(study))} {FIRST}</p>{heard}{html_table(_label_table(study))}'


def _trust(study: CorpusStudy) -> str:
    doubtful = study.doubtful
    return (
        f"Ranked by {doubtful.how} (unweighted average recall {percent_points(doubtful.uar)} %). As a trial, "
        f"{doubtful.planted} labels were swapped on purpose: {percent_points(doubtful.precision)} % of the "
        f"first {doubtful.planted} of the list were such, {percent_points(doubtful.by_chance)} % by chance."
    )


def _clip(row: Any) -> str:
    """Return one doubtful clip with its sound; nothing where there is no recording to be read."""
    if not row.get("file"):
        return ""
    source = _sound(str(row["file"]), row.get("start"), row.get("end"))
    player = (
        f'<audio controls preload="none" src="{source}"></audio>' if source else "<small>no sound</small>"
    )
    told = f"<b>{escape(row['given'])}</b>, or {escape(row['suggested'])}?"
    return f"<li>{told}<small>{escape(row['segment'])}</small>{player}</li>"


def _sound(file: str, start: float | None, end: float | None) -> str:
    from mien.signals.decode import decode

    try:
        signal = decode(file, rate_hz=LISTENING_RATE_HZ, mono=True)
        first = round((start or 0.0) * LISTENING_RATE_HZ)
        last = first + round(min((end or first + CLIP_S) - (start or 0.0), CLIP_S) * LISTENING_RATE_HZ)
        sound = encode_mp3([signal.samples[0][first:last]], LISTENING_RATE_HZ)
    except (InputError, OSError):
        return ""
    return "data:audio/mpeg;base64," + base64.b64encode(sound).decode("ascii")


def _licence_html(study: CorpusStudy) -> str:
    listed = "".join(f"<li>{html_sentence(one)}</li>" for one in _traps(study))
    return f'<div class="prose"><p>{html_sentence(study.licence)}</p><ul>{listed}</ul></div>'


def _traps(study: CorpusStudy) -> list[str]:
    return [one.text for one in study.check.findings if one.area == TRAP]


def _failures_html(study: CorpusStudy) -> str:
    listed = "".join(f"<li>{escape(one)}</li>" for one in _failures(study))
    return f"<h3>Files that could not be read</h3><ul>{listed}</ul>" if listed else ""


def _failures(study: CorpusStudy) -> list[str]:
    """Return what could not be read, without folders: a report is handed on."""
    named = [(name, _short(name, spoken=True), why) for name, why in study.failures.items()]
    return [f"{short}: {why.replace(name, short)}" for name, short, why in named]


def _class_table(study: CorpusStudy) -> PrintedTable:
    rows = [
        (
            str(row["class"]),
            *(whole(row[name]) for name in ("segments", "card", "speakers", "female", "male")),
            f"{row['duration_s'] / 60:.1f}" if known(row["duration_s"]) else "–",
        )
        for row in records(study.check.classes)
    ]
    columns = "Class | #Segments | #On its card | #Speakers | #By women | #By men | #Minutes"
    return printed("classes", "Balance", columns, rows, Notes())


def _shortcut_table(study: CorpusStudy) -> PrintedTable:
    notes, rows = Notes(), []
    for row in records(study.shortcuts):
        uar = Cell(percent_points(row["uar"]), notes.number(row["note"]))
        chance = (percent_points(row[name]) for name in ("by_chance", "high_by_chance"))
        p = f"{row['p']:.3f}".lstrip("0") if known(row["p"]) else "–"
        rows.append((str(row["measure"]), "room" if row["room"] else "voice or room", uar, *chance, p))
    columns = "Measure | Of | #UAR % | #Chance % | #One in 20 deals above % | #p"
    return printed("shortcuts", "Shortcuts", columns, rows, notes, reading=SHORTCUT)


def _label_table(study: CorpusStudy) -> PrintedTable:
    rows = []
    spoken = "file" in study.doubtful.table and study.doubtful.table["file"].notna().any()
    for number, row in enumerate(records(study.doubtful.table), start=1):
        where = row.get("file") if spoken else row.get("text")
        chances = (percent_points(row[name]) for name in ("p_given", "p_suggested"))
        labels = (str(row["given"]), str(row["suggested"]))
        rows.append((str(number), str(row["segment"]), *labels, *chances, _short(where, spoken=bool(spoken))))
    columns = f"#No. | Segment | Label | Or | #p label % | #p other % | {'File' if spoken else 'Words'}"
    reading = f"{_trust(study)} {FIRST}" if rows else ""
    return printed("labels", "Labels to look at first", columns, rows, Notes(), reading=reading)


def _short(value: Any, *, spoken: bool) -> str:
    text = str(value or "")
    if spoken:
        return text.replace("\\", "/").rsplit("/", 1)[-1]
    return text if len(text) <= 120 else f"{text[:119]}…"
