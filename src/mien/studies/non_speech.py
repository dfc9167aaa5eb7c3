"""Does a model that ships doubt what is no speech?"""

from pathlib import Path
from typing import Any

from mien.core.weights import shipped_models
from mien.evaluation.non_speech import hear_non_speech
from mien.evaluation.out_of_domain import domain_interval
from mien.studies.cells import Cell, read_cell

DOUBT = "epistemic.category"


def judge_non_speech(cell: Cell, data: Path | None, *, draws: int) -> dict[str, Any]:
    """Return how well epistemic doubt tells sounds without speech from a corpus (goal U3).

    Args:
        cell: that was answered.
        data: folder of corpora, perhaps with `esc10_noise`; made sounds are heard in any case.
        draws: resamples.

    Returns:
        `non_speech_auroc` of a model that ships and knows this doubt; empty for others.
    """
    answers = read_cell(cell.home).answers
    if cell.system.kind != "shipped" or answers is None or DOUBT not in answers:
        return {}
    sounds = hear_non_speech(shipped_models()[cell.system.name], data)
    found = domain_interval(answers[DOUBT], sounds[DOUBT], speaker=answers["speaker"], draws=draws, seed=0)
    return {"non_speech_auroc": found.value}
