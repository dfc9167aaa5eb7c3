"""What run.json says: enough to cite a result, to repeat it, and to refuse to mix two."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mien import __version__
from mien.core.tables import column
from mien.prediction.model_card import ModelSummary
from mien.prediction.options import Options
from mien.prediction.tabulate import columns_of
from mien.signals.inputs import Inputs

PACKAGES = ("numpy", "pandas", "pyarrow", "onnxruntime", "av", "soundfile", "soxr")


def identity_of(model: ModelSummary, options: Options, detector: str) -> dict[str, Any]:
    """Return what decides a run's numbers; two runs that differ here are never mixed."""
    return {
        "model": {"name": model.name, "sha256": model.sha256},
        "options": {**options.as_dict(), "voice_activity": detector},
    }


def describe_run(
    identity: dict[str, Any], model: ModelSummary, inputs: Inputs, given: list[str]
) -> dict[str, Any]:
    """Return the content of run.json at the start of a run.

    Args:
        identity: from `identity_of`.
        model: what the model is.
        inputs: what was found.
        given: paths as the user gave them.
    """
    return {
        "mien": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **identity,
        "licence": {"shelf": model.shelf, "weights": model.licence},
        "inputs": given,
        "notes": list(inputs.notes),
        "versions": {"python": platform.python_version(), "mien": __version__, **_versions()},
        "schema": {name: column(name).meaning for name in columns_of(model)},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
