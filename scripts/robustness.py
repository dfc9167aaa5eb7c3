"""Measure how much of a voice model's score is left on the degradation ladder (goal U6).

Usage: python scripts/robustness.py DATA [MODEL] [--clips 300] [--workers 2] [--out FOLDER] [--draws 1000]

DATA holds one folder per corpus; MODEL is a shipped name, a model folder, or the run folder of a recipe. The
corpora are those that the model was trained on, `--clips` of each (0: all), as even as can be over speakers;
noise is the part `test` of ESC-10 in DATA. Written: `robustness.md`, `robustness.json`, and `answers.parquet`
with every answer; of a run in its folder `robustness/`, where `mien evaluate RUN` finds goal U6.

A shipped model has heard these clips. Its score on clean ones is then higher than on new speakers, so that
the ratio is no judgement of the goal: the report says so. Of a run folder, each clip is answered by the model
that was trained without its speaker.
"""

import argparse
import logging
from functools import partial
from pathlib import Path

import pandas as pd

from mien.core.registry import find
from mien.core.workers import spread
from mien.evaluation.answers import categories_of
from mien.evaluation.ladder_answers import answer_ladder, balanced_subset, every_rung, predict_with
from mien.evaluation.robustness import judge_robustness
from mien.evaluation.stored_ladder import LADDER_ANSWERS, leave_open
from mien.prediction.predictor import load_predictor
from mien.reports.robustness_report import write_robustness
from mien.signals.decode import decode
from mien.training.fold_models import fold_predictors, read_run
from mien.training.recipe import load_table

RATE_HZ = 16000
LOGGER = logging.getLogger(__name__)
HELD_OUT = "every clip is answered by a model that did not hear its speaker"
HEARD = "the model was trained on these clips: the ratio is no estimate for new speakers"


def load_clips(data: Path, model: str, count: int) -> pd.DataFrame:
    """Return the clips of the model's corpora that carry one of its categories, of a run with their fold."""
    if is_run(model):
        table = load_table(read_run(Path(model)).data, data)
    else:
        summary = load_predictor(model).summary
        tables = [find("corpora", name).load(data / name.replace("-", "_")) for name in summary.trained_on]
        table = pd.concat(tables, ignore_index=True)
        table = table[table["category"].isin(summary.categories)].reset_index(drop=True)
    return balanced_subset(table, count) if count else table


def is_run(model: str) -> bool:
    """Tell whether this is the run folder of a recipe."""
    return Path(model, "recipe.json").is_file()


def load_noises(data: Path, rate_hz: int) -> list:
    """Return the noises that nothing is trained with, or none where ESC-10 is not there."""
    root = data / "esc10_noise"
    if not root.is_dir():
        LOGGER.warning("no ESC-10 in %s: recorded noise is left out, and the goal not judged", data)
        return []
    table = find("corpora", "esc10-noise").load(root)
    files = table.loc[table["split"] == "test", "file"]
    return [decode(file, rate_hz=rate_hz, mono=True).samples[0] for file in files]


def answer_some(rungs: list, *, clips: pd.DataFrame, model: str, data: Path) -> dict:
    """Return (condition, level) → answers, clean clips as ("clean", 0); one job of a worker."""
    rate_hz = RATE_HZ if is_run(model) else load_predictor(model).summary.rate_hz
    predict = fold_predictors(Path(model)) if is_run(model) else predict_with(load_predictor(model))
    noises = load_noises(data, rate_hz)
    answers = answer_ladder(clips, predict, rate_hz=rate_hz, noises=noises, rungs=rungs)
    return {(condition, level): table for condition, level, table in answers}


def answer_all(clips: pd.DataFrame, *, model: str, data: Path, workers: int) -> dict:
    """Return every rung's answers, condition by condition."""
    rungs = every_rung(noises=(data / "esc10_noise").is_dir())
    jobs = [[rung for rung in rungs if rung[0] == name] for name in dict.fromkeys(name for name, _ in rungs)]
    work = partial(answer_some, clips=clips, model=model, data=data)
    found: dict = {}
    for done, (number, result) in enumerate(spread(work, jobs, workers=workers), start=1):
        if isinstance(result, BaseException):
            raise result
        LOGGER.info("%s done, %d of %d", jobs[number][0][0], done, len(jobs))
        found |= result
    return found


def main(arguments: argparse.Namespace) -> None:
    """Answer, judge and write."""
    clips = load_clips(arguments.data, arguments.model, arguments.clips)
    found = answer_all(clips, model=arguments.model, data=arguments.data, workers=arguments.workers)
    clean = found.pop(("clean", 0))
    judged = judge_robustness(clean, found, draws=arguments.draws)
    run = is_run(arguments.model)
    summary = load_predictor(Path(arguments.model, "model") if run else arguments.model).summary
    heard = not run and bool(set(clips["corpus"].str.replace("_", "-")) & set(summary.trained_on))
    facts = {
        "title": f"Robustness of {summary.name}",
        "clips": f"{len(clips)}, {arguments.clips or 'all'} per corpus",
        "speakers": clips["speaker"].nunique(),
        "held_out": f"nothing: {HEARD}" if heard else HELD_OUT,
        "licence": summary.licence,
        "sha256": summary.sha256,
        "command": f"python scripts/robustness.py DATA {arguments.model} --clips {arguments.clips}",
    }
    if heard:
        judged = judged._replace(goals=leave_open(judged.goals))
    out = arguments.out or (
        Path(arguments.model) / LADDER_ANSWERS.parent if run else Path("build", "robustness")
    )
    out.mkdir(parents=True, exist_ok=True)
    written = write_robustness(*judged, summary=facts, folder=out)
    about = {"model": summary.name, "held_out": not heard}
    keep = ["segment", "corpus", "speaker", "truth", "prediction", *(f"p.{n}" for n in categories_of(clean))]
    every = {("clean", 0): clean, **found}
    rows = [
        table[keep].assign(condition=name, level=level, **about) for (name, level), table in every.items()
    ]
    pd.concat(rows, ignore_index=True).to_parquet(out / LADDER_ANSWERS.name, index=False)
    LOGGER.info("written: %s", ", ".join(str(path) for path in written))


def read_arguments() -> argparse.Namespace:
    """Return the command line's words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the corpora and esc10_noise")
    parser.add_argument("model", nargs="?", default="voice-small", help="shipped name or model folder")
    parser.add_argument("--clips", type=int, default=300, help="clips per corpus; 0 takes all")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--draws", type=int, default=1000, help="resamples per interval")
    parser.add_argument("--out", type=Path, help="folder; default: RUN/robustness, else build/robustness")
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(read_arguments())
