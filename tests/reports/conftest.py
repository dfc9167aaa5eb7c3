"""Prediction tables, made up, in the shape that reports read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

CATEGORIES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
VALENCE = np.array([-0.4, -0.6, -0.6, 0.8, 0.0, -0.6, 0.4])


def prediction_table(
    file: str = "talk.wav",
    *,
    segments: int = 12,
    seed: int = 0,
    categories: tuple[str, ...] = CATEGORIES,
    seconds_each: float = 3.0,
) -> pd.DataFrame:
    """Return predictions of `segments` segments with pauses of a quarter second."""
    generator = np.random.default_rng(seed)
    start = 0.5 + np.arange(segments) * (seconds_each + 0.25)
    members = generator.dirichlet(np.full(len(categories), 0.2), size=(segments, 3)) if categories else None
    table = pd.DataFrame(
        {
            "segment": [f"{file}#{index}" for index in range(segments)],
            "file": file,
            "start": start,
            "end": start + seconds_each,
            "speaker": pd.array([pd.NA] * segments, dtype="string"),
            "source": "voice",
            "model": "made-up",
        }
    )
    if members is not None:
        p = members.mean(axis=1)
        table[[f"p.{name}" for name in categories]] = p
        total = -(p * np.log(np.clip(p, 1e-12, 1))).sum(axis=1)
        table["valence.derived"] = p @ np.resize(VALENCE, len(categories))
        inner = -(members * np.log(np.clip(members, 1e-12, 1))).sum(axis=2).mean(axis=1)
        table["aleatoric.category"], table["epistemic.category"] = inner, total - inner
        table["abstain"] = total > 1.45
    else:
        table["abstain"] = False
    table.insert(len(table.columns) - 1, "intensity", generator.uniform(0, 1, segments))
    return table


def model_summary(**changes: object) -> dict[str, object]:
    """Return what `dataclasses.asdict` gives of a model's summary."""
    summary: dict[str, object] = {
        "name": "made-up",
        "title": "Made-up model",
        "source": "voice",
        "shelf": "research",
        "licence": "CC BY-NC-SA 4.0",
        "sha256": "ab" * 32,
        "categories": list(CATEGORIES),
        "dimensions": ["intensity"],
        "members": 3,
        "abstain_above": 1.45,
        "parameters": 812_345,
        "size_mb": 3.4,
        "trained_on": ["emodb", "ravdess_speech"],
        "languages": ["German", "English"],
        "summary": "A model made up for tests.",
        "limits": ["Made up."],
        "scores": {
            "emodb": {
                "uar": 0.712,
                "low": 0.66,
                "high": 0.76,
                "n": 454,
                "speakers": 10,
                "classes": 6,
                "protocol": "joint 5-fold, speakers kept apart",
                "command": "mien evaluate",
            }
        },
        "card": "# Made-up model",
    }
    return summary | changes


def file_row(file: str, table: pd.DataFrame, **changes: object) -> dict[str, object]:
    """Return a row of the file table for a recording that ends half a second after its last segment."""
    row: dict[str, object] = {
        "file": file,
        "status": "ok" if len(table) else "no-speech",
        "segments": len(table),
        "duration_s": float(table["end"].max()) + 0.5 if len(table) else 3.0,
        "seconds_used": 1.0,
        "note": "",
    }
    return row | changes


RUN = {
    "created": "2026-01-02T03:04:05+00:00",
    "versions": {"mien": "0.1.0", "python": "3.11.9"},
    "options": {"segments": "vad", "model": "made-up"},
}


class Made:
    """Give tests the functions above through one fixture."""

    CATEGORIES = CATEGORIES
    RUN = RUN
    table = staticmethod(prediction_table)
    model = staticmethod(model_summary)
    row = staticmethod(file_row)


@pytest.fixture(scope="session")
def made() -> type[Made]:
    """Return the makers of tables, rows and model summaries."""
    return Made


@pytest.fixture(scope="session")
def recording(data_root: Path) -> Path:
    """Return one real recording."""
    found = sorted((data_root / "ravdess_speech" / "audio").glob("*.flac"))
    if not found:
        pytest.skip(f"no RAVDESS recordings under {data_root}")
    return found[0]
