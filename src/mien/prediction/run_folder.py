"""The folder of one run: refused, resumed or replaced at the start; run.json says how far it came."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError, InputError
from mien.core.files import write_atomically

PARTS = ".parts"
RUN = "run.json"
RESULTS = ("predictions.parquet", "predictions.csv", "files.csv", "failures.csv", "report.html", RUN)
SPARE_BYTES = 8_000_000
"""Free space that a run wants at least: its tables, a report with some audio, and room to rename."""


@dataclass(frozen=True)
class RunFolder:
    """Name the places inside the folder of one run.

    Attributes:
        path: the folder.
        resumed: True where finished parts of an earlier run are kept.
    """

    path: Path
    resumed: bool = False

    @property
    def parts(self) -> Path:
        """Return where the shards lie until the run is complete."""
        return self.path / PARTS

    def read_run(self) -> dict[str, Any]:
        """Return the content of run.json; empty if it is not there or not whole."""
        return read_run(self.path)

    def write_run(self, run: dict[str, Any], *, status: str) -> dict[str, Any]:
        """Write run.json with a new status: `running`, `interrupted` or `complete`; return it."""
        written = {**run, "status": status, "changed": datetime.now(UTC).isoformat(timespec="seconds")}
        with write_atomically(self.path / RUN) as temporary:
            temporary.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return written

    def finish(self) -> None:
        """Remove the shards: everything in them now stands in the tables."""
        shutil.rmtree(self.parts, ignore_errors=True)


def read_run(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's run.json; empty if it is not there or not whole."""
    try:
        found = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def open_run_folder(
    out: str | Path, *, identity: dict[str, Any], resume: bool, overwrite: bool, input_bytes: int
) -> RunFolder:
    """Make sure, before any work, that a run may and can write where it is told.

    Args:
        out: the folder; made if it is not there.
        identity: what decides the numbers (`model`, `options`), compared with run.json by `resume`.
        resume: keep what an earlier run with the same identity finished.
        overwrite: replace an earlier run.
        input_bytes: size of the recordings, to judge the space that is needed.

    Raises:
        ConfigError: the folder exists and neither flag is given, both are, it holds something else, or the
            earlier run had another model or other options.
        InputError: the folder cannot be written, or too little space is free.
    """
    folder = Path(out)
    if resume and overwrite:
        raise ConfigError("Got --resume and --overwrite, expected one of them; leave one out.")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"Got `{folder}`, which is a file, expected a folder; choose another --out.")
    used = folder.is_dir() and _holds_something(folder)
    earlier = read_run(folder) if used else {}
    if used:
        _check_earlier(folder, earlier, identity=identity, resume=resume, overwrite=overwrite)
    _check_writable(folder, input_bytes)
    if used and overwrite:
        _clear(folder)
    _drop_half_written(folder)
    run_folder = RunFolder(folder, resumed=bool(used and resume))
    run_folder.parts.mkdir(exist_ok=True)
    return run_folder


def differences(earlier: dict[str, Any], now: dict[str, Any], *, prefix: str = "") -> list[str]:
    """Return one line per value that differs between two nested dictionaries.

    Example:
        >>> differences({"options": {"segments": "vad"}}, {"options": {"segments": "whole"}})
        ['options.segments was vad, now whole']
    """
    found: list[str] = []
    for key in dict.fromkeys([*earlier, *now]):
        before, after = earlier.get(key), now.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, prefix=f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} was {_short(before)}, now {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:12]}…"


def _holds_something(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"Got `{folder}` that cannot be read ({error.strerror}); choose another --out."
        ) from None


def _check_earlier(
    folder: Path, earlier: dict[str, Any], *, identity: dict[str, Any], resume: bool, overwrite: bool
) -> None:
    """Refuse a folder in use unless it is an earlier run that may be resumed or replaced."""
    if not (resume or overwrite):
        state = f"a run that is {earlier['status']}" if earlier.get("status") else "files"
        remedy = "add --resume or --overwrite, or choose another --out" if earlier else "choose another --out"
        raise ConfigError(f"Got `{folder}`, which holds {state}, expected a new folder; {remedy}.")
    if not earlier:
        raise ConfigError(
            f"Got `{folder}` without a run.json, expected the folder of an earlier run; choose another --out."
        )
    if resume:
        found = differences({key: earlier.get(key) for key in identity}, identity)
        if found:
            raise ConfigError(
                f"Got another run in `{folder}` ({'; '.join(found)}), expected the same model and options; "
                "use those, or --overwrite, or another --out."
            )


def _check_writable(folder: Path, input_bytes: int) -> None:
    """Write and remove a probe file, and ask for free space, before any work is done."""
    # As much again as a table of windows takes: about 1 % of compressed speech.
    wanted = SPARE_BYTES + input_bytes // 100
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(65536))
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise InputError(
            f"Got `{folder}`, which cannot be written ({error.strerror}), expected a writable folder; "
            "choose another --out."
        ) from None
    if free < wanted:
        raise InputError(
            f"Got {free / 1e6:.1f} MB free in `{folder}`, expected {wanted / 1e6:.1f} MB; free some, or "
            "choose another --out."
        )


def _drop_half_written(folder: Path) -> None:
    """Remove what a killed run was in the middle of writing; such files are hidden and never whole."""
    for half in [*folder.glob(".*.part.*"), *folder.glob(f"{PARTS}/.*.part.*")]:
        half.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove the results of an earlier run, run.json last, and nothing else."""
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    shutil.rmtree(folder / "reports", ignore_errors=True)
    for name in RESULTS:
        (folder / name).unlink(missing_ok=True)
