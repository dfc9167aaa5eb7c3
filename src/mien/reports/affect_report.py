"""Self-contained HTML reports of expressed affect: one file in full, many with an index."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.files import write_atomically
from mien.reports.columns import Columns, drawn_table, find_columns
from mien.reports.embedded_audio import AudioAllowance, playable_audio
from mien.reports.html_page import category_style, escape, html_page
from mien.reports.model_section import limits_section, model_section, run_section
from mien.reports.plain_words import count
from mien.reports.reading_guide import LAW, reading_guide
from mien.reports.recording_section import SOUND, Detail, Recording, recording_of, recording_section
from mien.reports.report_index import index_section, overview_section

MOST_BYTES = 300_000
"""Largest page, its sound not counted."""
MOST_DETAILS = 20
"""Files shown in full on one page; with more, each has a page of its own."""


@dataclass(frozen=True)
class Background:
    """Hold what every page of a run shares: the model, the run, what the table holds."""

    model: Mapping[str, Any]
    run: Mapping[str, Any]
    columns: Columns

    @property
    def threshold(self) -> float | None:
        """Return the doubt above which the model abstains (nats), or None."""
        value = self.model.get("abstain_above")
        return float(value) if value is not None else None


def write_report(
    path: Path | str,
    predictions: pd.DataFrame,
    file_row: Mapping[str, Any],
    *,
    model: Mapping[str, Any],
    run: Mapping[str, Any],
    media: Path | None,
) -> Path:
    """Write the report of one recording as one HTML file that opens offline.

    Args:
        path: where to write; its folder must exist.
        predictions: prediction table of that recording; may be empty.
        file_row: its row of the file table (`file`, `status`, `duration_s`, `note` …).
        model: fields of the model's summary, and `card`, its text.
        run: content of `run.json`.
        media: the recording, to embed its sound (up to ten minutes) or link it; None leaves it out.

    Returns:
        The path written.
    """
    target, table = Path(path), drawn_table(predictions)
    file = str(file_row.get("file") or (table["file"].iloc[0] if len(table) else target.stem))
    background = Background(model, run, find_columns(table))
    recording = recording_of(file, file_row, table)
    return _write_single(target, recording, background, media, AudioAllowance())


def write_reports(
    folder: Path | str,
    predictions: pd.DataFrame,
    files: pd.DataFrame,
    failures: pd.DataFrame,
    *,
    model: Mapping[str, Any],
    run: Mapping[str, Any],
    media: Mapping[str, Path],
) -> Path:
    """Write `report.html` for a run: one file in full, or an index with its details.

    Up to 20 files with speech are shown in full in the page itself; with more, each has its own page in
    `reports/`. Files without speech or that failed are listed with their reason.

    Args:
        folder: the run's folder; it must exist.
        predictions: prediction table of all files.
        files: file table; one row per file, failed ones included or only in `failures`.
        failures: `file`, `reason`.
        model: fields of the model's summary, and `card`, its text.
        run: content of `run.json`.
        media: file, as the tables name it → where it lies.

    Returns:
        The path of `report.html`.
    """
    table = drawn_table(predictions)
    background = Background(model, run, find_columns(table))
    recordings = _recordings(table, files, failures)
    page, allowance = Path(folder) / "report.html", AudioAllowance()
    if len(recordings) == 1:
        return _write_single(page, recordings[0], background, media.get(recordings[0].file), allowance)
    heard = [index for index, one in enumerate(recordings) if len(one.table)]
    links = [""] * len(recordings)
    if len(heard) <= MOST_DETAILS:
        for index in heard:
            links[index] = f"#r{index}"
            recordings[index] = _with_sound(recordings[index], media, page, allowance)
        return _write_index(page, recordings, links, heard, background)
    names = page_names([recordings[index].name for index in heard])
    (page.parent / "reports").mkdir(exist_ok=True)
    for index, name in zip(heard, names, strict=True):
        links[index], one = f"reports/{name}.html", recordings[index]
        _write_single(
            page.parent / links[index], one, background, media.get(one.file), allowance, back=page.name
        )
    return _write_index(page, recordings, links, [], background)


def page_names(names: Sequence[str]) -> list[str]:
    """Return one plain file name per recording, none twice, even where case does not count.

    Example:
        >>> page_names(["my call.wav", "my call.mp3", "<b>.wav"])
        ['my-call', 'my-call-2', 'b']
    """
    taken: set[str] = set()
    chosen = []
    for name in names:
        stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
        plain = re.sub(r"[^\w]+", "-", stem).strip("-_")[:60] or "recording"
        candidate, number = plain, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{plain}-{number}"
        taken.add(candidate.casefold())
        chosen.append(candidate)
    return chosen


def _recordings(table: pd.DataFrame, files: pd.DataFrame, failures: pd.DataFrame) -> list[Recording]:
    """Return all files of the run in the file table's order, then those only in the failures."""
    rows: dict[str, dict[str, Any]] = {}
    for row in files.to_dict("records"):
        rows[str(row["file"])] = {str(key): value for key, value in row.items()}
    for row in failures.to_dict("records"):
        known = rows.setdefault(str(row["file"]), {"file": row["file"]})
        known.update(status="failed", note=row["reason"])
    by_file = {str(file): part for file, part in table.groupby("file", sort=False)}
    for file in by_file:
        rows.setdefault(file, {"file": file, "status": "ok"})
    nothing = table.iloc[:0]
    return [recording_of(file, row, by_file.get(file, nothing)) for file, row in rows.items()]


