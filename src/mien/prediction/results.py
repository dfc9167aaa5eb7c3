"""Gather the results of a run, in memory or in its folder, and put them together at the end."""

from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.tables import FILE_COLUMNS, write_table
from mien.prediction.affect import Affect, model_facts
from mien.prediction.batch import ChunkResult, FileRow
from mien.prediction.model_card import ModelSummary
from mien.prediction.run_folder import RunFolder
from mien.prediction.tabulate import columns_of, typed
from mien.signals.inputs import Inputs
from mien.signals.jobs import Job


class Results:
    """Take chunks as they finish; close to get one `Affect` and, with a folder, its files."""

    def __init__(
        self, inputs: Inputs, model: ModelSummary, run: dict[str, Any], *, folder: RunFolder | None
    ) -> None:
        """Hold what the run is about; nothing is written before `open`."""
        self.notes = list(inputs.notes)
        self._inputs = inputs
        self._model = model
        self._run = run
        self._folder = folder
        self._frames: list[pd.DataFrame] = []
        self._rows: dict[str, FileRow] = {}

    def open(self) -> list[Job]:
        """Write run.json with status `running`; return the jobs that are not finished yet."""
        if self._folder is None:
            return self._inputs.jobs
        jobs = self._inputs.jobs
        if self._folder.resumed:
            finished = self._finished(self._folder)
            jobs = [job for job in jobs if job.file not in finished]
            if len(jobs) < len(self._inputs.jobs):
                self.notes.append(f"{len(self._inputs.jobs) - len(jobs)} files were finished before")
            self._run["created"] = self._folder.read_run().get("created", self._run["created"])
        self._run = self._folder.write_run(self._run, status="running")
        return jobs

    def lost(self) -> list[FileRow]:
        """Return rows of files.csv for what was named and is no file at all."""
        nothing = {"status": "failed", "segments": 0, "duration_s": 0.0, "seconds_used": 0.0}
        return [{"file": file, **nothing, "note": reason} for file, reason in self._inputs.failures.items()]

    def take(self, result: ChunkResult) -> None:
        """Take one finished chunk; its shard, if any, is on disk already."""
        if result.predictions is not None:
            self._frames.append(result.predictions)
            self._rows.update({row["file"]: row for row in result.files})

    def interrupt(self) -> None:
        """Say in run.json that the run stopped before its end."""
        if self._folder is not None:
            try:
                self._folder.write_run(self._run, status="interrupted")
            except OSError:
                # The disk may be what stopped the run; "running" is then as true as it gets.
                return

    def close(self) -> Affect:
        """Put everything together, in the order of the inputs, and write it."""
        return self._close_in_memory() if self._folder is None else self._close_folder(self._folder)

    def _close_in_memory(self) -> Affect:
        empty = typed(pd.DataFrame(columns=columns_of(self._model)))
        table = pd.concat(self._frames, ignore_index=True) if self._frames else empty
        order = {job.file: number for number, job in enumerate(self._inputs.jobs)}
        # Chunks finish in any order; rows of one file stay together and in order.
        table = table.sort_values(
            "file", key=lambda files: files.map(order), kind="stable", ignore_index=True
        )
        return self._affect(table, self._file_table(self._rows), out=None)

    def _close_folder(self, folder: RunFolder) -> Affect:
        from mien.prediction.shards import assemble, choose, read_shards

        places = choose(read_shards(folder.parts), self._signatures())
        known = [job.file for job in self._inputs.jobs if job.file in places]
        # Files of an earlier run that are not named this time stay, after the others.
        order = dict.fromkeys([*known, *places])
        assemble([places[file] for file in order], columns_of(self._model), folder=folder.path)
        files = self._file_table({file: places[file].row for file in order})
        table = typed(pd.read_parquet(folder.path / "predictions.parquet"))
        affect = self._affect(table, files, out=folder.path)
        write_table(files, folder.path / "files.csv")
        write_table(affect.failures, folder.path / "failures.csv")
        self._write_report(affect, folder.path)
        counts = files["status"].value_counts()
        self._run["counts"] = {"segments": len(table), **{str(k): int(n) for k, n in counts.items()}}
        affect.run = self._run = folder.write_run(self._run, status="complete")
        folder.finish()
        return affect

    def _write_report(self, affect: Affect, out: Path) -> None:
        from mien.reports.affect_report import write_reports

        write_reports(
            out,
            affect.table,
            affect.files,
            affect.failures,
            model=model_facts(self._model),
            run={**self._run, "status": "complete"},
            media=self._media(),
        )

    def _affect(self, table: pd.DataFrame, files: pd.DataFrame, *, out: Path | None) -> Affect:
        return Affect(table, files, model=self._model, run=self._run, media=self._media(), out=out)

    def _media(self) -> dict[str, Path]:
        return {job.file: job.path for job in self._inputs.jobs}

    def _signatures(self) -> dict[str, str]:
        return {job.file: job.signature for job in self._inputs.jobs}

    def _finished(self, folder: RunFolder) -> set[str]:
        """Return the files of the folder that need not be analyzed again; failed ones are tried again."""
        from mien.prediction.shards import adopt_complete_run, choose, read_shards

        adopt_complete_run(folder.path, folder.parts)
        places = choose(read_shards(folder.parts), self._signatures())
        return {file for file, place in places.items() if place.row["status"] != "failed"}

    def _file_table(self, rows: dict[str, FileRow]) -> pd.DataFrame:
        """Return files.csv: analyzed files in order, then those that were no files at all."""
        order = [job.file for job in self._inputs.jobs if job.file in rows]
        found = [rows[file] for file in dict.fromkeys([*order, *rows])]
        return pd.DataFrame([*found, *self.lost()], columns=list(FILE_COLUMNS)).astype(
            {"segments": "int64", "duration_s": "float64", "seconds_used": "float64"}
        )
