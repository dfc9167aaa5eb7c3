"""The index of a report on many files."""

from collections.abc import Sequence

from mien.reports.affect_summary import findings, together
from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import count, length, listed, percent
from mien.reports.recording_section import Recording, figures, mixture

WORDS = {"ok": "analyzed", "no-speech": "no speech", "failed": "failed"}
BARS_UP_TO = 100
"""Longest index that shows a bar per file."""


def overview_section(recordings: Sequence[Recording], categories: tuple[str, ...]) -> str:
    """Return what can be said of all recordings together."""
    heard = [one for one in recordings if len(one.table)]
    silent = sum(one.status == "no-speech" for one in recordings)
    failed = sum(one.status == "failed" for one in recordings)
    parts = [f"{count(len(heard), 'recording')} with speech"]
    parts += [f"{silent:,} without speech"] if silent else []
    parts += [f"{failed:,} that could not be analyzed"] if failed else []
    summary = together([one.summary for one in heard])
    told = f"<p>{count(len(recordings), 'file')}: {escape(listed(parts))}. "
    if heard:
        told += f"Together {length(summary.speech_s)} of speech in {count(summary.segments, 'segment')}."
        told += "".join(
            f"</p><p>{escape(said)}" for said in findings(summary, subject="The voices", verb="express")
        )
    numbers = figures(summary) + mixture(summary, categories) if heard else ""
    return f'<section id="overview"><h2>Overview</h2><div class="told">{told}</p></div>{numbers}</section>'


def index_section(
    recordings: Sequence[Recording], links: Sequence[str], categories: tuple[str, ...], *, most: int
) -> str:
    """Return the table of all files, each linked to its detail.

    Args:
        recordings: all files of the run.
        links: one per recording; empty where there is no detail.
        categories: as the page colors them.
        most: most rows to show; the text says what is left out.
    """
    bars = min(len(recordings), most) <= BARS_UP_TO
    pairs = list(zip(recordings, links, strict=True))[:most]
    rows = "".join(_row(one, link, categories, bars=bars) for one, link in pairs)
    left_out = ""
    if len(recordings) > most:
        left_out = (
            f'<p class="note">The first {most:,} of {len(recordings):,} files. All are in '
            "<code>files.csv</code>; their pages are in the folder <code>reports</code>.</p>"
        )
    return f"""<section id="files"><h2>Files</h2>{left_out}<div class="scroll" role="region" tabindex="0"
aria-label="Files">
<table class="files"><caption class="hidden">Files with speech time and strongest
expression</caption><thead><tr>\
<th scope="col">File<th scope="col">Status<th scope="col" class="n">Length<th scope="col" class="n">Speech\
<th scope="col">Most often strongest<th scope="col" class="n">Abstains</tr></thead><tbody>
{rows}</tbody></table></div></section>"""


def _row(one: Recording, link: str, categories: tuple[str, ...], *, bars: bool) -> str:
    name = escape(shortened(one.file, 60))
    name = f'<a href="{escape(link)}">{name}</a>' if link else name
    status = f'<td class="status {escape(one.status)}">{WORDS.get(one.status, escape(one.status))}'
    if not len(one.table):
        why = escape(shortened(one.note, 240)) or "–"
        return f'<tr><th scope="row">{name}{status}<td class="why" colspan="4">{why}</tr>\n'
    summary = one.summary
    strongest = "–"
    if summary.strongest:
        share = summary.shares[summary.strongest]
        dot = f'<i class="dot c{categories.index(summary.strongest)}"></i>'
        strongest = f"{dot}{escape(summary.strongest)} {percent(share)}"
    bar = mixture(summary, categories, small=True) if bars else ""
    return (
        f'<tr><th scope="row">{name}{status}<td class="n">{length(summary.duration_s)}'
        f'<td class="n">{length(summary.speech_s)}<td>{strongest}{bar}'
        f'<td class="n">{percent(summary.abstained)}</tr>\n'
    )
