"""What an analysis gives back: tables, a figure and a report."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.prediction.model_card import ModelSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Affect:
    """Hold the affect expressed in recordings: when, by whom, and how sure the model is.

    Attributes:
        table: one row per segment; columns as in predictions.csv, times in seconds.
        files: one row per file: status, number of segments, duration, notes.
        failures: file and reason of those that could not be analyzed.
        model: what the model is.
        run: versions, options and inputs, as in run.json.
        out: the folder that was written, if any.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        files: pd.DataFrame,
        *,
        model: ModelSummary,
        run: dict[str, Any],
        media: dict[str, Path],
        out: Path | None = None,
    ) -> None:
        """Hold the results of one run; `media` says where each file of the tables lies."""
        self.table = table
        self.files = files
        self.model = model
        self.run = run
        self.out = out
        self._media = media

    @property
    def failures(self) -> pd.DataFrame:
        """Return file and reason of the files that could not be analyzed."""
        failed = self.files[self.files["status"] == "failed"]
        return failed[["file", "note"]].rename(columns={"note": "reason"}).reset_index(drop=True)

    def plot(self, file: str | None = None, *, axes: "Axes | None" = None) -> "Figure":
        """Draw one file's affect over time.

        Args:
            file: as in the table; may be left out where there is only one.
            axes: where to draw; default a new figure.

        Raises:
            ConfigError: no such file, or several and none named.
        """
        from mien.reports.affect_plot import plot_affect

        name = self._only(file)
        return plot_affect(self.table[self.table["file"] == name], axes=axes)

    def report(self, path: str | Path, *, file: str | None = None) -> Path:
        """Write one file's report, a page that opens offline.

        Args:
            path: of the HTML file.
            file: as in the table; may be left out where there is only one.

        Returns:
            The path.

        Raises:
            ConfigError: no such file, or several and none named.
        """
        from mien.reports.affect_report import write_report

        name = self._only(file)
        found = self.files[self.files["file"] == name].iloc[0].to_dict()
        row = {str(key): value for key, value in found.items()}
        rows = self.table[self.table["file"] == name]
        target = Path(path)
        write_report(
            target, rows, row, model=model_facts(self.model), run=self.run, media=self._media.get(name)
        )
        return target

    def _only(self, file: str | None) -> str:
        """Return the named file, or the only one."""
        names = [str(name) for name in self.files["file"]]
        if file is None and len(names) == 1:
            return names[0]
        if file is None:
            shown = ", ".join(names[:3])
            raise ConfigError(f"Got no file, expected one of {len(names)} ({shown} …); pass file=….")
        if file not in names:
            raise ConfigError(
                f"Got file `{file}`, expected one of the table's {len(names)}.{did_you_mean(file, names)}"
            )
        return file

    def __repr__(self) -> str:
        failed = int((self.files["status"] == "failed").sum())
        return (
            f"<Affect: {len(self.table)} segments of {len(self.files)} files, {failed} failed; "
            f"model {self.model.name}>"
        )


def model_facts(model: ModelSummary) -> dict[str, Any]:
    """Return a model's facts and card text as reports take them."""
    return {**asdict(model), "card": model.card}
