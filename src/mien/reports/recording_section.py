"""One recording in a report: overview, player, timeline, segment table."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mien.reports.affect_summary import AffectSummary, duration_of, sentences, summarize
from mien.reports.affect_timeline import draw_timeline
from mien.reports.embedded_audio import PlayableAudio
from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import clock, count, doubt_word, length, percent
from mien.reports.segment_table import segment_table

SOUND = "%%mien-sound-{}%%"
"""Stands in a page for the sound, which is put in last and does not count towards the page's size."""


@dataclass(frozen=True)
class Detail:
    """Say how much of each thing a page may show; lowered until the page is small enough.

    Attributes:
        steps: most steps of a timeline.
        rows: most rows of a segment table.
        files: most rows of an index.
    """

    steps: int = 480
    rows: int = 300
    files: int = 1200

    def smaller(self, share: float = 0.75) -> "Detail":
        """Return a share of it, with a floor below which a page says nothing any more."""
        return Detail(
            max(16, int(self.steps * share)), max(3, int(self.rows * share)), max(20, int(self.files * share))
        )

    @property
    def least(self) -> bool:
        """Return whether it cannot become smaller."""
        return self == self.smaller()


@dataclass(frozen=True)
class Recording:
    """Hold what a page knows of one recording.

    Attributes:
        file: its name as the tables give it.
        row: its row of the file table.
        table: its prediction rows.
        summary: its overview.
        sound: where a player finds it.
    """

    file: str
    row: Mapping[str, Any]
    table: pd.DataFrame
    summary: AffectSummary
    sound: PlayableAudio = field(default_factory=PlayableAudio)

    @property
    def name(self) -> str:
        """Return the last part of the file's name."""
        return shortened(self.file.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or self.file)

    @property
    def status(self) -> str:
        """Return `ok`, `no-speech` or `failed`."""
        given = str(self.row.get("status") or "")
        return given or ("ok" if len(self.table) else "no-speech")

    @property
    def note(self) -> str:
        """Return the file table's note, or an empty string."""
        value = self.row.get("note")
        return "" if value is None or pd.isna(value) else str(value)


def recording_of(file: str, row: Mapping[str, Any], table: pd.DataFrame) -> Recording:
    """Return a recording with its overview, still without sound."""
    return Recording(file, row, table, summarize(table, duration_of(row)))


def recording_section(
    recording: Recording,
    *,
    index: int,
    level: int,
    detail: Detail,
    categories: tuple[str, ...],
    threshold: float | None,
) -> str:
    """Return the whole section of one recording.

    Args:
        recording: what to show.
        index: its place on the page; makes element ids unique.
        level: heading level of its name.
        detail: how much to show.
        categories: as the page colors them.
        threshold: doubt above which the model abstains (nats), or None.
    """
    identity, name = f"r{index}", escape(recording.name)
    heading = (
        f'<h{level} id="{identity}-h">{name}</h{level}>'
        if level > 1
        else f'<h2 id="{identity}-h">Overview</h2>'
    )
    sub = max(level + 1, 2)
    notes = f'<p class="note">{escape(recording.note)}</p>' if recording.note else ""
    if not len(recording.table):
        opening = f'<section class="recording" id="{identity}" aria-labelledby="{identity}-h">'
        return f"{opening}{heading}{notes or reason(recording)}</section>"
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(recording.summary))
    figure = draw_timeline(
        recording.table,
        recording.summary,
        name=recording.name,
        identity=identity,
        most=detail.steps,
        threshold=threshold,
    )
    open_rows = " open" if level == 1 else ""
    return f"""<section class="recording" id="{identity}" aria-labelledby="{identity}-h" \
data-duration="{_timeline_length(recording):.2f}">{heading}
<div class="told">{told}{notes}</div>
{figures(recording.summary)}{mixture(recording.summary, categories)}
<h{sub} id="{identity}-time">Timeline</h{sub}>{player(recording, index)}
{figure}
<h{sub} id="{identity}-rows">Segments</h{sub}>
<details class="rows"{open_rows}><summary>{count(len(recording.table), "segment")}
in numbers</summary>
{segment_table(recording.table, name=recording.name, most=detail.rows)}</details></section>
"""


