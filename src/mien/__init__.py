"""Affect from voice, words and faces: timed records that say how sure they are.

Importing mien loads nothing heavy: every name below is fetched at its first use.

Example:
    ``affect = mien.analyze("podcast.mp3")`` gives an `Affect` with ``affect.table``, ``affect.plot()`` and
    ``affect.report("podcast.html")``.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Affect": ("mien.prediction.affect", "Affect"),
    "ModelSummary": ("mien.prediction.model_card", "ModelSummary"),
    "analyze": ("mien.prediction.analyze", "analyze"),
    "embed": ("mien.nets.embed", "embed"),
    "extract": ("mien.features.extraction", "extract_table"),
    "load_predictor": ("mien.prediction.predictor", "load_predictor"),
    "models": ("mien.prediction.model_card", "shipped"),
}
_ROOMS = ("core", "corpora", "evaluation", "features", "prediction", "reports", "signals")

__all__ = ["Affect", "ModelSummary", "__version__", "analyze", "embed", "extract", "load_predictor", "models"]


def __getattr__(name: str) -> object:
    """Fetch a public name, or a room, at its first use (PEP 562)."""
    if name in _HOMES:
        home, attribute = _HOMES[name]
        return getattr(import_module(home), attribute)
    if name in _ROOMS:
        return import_module(f"mien.{name}")
    raise AttributeError(f"module 'mien' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names and the rooms, for editors and shells."""
    return sorted([*__all__, *_ROOMS])
