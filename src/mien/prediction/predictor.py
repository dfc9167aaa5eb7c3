"""What every model looks like from outside, and how one is found by its name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, WeightsError
from mien.core.nearest import did_you_mean
from mien.prediction.model_card import ModelSummary, read_summary, shipped

SHELVES = ("open", "research")


@dataclass(frozen=True)
class Outputs:
    """Hold a model's answers for N clips, member by member.

    Attributes:
        p: (N, M, K) probabilities of K categories by M members; K may be 0.
        dimensions: name → (N, M) values of each trained dimension.
    """

    p: NDArray[np.float64]
    dimensions: dict[str, NDArray[np.float64]] = field(default_factory=dict)


@runtime_checkable
class Predictor(Protocol):
    """Answer for clips of one segment each; every back end looks like this."""

    @property
    def summary(self) -> ModelSummary:
        """Say what the model is."""

    def predict(self, clips: Sequence[NDArray[np.float32]]) -> Outputs:
        """Answer for N mono clips (S,) at `summary.rate_hz`, in their order."""


def load_predictor(
    model: str | Path = "voice-small", *, licence: str | None = None, threads: int = 1
) -> Predictor:
    """Load a model by name, folder, or back end.

    Args:
        model: a shipped name (`voice-small`), a model folder, or `prefix:rest` of a torch back end
            (`hf:<checkpoint>`).
        licence: `open` refuses weights that may not be used commercially; `research` or None takes all.
        threads: processor threads for one model call.

    Raises:
        ConfigError: no such model or licence shelf; the message names the nearest.
        WeightsError: the weights differ from their hash, or the licence refuses them.
        MissingExtra: the back end needs a part that is not installed.
    """
    if licence is not None and licence not in SHELVES:
        raise ConfigError(
            f"Got licence `{licence}`, expected one of {', '.join(SHELVES)}.{did_you_mean(licence, SHELVES)}"
        )
    folder = _find_folder(str(model))
    if folder is None:
        predictor = _load_backend(str(model))
        _refuse_shelf(predictor.summary, licence)
        return predictor
    summary = read_summary(folder)
    _refuse_shelf(summary, licence)
    from mien.prediction.onnx_predictor import OnnxPredictor

    return OnnxPredictor(summary, threads=threads)


def _find_folder(model: str) -> Path | None:
    """Return the folder of a shipped name or path; None where `model` names a back end."""
    models = {summary.name: summary for summary in shipped()}
    if model in models:
        return models[model].folder
    if Path(model).is_dir():
        return Path(model)
    # One letter before the colon is a Windows drive.
    if len(model.partition(":")[0]) > 1 and ":" in model:
        return None
    if any(mark in model for mark in "/\\") or model.startswith("."):
        raise ConfigError(
            f"Got model `{model}`, which is no folder; expected a model folder or a shipped name."
        )
    known = ", ".join(models) or "none in this installation"
    raise ConfigError(
        f"Got model `{model}`, expected a shipped name ({known}), a model folder, or hf:<checkpoint>."
        f"{did_you_mean(model, models)}"
    )


def _load_backend(model: str) -> Predictor:
    """Load `prefix:rest` through the registry of back ends."""
    from mien.core import registry

    prefix, _, rest = model.partition(":")
    if not rest:
        raise ConfigError(
            f"Got model `{model}`, expected a checkpoint after the colon, as in hf:<checkpoint>."
        )
    predictor: Predictor = registry.find("backends", prefix).load(rest)
    return predictor


def _refuse_shelf(summary: ModelSummary, licence: str | None) -> None:
    """Refuse a model whose shelf the wanted licence does not allow."""
    from mien.core.weights import licence_allows

    if licence is not None and not licence_allows(summary.shelf, licence):
        allowed = [model.name for model in shipped() if licence_allows(model.shelf, licence)]
        remedy = f"use --model {allowed[0]}" if allowed else "choose another model"
        raise WeightsError(
            f"Got model `{summary.name}` from the {summary.shelf} shelf ({summary.licence}), "
            f"expected the {licence} shelf; {remedy}, or leave out --licence {licence}."
        )