def _with_sound(
    one: Recording, media: Mapping[str, Path], page: Path, allowance: AudioAllowance
) -> Recording:
    place = media.get(one.file)
    return replace(
        one,
        sound=playable_audio(place, page, duration_s=one.summary.duration_s, allowance=allowance),
    )


def _write_single(
    page: Path,
    one: Recording,
    background: Background,
    media: Path | None,
    allowance: AudioAllowance,
    *,
    back: str = "",
) -> Path:
    allowance.new_page()
    if len(one.table) and media is not None:
        one = _with_sound(one, {one.file: Path(media)}, page, allowance)

    def render(detail: Detail) -> str:
        section = recording_section(
            one,
            index=0,
            level=1,
            detail=detail,
            categories=background.columns.categories,
            threshold=background.threshold,
        )
        contents = [(f"../{back}", "All files")] if back else []
        contents += (
            [("#r0", "Overview"), ("#r0-time", "Timeline"), ("#r0-rows", "Segments")]
            if len(one.table)
            else [("#r0", "Result")]
        )
        return _page(one.name, section, contents, background)

    return _write_small(page, render, [one])


def _write_index(
    page: Path, recordings: list[Recording], links: list[str], inside: list[int], background: Background
) -> Path:
    def render(detail: Detail) -> str:
        categories = background.columns.categories
        body = overview_section(recordings, categories)
        body += index_section(recordings, links, categories, most=detail.files)
        if inside:
            body += '<section id="recordings" class="many"><h2>Recordings</h2>'
            for index in inside:
                body += recording_section(
                    recordings[index],
                    index=index,
                    level=3,
                    detail=detail,
                    categories=categories,
                    threshold=background.threshold,
                )
            body += "</section>"
        contents = [("#overview", "Overview"), ("#files", "Files")]
        contents += [("#recordings", "Recordings")] if inside else []
        return _page(count(len(recordings), "file"), body, contents, background)

    return _write_small(page, render, recordings)


def _page(title: str, body: str, contents: list[tuple[str, str]], background: Background) -> str:
    """Return a page around its results: what it is, how to read it, the model, limits, law."""
    links = [
        *contents,
        ("#guide", "Reading guide"),
        ("#model", "Model"),
        ("#limits", "Limits"),
        ("#law", "Law"),
    ]
    created = str(background.run.get("created") or "")[:10]
    name = escape(background.model.get("name") or "unnamed")
    licence = escape(background.model.get("licence") or "unknown")
    return html_page(
        title=title,
        kicker="Affect expressed in the voice" + (f" · {escape(created)}" if created else ""),
        lead='<p class="caution">These are a model’s estimates of affect <strong>expressed</strong> '
        'in the voice. They are not what anyone <em>felt</em>. <a href="#guide">How to read this</a></p>',
        nav="".join(f'<li><a href="{escape(link)}">{label}</a>' for link, label in links),
        body=body
        + reading_guide(background.columns)
        + model_section(background.model)
        + limits_section(background.model)
        + LAW
        + run_section(background.run),
        footer=f"<p>Written by mien with the model {name} (licence {licence}). "
        "This page is complete in itself: it opens offline and sends nothing anywhere.</p>",
        style=category_style(background.columns.categories),
    )


def _write_small(page: Path, render: Any, recordings: Sequence[Recording]) -> Path:
    """Write the page with as much detail as its size allows, then put the sound in."""
    detail = Detail()
    text = render(detail)
    while (size := len(text.encode())) > MOST_BYTES and not detail.least:
        detail = detail.smaller(min(0.85, max(0.2, MOST_BYTES / size)))
        text = render(detail)
    for index, one in enumerate(recordings):
        if one.sound.embedded:
            text = text.replace(SOUND.format(index), one.sound.source, 1)
    with write_atomically(page) as draft:
        draft.write_text(text, encoding="utf-8")
    return page
