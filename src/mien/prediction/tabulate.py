"""Turn analyzed recordings into rows of the prediction table and the file table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.tables import column, prediction_columns
from mien.prediction.doubt import Doubt, split_doubt
from mien.prediction.model_card import ModelSummary
from mien.prediction.norms import derive, derived_dimensions
from mien.prediction.recording import Recording, Segment

DECIMALS = 6
"""Digits kept of an answer: far below a model's noise, and a table half as large."""


def columns_of(summary: ModelSummary) -> list[str]:
    """Return the columns of the prediction table that this model fills, in order."""
    return list(
        prediction_columns(summary.categories, derived_dimensions(summary.categories), summary.dimensions)
    )


def prediction_rows(recordings: Sequence[Recording], summary: ModelSummary) -> pd.DataFrame:
    """Return one row per segment, in the order of files and, within a file, of segments.

    A segment shorter than the model's `min_duration_s` is answered on its padded clip and abstains.

    Args:
        recordings: analyzed files; failed ones have no segments.
        summary: of the model that answered.

    Returns:
        A prediction table as `core.tables` describes it.
    """
    flat = [(found, index, found.segments[index]) for found in recordings for index in sorted(found.segments)]
    values: dict[str, Any] = {
        "segment": [segment_name(found, index) for found, index, _ in flat],
        "file": [found.job.file for found, _, _ in flat],
        "start": np.array([segment.start for _, _, segment in flat], dtype=np.float64),
        "end": np.array([segment.end for _, _, segment in flat], dtype=np.float64),
        "speaker": [speaker_of(found, index) for found, index, _ in flat],
        "source": [summary.source] * len(flat),
        "model": [summary.name] * len(flat),
    }
    values |= _answers([segment for _, _, segment in flat], summary)
    return typed(pd.DataFrame({name: values[name] for name in columns_of(summary)}))


def _answers(segments: list[Segment], summary: ModelSummary) -> dict[str, NDArray[Any]]:
    """Return the columns that hold numbers of the model, each (N,)."""
    count, members, categories = len(segments), summary.members, len(summary.categories)
    p = np.array([segment.p / segment.weight for segment in segments if segment.p is not None])
    p = p.reshape(count, members, categories)  # (N, M, K)
    mean = p.mean(axis=1)
    found: dict[str, NDArray[Any]] = {f"p.{name}": mean[:, k] for k, name in enumerate(summary.categories)}
    found |= {f"{name}.derived": values for name, values in derive(mean, summary.categories).items()}
    for name in summary.dimensions:
        found[name] = np.array([np.mean(segment.dimensions[name]) / segment.weight for segment in segments])
    # Without categories there is no doubt between them: missing, not zero.
    doubt = split_doubt(p) if categories else Doubt(np.full(count, np.nan), np.full(count, np.nan))
    found |= {"aleatoric.category": doubt.aleatoric, "epistemic.category": doubt.epistemic}
    found = {name: np.round(np.asarray(values, dtype=np.float64), DECIMALS) for name, values in found.items()}
    found["abstain"] = np.array([too_short(segment, summary) for segment in segments], dtype=bool)
    if summary.abstain_above is not None and categories:
        found["abstain"] |= doubt.aleatoric + doubt.epistemic > summary.abstain_above
    return found


def too_short(segment: Segment, summary: ModelSummary) -> bool:
    """Say whether a segment is shorter than the model needs; half a sample is forgiven."""
    return segment.end - segment.start < summary.min_duration_s - 0.5 / summary.rate_hz


def file_row(recording: Recording, summary: ModelSummary) -> dict[str, Any]:
    """Return the row of files.csv for one recording, with the `signature` of its job."""
    notes = list(recording.notes)
    short = sum(too_short(segment, summary) for segment in recording.segments.values())
    if short:
        many = "segment is" if short == 1 else "segments are"
        notes.append(f"{short} {many} shorter than the model's {summary.min_duration_s:g} s: abstained")
    return {
        "file": recording.job.file,
        "status": recording.status,
        "segments": len(recording.segments),
        "duration_s": round(float(recording.duration_s), DECIMALS),
        "seconds_used": round(recording.seconds_used, DECIMALS),
        "note": recording.failure if recording.failure is not None else "; ".join(notes),
        "signature": recording.job.signature,
    }


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with text as text (missing stays missing), numbers as float64, abstain as bool."""
    return frame.astype({str(name): column(str(name)).dtype for name in frame.columns})


def segment_name(recording: Recording, index: int) -> str:
    """Return a segment's name: the table's own, else file and running number."""
    listed = recording.job.listed
    if listed is not None and listed.names[index] is not None:
        return str(listed.names[index])
    return f"{recording.job.file}#{index + 1:04d}"


def speaker_of(recording: Recording, index: int) -> str | None:
    """Return who speaks in a segment of a recording; None where nobody said so."""
    listed = recording.job.listed
    return listed.speakers[index] if listed is not None else recording.job.speaker
