"""Show a run's progress on stderr: what is done, how fast, how long it will take."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mien.prediction.model_card import ModelSummary
from mien.prediction.watcher import Watcher

if TYPE_CHECKING:
    from mien.prediction.affect import Affect

REDRAW_S = 0.2
LINE_EVERY_S = 10.0
NOTES_SHOWN = 20


class Progress(Watcher):
    """Draw one line that is redrawn on a terminal, and a new line every ten seconds elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Start the clock.

        Args:
            quiet: show only the model's licence line and files that fail.
        """
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._began = self._drawn = time.monotonic()
        self._files = self._done = self._notes = 0
        self._size = self._done_size = 0
        self._heard_s = self._done_s = self._work_size = 0.0
        self._shown = ""

    def started(self, model: ModelSummary, *, files: int, size: int, notes: list[str]) -> None:
        """Print the model's line, and remarks on the list of files."""
        self._say(model.line)
        self._files, self._size = files, size
        if not self._quiet:
            for note in notes[:NOTES_SHOWN]:
                self._say(f"note: {note}")

    def heard(self, seconds: float, size: float) -> None:
        """Count audio of files in work."""
        self._heard_s += seconds
        self._work_size += size
        self._draw()

    def finished(self, row: dict[str, object], *, size: int) -> None:
        """Count a finished file; say at once why it failed."""
        self._done += 1
        self._done_size += size
        # What was heard of files in work is now among what is done.
        self._work_size = 0.0
        self._done_s += float(str(row["duration_s"]))
        if row["status"] == "failed":
            self._say(f"failed: {row['note']}")
        elif row["note"] and not self._quiet:
            self._notes += 1
            if self._notes <= NOTES_SHOWN:
                self._say(f"note: {row['file']}: {row['note']}")
        self._draw()

    def writing(self) -> None:
        """Show that the report is being written."""
        self._draw(text="writing the results", force=self._live)

    def interrupted(self, out: Path | None) -> None:
        """Say what is kept and how to go on."""
        self._clear()
        kept = f"What is finished is kept in `{out}`; the same command with --resume goes on."
        self._say(f"mien: interrupted. {kept if out else 'Nothing was kept; --out keeps what is finished.'}")

    def summary(self, affect: "Affect") -> None:
        """Print what was done and where the results are."""
        self._clear()
        if self._quiet:
            return
        counts = affect.files["status"].value_counts()
        words = {"ok": "ok", "no-speech": "without speech", "failed": "failed"}
        parts = [f"{counts[status]} {word}" for status, word in words.items() if status in counts]
        segments = _count(len(affect.table), "segment")
        text = f"{_count(len(affect.files), 'file')}: {', '.join(parts)} · {segments}"
        elapsed = time.monotonic() - self._began
        if self._done_s > 0:
            text += f" · {_clock(self._done_s)} of audio in {elapsed:.1f} s"
        self._say(text)
        if affect.out is not None:
            self._say(f"Report: {affect.out / 'report.html'}")

    def _draw(self, text: str = "", *, force: bool = False) -> None:
        now = time.monotonic()
        if self._quiet or (not force and now - self._drawn < (REDRAW_S if self._live else LINE_EVERY_S)):
            return
        self._drawn = now
        line = text or self._line(now - self._began)
        if self._live:
            typer.echo(f"\r{line}{' ' * max(0, len(self._shown) - len(line))}", err=True, nl=False)
            self._shown = line
        else:
            typer.echo(line, err=True)

    def _line(self, elapsed_s: float) -> str:
        """Return files done, share, rate and remaining time."""
        audio_s = max(self._heard_s, self._done_s)
        rate = audio_s / max(elapsed_s, 1e-3)
        line = f"{self._done}/{self._files} files · {_clock(audio_s)} of audio · {rate:.0f} x real time"
        share = (self._done_size + self._work_size) / self._size if self._size else 0.0
        if 0 < share < 1:
            line += f" · {share:.0%} · {_clock(elapsed_s * (1 - share) / share)} left"
        return line

    def _say(self, text: str) -> None:
        self._clear()
        typer.echo(text, err=True)

    def _clear(self) -> None:
        if self._shown:
            typer.echo(f"\r{' ' * len(self._shown)}\r", err=True, nl=False)
            self._shown = ""


def _count(number: int, thing: str) -> str:
    """Return a number with its thing in singular or plural."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _clock(seconds: float) -> str:
    """Return a duration as h:mm:ss or m:ss.

    Example:
        >>> _clock(3725), _clock(65)
        ('1:02:05', '1:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
