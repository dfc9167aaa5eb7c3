"""What a system costs in use: size, operations, latency, memory; and an estimate of its energy."""

import json
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from mien.core.errors import MienError
from mien.core.files import write_atomically
from mien.studies.answerers import (
    Answerer,
    ConstantAnswerer,
    LateAnswerer,
    LearnedAnswerer,
    Scale,
    ShippedAnswerer,
    TunedAnswerer,
)
from mien.studies.cells import Cell, learned_cell, read_cell
from mien.studies.energy import core_power, energy_wh
from mien.studies.fitted_learner import fit_scorer
from mien.studies.fresh_process import Alone, answer_alone
from mien.studies.learned_cell import LearnedCell, by_speaker, center_and_spread
from mien.studies.one_segment import OneSegment, read_segments
from mien.studies.stream_readers import find_reader
from mien.studies.system_words import SystemWords, read_system

LOGGER = logging.getLogger(__name__)
MOST_SEGMENTS = 12
FILE = "cost.json"
COLUMNS = ("parameters", "size_mb", "multiply_adds", "latency_ms", "times_real_time", "peak_mb")
ENERGY_NOTE = (
    "Energy is an estimate, not a measurement: core seconds of training and judging times {}. Columns and "
    "embeddings, which systems share, are computed before and are not in it; nor are memory, idle cores, "
    "accelerators and cooling."
)


def cost_columns(cells: Sequence[Cell]) -> dict[str, Any]:
    """Return the cost columns of a row; what was measured before is read.

    Args:
        cells: one system on one corpus, a cell per seed, all answered. Size, latency and memory are those of
            the first, energy is that of all.

    Returns:
        `COLUMNS`, `energy_wh` and `note`; None where something is not known.
    """
    path = cells[0].home / FILE
    if not path.exists():
        LOGGER.info("cost of %s on %s", cells[0].system.name, cells[0].corpus.name)
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(measure_cost(cells[0]), indent=1), encoding="utf-8")
    found = json.loads(path.read_text(encoding="utf-8"))
    watts = found.pop("watts_per_core")
    spent = sum(read_cell(cell.home).facts["core_s"] for cell in cells)
    return found | {"energy_wh": None if watts is None else energy_wh(spent, watts)}


def measure_cost(cell: Cell) -> dict[str, Any]:
    """Measure what a system takes in use, after it was judged.

    A learner is trained once more on the training rows of the first fold, and answers up to 12 of its test
    segments one by one, on one core, in a fresh process that does nothing else.

    Args:
        cell: that was answered.

    Returns:
        `parameters`: learned numbers, whether trained here or before; `size_mb`: what has to be kept of them;
        `multiply_adds`: of networks and learners, for one clip of one second or one text of 20 words;
        `latency_ms`: median from samples or words to probabilities in the core's own time, without reading
        and decoding a file; `times_real_time`: seconds of sound per second of work, None for words;
        `peak_mb`: most memory of that process, with Python and its packages; `watts_per_core`, for
        `energy_wh`; `note`. What is not known is None and the note says why. Megabytes are a million bytes.
    """
    nothing: dict[str, Any] = dict.fromkeys(COLUMNS)
    if cell.system.kind == "stored":
        return nothing | {"watts_per_core": None, "note": "what stored predictions cost is not known here"}
    found = nothing | {"watts_per_core": core_power().watts, "note": ""}
    try:
        answerer, segments = find_answerer(cell)
        size = answerer.size()
        alone = answer_alone(answerer, segments)
    # whatever a system does, the table is finished, and its note says why it has no cost
    except Exception as error:  # noqa: BLE001
        LOGGER.warning("cost of %s on %s: %s", cell.system.name, cell.corpus.name, error)
        said = str(error) if isinstance(error, MienError) else f"{type(error).__name__}: {error}"
        return found | {"note": f"cost not measured: {said}"}
    notes = [size.note]
    if cell.system.kind == "auto":
        notes.append("size and speed are those of the winner in the first fold")
    return found | size._asdict() | _speed(alone, segments) | {"note": "; ".join(one for one in notes if one)}


def energy_note() -> str:
    """Return what a reader must know of the energy column."""
    return ENERGY_NOTE.format(core_power().said)


def find_answerer(cell: Cell) -> tuple[Answerer, list[OneSegment]]:
    """Return a cell's system as it is used, trained on the first fold, and test segments of that fold.

    Of a search it is the winner of that fold.

    Args:
        cell: that was answered; not of kind `stored`.
    """
    system, fold = cell.system, cell.folds[0]
    count = min(MOST_SEGMENTS, len(fold.test))
    rows = fold.test[np.linspace(0, len(fold.test) - 1, count).round().astype(int)]
    segments = read_segments(cell.corpus, rows)
    if system.kind == "shipped":
        return ShippedAnswerer(system.name), segments
    if system.kind == "tuned":
        return TunedAnswerer(system.streams[0], system.learner, len(cell.corpus.classes)), segments
    if system.kind == "majority":
        shares = np.bincount(cell.corpus.truth[fold.train], minlength=len(cell.corpus.classes))
        return ConstantAnswerer(shares / len(fold.train)), segments
    if system.kind == "auto":
        winner = read_cell(cell.home).facts["chosen"][0].rpartition(" ")[0]
        return _learned(cell, read_system(winner), rows), segments
    if system.kind == "late":
        return LateAnswerer([_learned(cell, part, rows) for part in system.parts]), segments
    return _learned(cell, system, rows), segments


def _learned(cell: Cell, system: SystemWords, rows: Any) -> LearnedAnswerer:
    learned, fold = learned_cell(cell, system), cell.folds[0]
    chosen = learned.choose(fold)
    train = learned.columns(fold.train, fold.test).train
    scorer = fit_scorer(learned.learner, train, learned.truth[fold.train], chosen.setting, learned.seed)
    named = zip(system.streams, learned.streams, strict=True)
    readers = [find_reader(name, stream, fold.train) for name, stream in named]
    scales = [_scale(learned, stream.columns(fold.train), fold.train, rows) for stream in learned.streams]
    return LearnedAnswerer(readers, scales, scorer, chosen.sharp)


def _scale(learned: LearnedCell, values: Any, train: Any, rows: Any) -> Scale | None:
    """Return how a stream is scaled, and what is known of the speakers of some rows."""
    if not isinstance(values, np.ndarray):
        return None
    whole, own = values.astype(np.float64), {}
    if learned.speaker is not None:
        for row in rows:
            mine = whole[learned.speaker == learned.speaker[row]]
            if not np.isnan(mine).all():
                own[int(row)] = center_and_spread(mine)
        whole = by_speaker(whole, learned.speaker)
    return Scale(*center_and_spread(whole[train]), own)


def _speed(alone: Alone, segments: Sequence[OneSegment]) -> dict[str, Any]:
    heard, spent = sum(one.duration_s for one in segments), sum(alone.seconds)
    return {
        "latency_ms": 1000 * float(np.median(alone.seconds)),
        "times_real_time": heard / spent if heard else None,
        "peak_mb": alone.peak_mb,
    }
