"""Turn what a user names (files, folders, tables) into jobs, and what cannot be one into failures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError
from mien.core.tables import read_table
from mien.signals.file_table import TABLE_SUFFIXES, jobs_of_table
from mien.signals.jobs import Job
from mien.signals.media import walk_media

Given = str | Path | pd.DataFrame


@dataclass
class Inputs:
    """Hold what is to be analyzed and what cannot be.

    Attributes:
        jobs: one per file, each file once.
        failures: file → one line that says why and what to do.
        notes: remarks on the list as a whole.
    """

    jobs: list[Job] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def gather(paths: Given | Iterable[Given]) -> Inputs:
    """Collect the files that paths, folders and tables name, in order, each file once.

    Args:
        paths: recordings, folders (walked for known media), CSV or Parquet tables of files or segments, or
            such tables as frames; one or several.

    Raises:
        InputError: nothing is given, or a table has no usable columns.
    """
    given: Sequence[Given] = [paths] if isinstance(paths, str | Path | pd.DataFrame) else list(paths)
    if not given:
        raise InputError("Got no paths, expected recordings, folders or tables; name at least one.")
    inputs = Inputs()
    for item in given:
        if isinstance(item, pd.DataFrame):
            _take_table(inputs, item, Path(), "the given frame")
        elif Path(item).suffix.lower() in TABLE_SUFFIXES and Path(item).is_file():
            _take_table(inputs, read_table(Path(item)), Path(item).parent, str(item))
        else:
            found = walk_media([item])
            inputs.failures.update({str(file): reason for file, reason in found.failures})
            inputs.notes.extend(found.notes)
            inputs.jobs.extend(Job(str(path), Path(path), _size(Path(path))) for path in found.files)
    inputs.jobs = _each_once(inputs)
    if not inputs.jobs and not inputs.failures:
        names = ", ".join(str(item) for item in given)
        inputs.failures[names] = f"Got {'; '.join(inputs.notes)}, expected recordings; name some."
    return inputs


def arrays_among(items: Sequence[Any], *, rate_hz: int | None) -> list[NDArray[Any]]:
    """Return the arrays among what was given.

    Args:
        items: arrays alone, or paths and tables alone.
        rate_hz: sampling rate of the arrays in Hz; None where there are none.

    Raises:
        ConfigError: arrays without a rate or beside files, or a rate without arrays.

    Example:
        >>> len(arrays_among([np.zeros(3)], rate_hz=16000)), arrays_among(["a.wav"], rate_hz=None)
        (1, [])
    """
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    if bool(arrays) != (rate_hz is not None) or len(arrays) not in (0, len(items)):
        raise ConfigError(
            f"Got {len(arrays)} arrays among {len(items)} inputs and rate_hz={rate_hz}, expected arrays "
            "alone with rate_hz, or none of both; pass their rate in Hz."
        )
    return arrays


def _take_table(inputs: Inputs, frame: pd.DataFrame, folder: Path, origin: str) -> None:
    jobs, failures = jobs_of_table(frame, folder=folder, origin=origin)
    inputs.jobs.extend(jobs)
    inputs.failures.update(failures)


def _each_once(inputs: Inputs) -> list[Job]:
    """Drop repeated files with a note, and rename different files that tables call the same."""
    kept: dict[tuple[Path, bool], Job] = {}
    names: set[str] = set()
    for job in inputs.jobs:
        # The same file whole and by its listed segments are two questions.
        key = (job.path.resolve(), job.listed is None)
        if key in kept:
            inputs.notes.append(f"`{job.file}` is the same file as `{kept[key].file}`: analyzed once")
            continue
        named = job if job.file not in names else replace(job, file=str(job.path.resolve()))
        names.add(named.file)
        kept[key] = named
    return list(kept.values())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
