"""Find the folder of a hub checkpoint; fetch it only where that was asked for and is allowed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mien.core.errors import WeightsError
from mien.core.weights import is_offline

MODEL_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "README.md",
    "model*.safetensors",
    "model.safetensors.index.json",
)
"""What mien reads of a checkpoint: settings, card and safetensors; never a pickle, never code."""

TOKENIZER_FILES = (
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "*.model",
)
"""What `transformers` may need beside them to cut texts into word pieces."""


def find_folder(identifier: str, *, download: bool, wanted: Sequence[str] = MODEL_FILES) -> Path:
    """Return the folder of a checkpoint, given as a folder or by its hub name.

    Args:
        identifier: a folder, or `owner/name` on the hub.
        download: True if the user asked for a hub checkpoint to be fetched where it is not on this machine;
            `MIEN_OFFLINE=1` forbids it all the same.
        wanted: which files to fetch, as patterns.

    Raises:
        WeightsError: no such checkpoint, not on this machine and not to be fetched, or no hub name at all.
    """
    if Path(identifier).is_dir():
        return Path(identifier)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", identifier) or identifier.startswith("."):
        raise WeightsError(
            f"Got checkpoint `{identifier}`, which is no folder; expected hf:<owner>/<name> or hf:<folder>."
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    local_only = is_offline() or not download
    try:
        return Path(snapshot_download(identifier, allow_patterns=list(wanted), local_files_only=local_only))
    except (OSError, ValueError, HfHubHTTPError) as error:
        where = "on this machine" if local_only else f"on the hub ({first_line(error)})"
        raise WeightsError(
            f"Got no checkpoint `{identifier}` {where}; {_remedy(download=download)}, or give a folder as "
            "hf:<folder>."
        ) from error


def _remedy(*, download: bool) -> str:
    if is_offline():
        return "unset MIEN_OFFLINE to fetch it"
    return "check its name and the network" if download else "add --download (download=True) to fetch it"


def first_line(error: BaseException) -> str:
    """Return the first line of a long message, without its full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the loading reports of transformers off the terminal; what matters is raised as an error."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
