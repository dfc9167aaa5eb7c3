"""`mien extract … --budget-rtf`: the groups of descriptors that are worth their time, chosen and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mien.core.errors import ConfigError, InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from mien.features.budget_choice import Chosen
    from mien.features.clips import Clip
    from mien.features.group_score import Answers, Metric

MEASURED_S, SHORTEST_S = 60.0, 0.1
RECORDINGS = ("segment", "file", "start", "end")
ENDING = ".choice.json"


@dataclass(frozen=True)
class Asked:
    """Hold what a user asked for.

    Attributes:
        name: feature set.
        paths: one table of labelled recordings, where there is a budget.
        budget_rtf: seconds of one core per second of audio; None for no budget.
        target: the table's column of labels.
        costs: an earlier choice, whose costs are taken; None measures them.
        choice: an earlier choice, whose columns are taken.
        workers: processes that describe the labelled recordings.
    """

    name: str
    paths: Sequence[Path]
    budget_rtf: float | None
    target: str | None = None
    costs: Path | None = None
    choice: Path | None = None
    workers: int = 1


def columns_within(
    asked: Asked, out: Path, *, named: bool, overwrite: bool, quiet: bool
) -> tuple[str, ...] | None:
    """Return the columns that a budget or an earlier choice gives; None where neither is asked for.

    Args:
        asked: what a user asked for.
        out: table that will be written; a new choice is stored beside it.
        named: whether frames, or single descriptors or functionals, are asked for as well.
        overwrite: whether `out` may exist.
        quiet: print nothing.
    """
    if asked.budget_rtf is None and asked.choice is None:
        if asked.target is not None or asked.costs is not None:
            raise ConfigError("Got --target or --costs without --budget-rtf, expected a budget; add it.")
        return None
    if named or (asked.budget_rtf is not None and asked.choice is not None):
        raise ConfigError(
            "Got a budget or a choice beside other ways to name columns, expected functionals by one of "
            "--budget-rtf, --choice, --descriptors and --functionals; leave the others out."
        )
    from mien.features.budget_choice import read_choice, write_choice
    from mien.features.extraction import check_out

    check_out(out, overwrite=overwrite)
    if asked.budget_rtf is None:
        return None if asked.choice is None else read_choice(asked.choice, asked.name).columns
    chosen, stored = _choose(asked, asked.budget_rtf), out.with_suffix(ENDING)
    write_choice(chosen, stored)
    if not quiet:
        print_choice(chosen, stored)
    return chosen.columns


def _choose(asked: Asked, budget_rtf: float) -> "Chosen":
    """Describe labelled recordings by the whole set, and choose what of it is worth its time."""
    from mien.features.budget import check_budget
    from mien.features.budget_choice import choose_descriptors, needs_of, read_choice
    from mien.features.extraction import extract_table
    from mien.features.group_costs import measure_groups

    needs = needs_of(asked.name)
    labelled = _labelled(asked)
    clips, rate_hz = _some_clips(labelled)
    if asked.costs is None:
        costs = measure_groups(asked.name, clips, rate_hz=rate_hz)
    else:
        costs = read_choice(asked.costs, asked.name).costs
    check_budget(needs.values(), costs, budget_rtf)
    described = extract_table(asked.name, labelled[list(RECORDINGS)], workers=asked.workers)
    rows = labelled.set_index("segment").loc[described["segment"]].reset_index()
    return choose_descriptors(
        asked.name,
        described,
        rows[asked.target],
        speakers=rows["speaker"],
        clips=clips,
        rate_hz=rate_hz,
        budget_rtf=budget_rtf,
        costs=costs,
        interval=_interval,
    )


def _labelled(asked: Asked) -> "pd.DataFrame":
    """Return the rows that have a label, each with a name of its own and the path of its file."""
    from mien.core.tables import read_table
    from mien.signals.file_table import TABLE_SUFFIXES
    from mien.signals.inputs import gather

    tables = [path for path in asked.paths if path.suffix.lower() in TABLE_SUFFIXES and path.is_file()]
    if asked.target is None or len(tables) != 1 or len(asked.paths) != 1:
        raise ConfigError(
            f"Got --budget-rtf with {len(tables)} tables and --target {asked.target}, expected one table of "
            "labelled recordings, and which of its columns is to be told; name both."
        )
    gather(tables)  # refuses a table whose columns are not what they seem
    table = read_table(tables[0])
    for name in (asked.target, "speaker"):
        if name not in table or not table[name].notna().any():
            raise ConfigError(
                f"Got no `{name}` in `{tables[0]}`, expected labels and who speaks: a set is chosen by how "
                "well it tells labels of speakers not heard; add the column, or take the whole set."
            )
    kept = table[table[asked.target].notna()].reset_index(drop=True)
    beside = [tables[0].parent / str(name) for name in kept["file"]]
    kept["file"] = [
        str(path if path.is_file() else name) for path, name in zip(beside, kept["file"], strict=True)
    ]
    kept["segment"] = [f"row-{number}" for number in range(len(kept))]
    # with times a row is a segment, and keeps its name
    return kept.reindex(columns=[*RECORDINGS, "speaker", asked.target])


def _some_clips(labelled: "pd.DataFrame") -> "tuple[list[NDArray[np.float32]], int]":
    """Return about a minute of clips of one rate, drawn from all over the table."""
    from mien.features.clips import ClipReader
    from mien.signals.inputs import gather

    reader, failures, clips = ClipReader(), dict[str, str](), list["Clip"]()
    for job in gather(labelled[list(RECORDINGS)].sample(frac=1, random_state=0)).jobs:
        found = [
            clip for clip in reader.read([job], failures) if clip.samples.size > SHORTEST_S * clip.rate_hz
        ]
        clips.extend(clip for clip in found if clip.rate_hz == (clips or found)[0].rate_hz)
        if clips and sum(clip.samples.size for clip in clips) >= MEASURED_S * clips[0].rate_hz:
            break
    if not clips:
        raise InputError(f"Got no labelled recording that can be read: {' '.join(failures.values())}")
    return [clip.samples for clip in clips], clips[0].rate_hz


def _interval(metric: "Metric", answers: "Answers") -> tuple[float | None, float | None]:
    """Return the 95 % interval of a score over speakers; none where there are too few."""
    from mien.core.errors import UndefinedScore
    from mien.evaluation.intervals import bootstrap

    try:
        found = bootstrap(metric, answers.truth, answers.answer, cluster=answers.speakers)
    except UndefinedScore:
        return None, None
    return found.low, found.high


def print_choice(chosen: "Chosen", stored: Path) -> None:
    """Print how a set was chosen, what it costs and what its score is worth.

    Args:
        chosen: the choice.
        stored: where it lies.
    """
    from mien.cli.print_table import print_table

    rows = [
        (", ".join(step.added), f"{step.cost_rtf:.5f}", f"{step.score:.3f}", _ends(step.low, step.high))
        for step in chosen.steps
    ]
    print_table(("added", "cost, s per s", "score", "95 % interval"), rows, left=("added",))
    about, spent = chosen.score, chosen.measured_rtf
    over = "" if spent["chosen"] <= chosen.budget_rtf else ", more than the budget"
    typer.echo(
        f"{len(chosen.columns)} columns for `{chosen.target}` within {chosen.budget_rtf:g} s per s of audio; "
        f"measured together on one core: {spent['chosen']:.5f}{over}; the whole set: {spent['whole']:.5f}.\n"
        f"Score: {about['measure']} ({about['floor']:.3f} by chance) of {about['model']}; "
        f"{about['protocol']}, {about['folds']} folds, n = {about['rows']} of {about['speakers']} speakers; "
        "intervals over speakers. The set was chosen by it: judge it on speakers who had no part.\n"
        f"The choice is in {stored}; apply it to other recordings by --choice."
    )


def _ends(low: float | None, high: float | None) -> str:
    return "none" if low is None or high is None else f"{low:.3f} to {high:.3f}"
