"""Train the shipped voice models from their recipes and put them, with their scores, where they belong.

Usage: python scripts/ship_models.py DATA [RECIPE …]

DATA holds one folder per corpus. Finished parts of an earlier run in `runs/` are kept. The weights ship in
8 bit. Written:
`src/mien/models/<name>/` with `held_out.parquet`, and
`docs/results/<name>/` with `scores.json`, `predictions.parquet` (out of fold),
`non-speech.parquet`, answers on the degradation ladder where `scripts/robustness.py` has asked for them in
the run, and the evaluation of these by `mien evaluate` as Markdown, LaTeX and JSON.
"""

import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from mien.evaluation.run_evaluation import evaluate_predictions, write_evaluation
from mien.evaluation.stored_ladder import LADDER_ANSWERS
from mien.studies.given_cell import HELD_OUT
from mien.training.export_folder import ExportOptions, export_model
from mien.training.fold_models import read_run
from mien.training.recipe import run
from mien.training.shipping import DRAWS, PROTOCOL

CHECKOUT = Path(__file__).resolve().parents[1]
RECIPES = ("voice-small", "voice-small-open")
CALIBRATION_CLIPS = 200
REPORTS = ("evaluation.md", "evaluation.tex", "evaluation.json")
KEPT = ("scores.json", "predictions.parquet", "non-speech.parquet")


def ship(recipe: str, data_root: Path) -> Path:
    """Train one recipe and copy what it made into the checkout; return the model's folder."""
    folder = run(recipe, [], data_root=data_root, out=Path("runs"))
    target = Path("src", "mien", "models", recipe)
    shutil.rmtree(target, ignore_errors=True)
    options = ExportOptions(quantize="int8-dynamic", most_clips=CALIBRATION_CLIPS, name=recipe)
    export_model(str(folder), target, calibration=corpora_of(folder, data_root), options=options)
    results = Path("docs", "results", recipe)
    results.mkdir(parents=True, exist_ok=True)
    write_held_out(folder / "predictions.parquet", target / HELD_OUT)
    for name in KEPT:
        shutil.copyfile(folder / name, results / name)
    for found in sorted((folder / LADDER_ANSWERS.parent).glob("*")):
        (results / LADDER_ANSWERS.parent).mkdir(exist_ok=True)
        shutil.copyfile(found, results / LADDER_ANSWERS.parent / found.name)
    # Judged again where it is published, so that the report names a command that anyone can repeat.
    tables = evaluate_predictions(results, protocol=PROTOCOL, draws=DRAWS)
    with tempfile.TemporaryDirectory() as written:
        write_evaluation(tables, written)
        for name in REPORTS:
            shutil.copyfile(Path(written, name), results / name)
    return target


def write_held_out(predictions: Path, target: Path) -> None:
    """Write what the network said of each clip that had not heard its speaker, for `mien compare`."""
    table = pd.read_parquet(predictions)
    kept = [
        "segment",
        "fold",
        *(name for name in table if name.startswith(("p.", "aleatoric.", "epistemic."))),
    ]
    numbers = table[kept].select_dtypes("float").columns
    table[kept].astype(dict.fromkeys(numbers, "float32")).to_parquet(target, index=False)


def corpora_of(folder: Path, data_root: Path) -> list[Path]:
    """Return the folders of the corpora that a run was trained on."""
    return [data_root / name.replace("-", "_") for name in read_run(folder).data.corpora]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    data = Path(sys.argv[1]).resolve()
    os.chdir(CHECKOUT)
    for name in sys.argv[2:] or RECIPES:
        logging.info("shipped %s", ship(name, data))