def _timeline_length(recording: Recording) -> float:
    known = recording.summary.duration_s
    return max(float(recording.table["end"].max()), known if math.isfinite(known) else 0.0)


def reason(recording: Recording) -> str:
    """Return why there is nothing to show of a recording."""
    if recording.status == "failed":
        return '<p class="warning">It could not be analyzed.</p>'
    return '<p class="note">No speech was found in it, so there is nothing to show.</p>'


def figures(summary: AffectSummary) -> str:
    """Return the four numbers at a glance."""
    shares = [f"<dt>Speech found</dt><dd>{length(summary.speech_s)}</dd>"]
    if summary.strongest:
        share = summary.shares[summary.strongest]
        shares.append(
            f"<dt>Most often strongest</dt>"
            f"<dd>{escape(summary.strongest)} <small>{percent(share)}</small></dd>"
        )
    shares.append(f"<dt>Model abstains</dt><dd>{percent(summary.abstained)} <small>of speech</small></dd>")
    if math.isfinite(summary.doubt):
        word = doubt_word(summary.doubt)
        shares.append(f"<dt>Doubt</dt><dd>{word} <small>{percent(summary.doubt)} of the maximum</small></dd>")
    return '<dl class="glance">' + "".join(f"<div>{item}</div>" for item in shares) + "</dl>"


def mixture(summary: AffectSummary, categories: tuple[str, ...], *, small: bool = False) -> str:
    """Return one bar of speech time by strongest category, with its key in words unless small."""
    parts = [(name, categories.index(name), share) for name, share in summary.shares.items() if share > 0]
    if not parts and not summary.abstained:
        return ""
    bar = "".join(f'<i class="c{k}" style="flex:{share:.3f}"></i>' for _, k, share in parts)
    bar += f'<i class="hatch" style="flex:{summary.abstained:.3f}"></i>' if summary.abstained else ""
    if small:
        return f'<div class="mix small" aria-hidden="true">{bar}</div>'
    key = "".join(
        f'<li><i class="dot c{k}"></i>{escape(name)} <b>{percent(share)}</b>' for name, k, share in parts
    )
    key += (
        f'<li><i class="dot hatch"></i>abstains <b>{percent(summary.abstained)}</b>'
        if summary.abstained
        else ""
    )
    return (
        f'<div class="mix" aria-hidden="true">{bar}</div>'
        f'<ul class="key-list" aria-label="Share of speech time">{key}</ul>'
    )


def player(recording: Recording, index: int) -> str:
    """Return the audio player; its plain controls serve where scripts are off."""
    total = clock(_timeline_length(recording))
    sound = recording.sound
    note = f'<p class="note">{escape(sound.note)}</p>' if sound.note else ""
    if not sound.source:
        return f'<div class="player still"><output class="now" aria-live="off"></output></div>{note}'
    name = escape(recording.name)
    source = SOUND.format(index) if sound.embedded else escape(sound.source)
    return f"""<div class="player"><audio controls preload="metadata" src="{source}"
aria-label="{name}"></audio>
<button type="button" class="play" hidden aria-label="Play {name}"><svg viewBox="0 0 24 24"
aria-hidden="true">\
<path class="go" d="M8 5.2v13.6L19 12z"/><path class="stop"
d="M7 5.5h3.6v13H7zm6.4 0H17v13h-3.6z"/></svg></button>
<span class="clock" hidden><b class="at">0:00</b> / {total}</span><output class="now"
aria-live="off"></output>
<label class="speed" hidden>Speed <select><option value=".75">0.75×<option value="1" selected>1×<option \
value="1.25">1.25×<option value="1.5">1.5×<option value="2">2×</select></label></div>{note}"""
