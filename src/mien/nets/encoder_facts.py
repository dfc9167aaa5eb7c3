"""Say of an encoder what a run must state: title, licence and hash of its weights."""

from pathlib import Path

from mien.core.errors import WeightsError
from mien.core.files import sha256_of
from mien.core.weights import known_weights, licence_allows, resolve
from mien.nets.backends.hf import hash_of, licence_of
from mien.nets.hub import MODEL_FILES, TOKENIZER_FILES, find_folder
from mien.nets.load_encoder import pretrained_encoders
from mien.prediction.model_card import ModelSummary


def describe_encoder(name: str, *, download: bool = False) -> ModelSummary:
    """Return what is known of the weights that `load_encoder` opens under a name.

    Args:
        name: as for `load_encoder`.
        download: True if the user asked for weights to be fetched.

    Returns:
        The shelf of a hub checkpoint or folder is `research`: what its training data allow is not known.

    Raises:
        WeightsError: the weights are not there or are not the known bytes.

    Example:
        >>> describe_encoder("minilm").line
        'Model minilm · open shelf · Apache-2.0'
    """
    pretrained = pretrained_encoders()
    if name in pretrained:
        entry = known_weights()[pretrained[name][1]]
        digest = sha256_of(resolve(entry.name, download=download))
        return ModelSummary(
            name, title=entry.title, licence=entry.licence, shelf=entry.shelf, sha256=digest, min_duration_s=0
        )
    if name.startswith("hf:") or Path(name).is_dir():
        wanted = (*MODEL_FILES, *TOKENIZER_FILES)
        folder = find_folder(name.removeprefix("hf:"), download=download, wanted=wanted)
        digest = hash_of(sorted(folder.glob("model*.safetensors")))
        return ModelSummary(name, licence=licence_of(folder), sha256=digest, min_duration_s=0)
    return ModelSummary(name, shelf="open", licence="random weights, not trained", min_duration_s=0)


def refuse_shelf(summary: ModelSummary, licence: str | None) -> None:
    """Refuse weights that the wanted licence does not allow.

    Args:
        summary: of the weights.
        licence: `open`, `research` or None for no demand.

    Raises:
        ConfigError: `licence` is unknown.
        WeightsError: the weights are of another shelf.
    """
    if not licence_allows(summary.shelf, licence):
        raise WeightsError(
            f"Got encoder `{summary.name}` from the {summary.shelf} shelf ({summary.licence}), expected the "
            f"{licence} shelf; choose another encoder, or leave out --licence {licence}."
        )
