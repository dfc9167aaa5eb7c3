"""What a model says of itself: the fields of its model.toml, and the list of shipped models."""

import tomllib
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from mien.core.errors import WeightsError
from mien.core.nearest import did_you_mean


@dataclass(frozen=True)
class ModelSummary:
    """Describe a model: what it hears, what it answers, how good it is, and who may use it.

    Attributes:
        name: short name, as given to `--model`.
        title: one line for people.
        source: what the model looks at: `voice`, `words` or `face`.
        shelf: `open` or `research` (non-commercial).
        licence: licence of the weights.
        sha256: hash of the weights; identifies the model in `run.json`.
        rate_hz: sampling rate that the model takes, in Hz.
        categories: category names in the order of its outputs; may be empty.
        dimensions: names of its trained dimensional outputs; may be empty.
        members: number of ensemble members.
        min_duration_s: shortest clip with an answer worth reading, in seconds.
        max_duration_s: longest clip it takes at once, in seconds.
        abstain_above: total doubt above which it abstains, in nats; None: never.
        parameters: number of trained weights.
        size_mb: size of the weights file, in megabytes.
        quantization: how the weights were made small; `none` where they were not.
        trained_on: names of its training corpora.
        languages: languages of its training corpora.
        summary: two or three plain sentences.
        limits: sentences on what it cannot do.
        scores: corpus → uar, low, high, n, speakers, classes, protocol, command.
        folder: where it lies, if it is a folder.
    """

    name: str
    title: str = ""
    source: str = "voice"
    shelf: str = "research"
    licence: str = "unknown"
    sha256: str = ""
    rate_hz: int = 16000
    categories: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    members: int = 1
    min_duration_s: float = 0.5
    max_duration_s: float = 15.0
    abstain_above: float | None = None
    parameters: int = 0
    size_mb: float = 0.0
    quantization: str = "none"
    trained_on: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    summary: str = ""
    limits: tuple[str, ...] = ()
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def line(self) -> str:
        """Return the one line that every run prints.

        Example:
            >>> ModelSummary("voice-small", shelf="research", licence="CC BY-NC-SA 4.0").line
            'Model voice-small · research shelf · CC BY-NC-SA 4.0'
        """
        return f"Model {self.name} · {self.shelf} shelf · {self.licence}"

    @property
    def card(self) -> str:
        """Return the text of CARD.md, or an empty string where the model has none."""
        path = self.folder / "CARD.md" if self.folder else None
        return path.read_text(encoding="utf-8") if path and path.is_file() else ""


_REQUIRED = ("name", "shelf", "licence", "sha256")
_TEXTS = ("name", "title", "source", "shelf", "licence", "sha256", "quantization", "summary")
_LISTS = ("categories", "dimensions", "trained_on", "languages", "limits")
_NUMBERS = (
    "rate_hz",
    "members",
    "min_duration_s",
    "max_duration_s",
    "abstain_above",
    "parameters",
    "size_mb",
)


def read_summary(folder: str | Path) -> ModelSummary:
    """Read the `model.toml` of a model folder.

    Args:
        folder: a folder with model.onnx, model.toml, CARD.md and LICENSE.

    Raises:
        WeightsError: the file is missing, is not TOML, or has a missing, unknown or mistyped field.
    """
    path = Path(folder) / "model.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(
            f"Got no model.toml in `{folder}`, expected a model folder "
            "(model.onnx, model.toml, CARD.md, LICENSE)."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WeightsError(f"Got `{path}` that cannot be read as TOML ({error}); restore the file.") from None
    _check(found, path)
    values: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in found.items()
    }
    return ModelSummary(**values, folder=Path(folder))


def _check(found: dict[str, Any], path: Path) -> None:
    """Refuse missing, unknown and mistyped fields, naming the first."""
    known = [item.name for item in fields(ModelSummary) if item.name != "folder"]
    for name in found:
        if name not in known:
            raise WeightsError(
                f"Got field `{name}` in `{path}`, expected one of {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
    for name in _REQUIRED:
        if not found.get(name):
            raise WeightsError(f"Got no `{name}` in `{path}`, expected it; add the field.")
    for names, kinds, wanted in (
        (_TEXTS, str, "text"),
        (_LISTS, list, "a list of texts"),
        (_NUMBERS, (int, float), "a number"),
        (("scores",), dict, "a table per corpus"),
    ):
        for name in names:
            if name in found and not isinstance(found[name], kinds):
                raise WeightsError(
                    f"Got `{name} = {found[name]!r}` in `{path}`, expected {wanted}; correct it."
                )


def shipped() -> list[ModelSummary]:
    """Return the models that travel with mien, sorted by name.

    Example:
        >>> all(model.shelf in ("open", "research") for model in shipped())
        True
    """
    # A folder named as data, not imported as `mien.models`: that name is this function, for users.
    root = Path(str(files("mien"))) / "models"
    return [read_summary(path.parent) for path in sorted(root.glob("*/model.toml"))]
