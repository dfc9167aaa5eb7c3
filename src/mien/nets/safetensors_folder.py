"""Read all safetensors of a hub-style folder."""

from pathlib import Path

from torch import Tensor

from mien.core.errors import WeightsError


def read_safetensors(folder: Path) -> dict[str, Tensor]:
    """Return name → weights of every `model*.safetensors` in a folder.

    Args:
        folder: as `save_pretrained` of `transformers` writes it, in one file or several.

    Raises:
        WeightsError: there is none.
    """
    from safetensors.torch import load_file

    paths = sorted(folder.glob("model*.safetensors"))
    if not paths:
        raise WeightsError(
            f"Got no model.safetensors in `{folder}`, expected one; mien reads no pickled weights: "
            "save the checkpoint again with safetensors."
        )
    return {name: value for path in paths for name, value in load_file(path).items()}
