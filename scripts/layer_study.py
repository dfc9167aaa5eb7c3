"""Measure what each layer of a frozen encoder knows of expression, on speakers that were not trained with.

Usage: python scripts/layer_study.py RUN

RUN is a run folder of `mien train voice-base`: it keeps mean and standard deviation of every layer for each
clip. Judged is a logistic regression on the recordings as they are (C = 0.001, inputs brought to mean 0 and
deviation 1), joint 5-fold. Written: `docs/results/<name>/layers.md`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mien.core.files import write_texts
from mien.evaluation.intervals import bootstrap
from mien.evaluation.metrics import unweighted_average_recall
from mien.training.fold_models import read_run
from mien.training.recipe_settings import build_net

PENALTY = 0.001


def out_of_fold(inputs: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """Return each clip's category by a regression that was fitted on the other folds."""
    fold, answers = table["fold"].to_numpy(), table["category"].to_numpy(dtype=object).copy()
    for number in np.unique(fold):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=300))
        model.fit(inputs[fold != number], table["category"][fold != number])
        answers[fold == number] = model.predict(inputs[fold == number])
    return answers


def score_rows(name: str, answers: np.ndarray, table: pd.DataFrame) -> list[str]:
    """Return one layer set's cells: UAR in % with its interval by speaker, per corpus."""
    cells = [name]
    for _, part in table.groupby("corpus", sort=False):
        truth, said = part["category"].to_numpy(), answers[part.index]
        found = bootstrap(unweighted_average_recall, truth, said, cluster=part["speaker"].to_numpy())
        value = unweighted_average_recall(truth, said)
        cells.append(f"{100 * value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]")
    return cells


def main(run: Path) -> None:
    """Judge each layer, the first ones, and all together."""
    settings = read_run(run)
    layers = build_net(settings, settings.seed).encoder.layer_count - 1
    table = pd.read_parquet(run / "predictions.parquet")
    heard = np.load(run / "statistics.npy")[0].reshape(len(table), layers, -1)
    sets = {f"{n + 1}": [n] for n in range(layers)}
    sets |= {f"1 to {n}": list(range(n)) for n in range(2, layers + 1)}
    rows = [
        score_rows(name, out_of_fold(heard[:, chosen].reshape(len(table), -1), table), table)
        for name, chosen in sets.items()
    ]
    sizes = table.groupby("corpus", sort=False)
    counts = [f"{name} (n {len(part):,}, {part['speaker'].nunique()} speakers)" for name, part in sizes]
    lines = ["# What each layer of the encoder knows", "", "Made by:", "", "```bash"]
    lines += [f"python scripts/layer_study.py runs/{run.name}", "```", ""]
    lines += [
        "Unweighted average recall in % [95 % by speaker] of a logistic regression on mean and standard"
    ]
    lines += ["deviation over time of the layers named, joint 5-fold.", ""]
    lines += [f"| layers | {' | '.join(counts)} |", "|---" * (len(counts) + 1) + "|"]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    write_texts(Path("docs", "results", settings.name), {"layers.md": "\n".join(lines) + "\n"})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
