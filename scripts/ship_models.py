"""Train the shipped voice models from their recipes and put them, with their scores, where they belong.

Usage: python scripts/ship_models.py DATA [RECIPE …]

DATA holds one folder per corpus. Finished parts of an earlier run in `runs/` are kept. Written:
`src/mien/models/<name>/`, `docs/results/<name>.json` (scores) and `docs/results/<name>.parquet` (the
out-of-fold predictions that the scores are computed from).
"""

import logging
import shutil
import sys
from pathlib import Path

from mien.training.recipe import run

CHECKOUT = Path(__file__).resolve().parents[1]
RECIPES = ("voice-small", "voice-small-open")


def ship(recipe: str, data_root: Path) -> Path:
    """Train one recipe and copy what it made into the checkout; return the model's folder."""
    folder = run(recipe, [], data_root=data_root, out=CHECKOUT / "runs")
    target = CHECKOUT / "src" / "mien" / "models" / recipe
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder / "model", target)
    results = CHECKOUT / "docs" / "results"
    shutil.copyfile(folder / "scores.json", results / f"{recipe}.json")
    shutil.copyfile(folder / "predictions.parquet", results / f"{recipe}.parquet")
    return target


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[2:] or RECIPES:
        logging.info("shipped %s", ship(name, Path(sys.argv[1])))
