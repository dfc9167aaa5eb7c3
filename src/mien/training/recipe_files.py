"""Where the run of a recipe keeps its parts: five folds and the refit."""

from pathlib import Path

FOLDS = 5


def part_name(number: int) -> str:
    """Return the name of a fold or, for 5, of the refit."""
    return "refit" if number == FOLDS else f"fold-{number}"


def weights_of(folder: Path, number: int) -> Path:
    """Return the file of a part's weights, which is written last: it is there when the part is finished."""
    return folder / f"{part_name(number)}.safetensors"


def answers_of(folder: Path, number: int) -> Path:
    """Return the file of a fold's answers for the clips that were held out of it."""
    return folder / f"{part_name(number)}.npz"
