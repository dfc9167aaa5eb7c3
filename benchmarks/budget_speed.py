"""S10: what groups of descriptors cost on one core, and whether sets chosen for EmoDB keep their budget.

MIEN_DATA names the folder of corpora. Costs are measured on a minute of EmoDB's clips, each chosen set then
on another minute.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy loads

import numpy as np
import pandas as pd
import psutil
import soundfile
from joined_clips import data_root
from machine import processor, report

from mien.features.budget_choice import choose_descriptors
from mien.features.extraction import extract_table
from mien.features.group_costs import measure_groups, measure_sets

GOAL = "S10: descriptors within a time budget (goal: a chosen set takes at most 1.5 x its budget)"
RATE_HZ = 16000
BUDGETS = (0.0005, 0.001, 0.002, 0.004, 0.008)
SLACK = 1.5
COMMAND = "python benchmarks/budget_speed.py"


def main() -> None:
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    folder = data_root() / "emodb"
    table = pd.read_csv(folder / "index.csv", dtype=str)
    table["file"] = [str(folder / name) for name in table["file"]]
    first, second = minutes_of(table)
    for name in ("egemaps", "compare"):
        costs = measure_groups(name, first, rate_hz=RATE_HZ)
        rows = [{"group": group, "ms per s of audio": f"{1e3 * cost:.3f}"} for group, cost in costs.items()]
        report(f"Cost of the groups of {name}, one core", rows, command=COMMAND, before=before)
        described = extract_table(name, table[["file"]])
        rows = [kept(name, described, table, budget, costs, (first, second)) for budget in BUDGETS]
        report(f"{GOAL}; {name}, EmoDB", rows, command=COMMAND, before=before)


def minutes_of(table: pd.DataFrame) -> list[list[np.ndarray]]:
    """Return two lists of clips, a minute each, drawn from all over the corpus."""
    found, drawn = [[], []], iter(table["file"].sample(frac=1, random_state=0))
    for clips in found:
        while sum(map(len, clips)) < 60 * RATE_HZ:
            clips.append(soundfile.read(next(drawn), dtype="float32")[0])
    return found


def kept(
    name: str,
    described: pd.DataFrame,
    table: pd.DataFrame,
    budget: float,
    costs: dict[str, float],
    minutes: tuple[list[np.ndarray], list[np.ndarray]],
) -> dict[str, object]:
    """Return a row on the set chosen within a budget."""
    chosen = choose_descriptors(
        name,
        described,
        table["emotion"],
        speakers=table["speaker"],
        clips=minutes[0],
        rate_hz=RATE_HZ,
        budget_rtf=budget,
        costs=costs,
    )
    last, about = chosen.steps[-1], chosen.score
    [spent] = measure_sets(name, [frozenset(last.groups)], minutes[1], rate_hz=RATE_HZ)
    return {
        "budget, s per s": budget,
        "groups": ", ".join(last.groups),
        "columns": len(chosen.columns),
        "cost, summed": f"{last.cost_rtf:.5f}",
        "measured": f"{spent:.5f}",
        f"within {SLACK} x": "yes" if spent <= SLACK * budget else "no",
        "score it was chosen by": f"{last.score:.3f} ({about['measure']}, {about['protocol']}, "
        f"{about['folds']} folds, n = {about['rows']}, {about['speakers']} speakers)",
    }


if __name__ == "__main__":
    main()
