"""Show how far a training run is: a bar on a terminal, plain lines elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mien.training.run_log import EpochRecord

LINE_EVERY_S = 60.0
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """Say where a run is.

    Attributes:
        epoch: under way, or just finished where there is a record; from 1.
        epochs: of the whole run.
        step: finished steps of this epoch.
        steps: of an epoch.
        loss: sum of the losses of the last step.
        record: of the epoch, once it is finished.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    record: EpochRecord | None = None

    @property
    def share(self) -> float:
        """Share of the whole run that is done, 0 to 1."""
        return min(1.0, (self.epoch - 1 + min(1.0, self.step / max(1, self.steps))) / self.epochs)


@contextmanager
def show_progress(name: str, *, console: Console | None = None) -> Iterator[Callable[[Moment], None]]:
    """Yield a function for `fit`'s `progress` that shows the run under a name.

    On a terminal one bar moves with every step. Elsewhere a line is logged after every epoch, and each
    minute within a long one.

    Args:
        name: of what is trained.
        console: where to draw; standard error by default.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _log_lines(name)
        return
    columns = ("{task.description}", BarColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(name, total=1.0, text="")
        yield lambda moment: bar.update(task, completed=moment.share, text=_text(moment))


def _log_lines(name: str) -> Callable[[Moment], None]:
    began = last = time.monotonic()
    first: float | None = None

    def log(moment: Moment) -> None:
        nonlocal last, first
        # A resumed run starts in the middle: only what is done here tells how long the rest takes.
        first = moment.share if first is None else first
        now = time.monotonic()
        if moment.record is None and now - last < LINE_EVERY_S:
            return
        last, done = now, moment.share - first
        left = f", {(now - began) / done * (1 - moment.share):.0f} s left" if done > 0 else ""
        LOGGER.info("%s %s%s", name, _text(moment), left)

    return log


def _text(moment: Moment) -> str:
    epoch = f"epoch {moment.epoch}/{moment.epochs}"
    if moment.record is None:
        return f"{epoch} step {moment.step}/{moment.steps} loss {moment.loss:.4f}"
    dev = "" if moment.record.dev is None else f" dev {moment.record.dev:.4f}"
    return f"{epoch} loss {moment.record.loss:.4f}{dev}"
