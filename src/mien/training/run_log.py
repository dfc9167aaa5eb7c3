"""Write what each epoch brought: one JSON line, and TensorBoard's files where they are wanted."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mien.core.files import write_atomically
from mien.core.optional import require


@dataclass(frozen=True)
class EpochRecord:
    """Say what one epoch brought.

    Attributes:
        epoch: counted from 1.
        loss: mean over the steps of the sum of all losses.
        losses: mean over the steps of each loss, by the objective's names.
        learning_rate: of the first parameter group, after the epoch's last step.
        seconds: that the epoch took, with its judgement on dev.
        dev: score on dev, higher is better; None without dev.
    """

    epoch: int
    loss: float
    losses: dict[str, float] = field(default_factory=dict)
    learning_rate: float = 0.0
    seconds: float = 0.0
    dev: float | None = None


class RunLog:
    """Keep `log.jsonl` in a run's folder, one line per epoch.

    Args:
        folder: the run's folder; None keeps the records in memory alone.
        records: of the epochs before a resume; the file then holds these, whatever it held.
        tensorboard: also write events into `folder/tensorboard`.

    Raises:
        MissingExtra: TensorBoard is wanted and not installed.
    """

    def __init__(
        self, folder: Path | None, *, records: Iterable[EpochRecord] = (), tensorboard: bool = False
    ) -> None:
        self.records = list(records)
        self._file = None if folder is None else folder / "log.jsonl"
        self._events = _open_events(folder, done=len(self.records)) if folder and tensorboard else None
        if self._file is not None:
            with write_atomically(self._file) as temporary:
                temporary.write_text("".join(map(_line, self.records)), encoding="utf-8")

    def add(self, record: EpochRecord) -> None:
        """Append an epoch."""
        self.records.append(record)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(_line(record))
        if self._events is not None:
            values = {**{f"loss/{name}": value for name, value in record.losses.items()}, "loss": record.loss}
            values |= {"learning_rate": record.learning_rate, "seconds": record.seconds}
            values |= {} if record.dev is None else {"dev": record.dev}
            for name, value in values.items():
                self._events.add_scalar(name, value, record.epoch)
            self._events.flush()

    def close(self) -> None:
        """Finish TensorBoard's files."""
        if self._events is not None:
            self._events.close()


def _line(record: EpochRecord) -> str:
    return json.dumps(asdict(record)) + "\n"


def _open_events(folder: Path, *, done: int) -> Any:
    require("tensorboard", "tensorboard")
    writer = require("torch.utils.tensorboard", "train").SummaryWriter
    # What a run that was stopped wrote of later epochs is taken back.
    return writer(str(folder / "tensorboard"), purge_step=done + 1)
