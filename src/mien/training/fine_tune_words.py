"""Say in a few lines what a finished fine-tuning run found."""

import json
from pathlib import Path

import pandas as pd

from mien.training.teacher_and_student import comparison_lines


def result_words(folder: Path) -> str:
    """Return each score of a run with its interval, number of clips, speakers and protocol.

    Of a student of several networks, also how it compares with them; of searched settings, what the search
    was worth.

    Args:
        folder: of a finished run, with `scores.json`.
    """
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    lines = [line for corpus, found in scores.items() for line in _lines(corpus, found)]
    if (folder / "search.json").is_file():
        lines += json.loads((folder / "search.json").read_text(encoding="utf-8"))["sentences"]
    if (folder / "distillation.csv").is_file():
        lines += comparison_lines(pd.read_csv(folder / "distillation.csv").fillna({"note": ""}))
    return "\n".join(lines)


def _lines(corpus: str, found: dict) -> list[str]:
    people = f"{found['speakers']} speakers" if found.get("speakers") else "speakers unknown"
    about = f"{corpus}: {found['n']} clips, {people}, {found['protocol']}"
    lines = []
    if "uar" in found:
        interval = _interval(found.get("low"), found.get("high"), scale=100)
        lines.append(
            f"Unweighted average recall {100 * found['uar']:.1f} %{interval}; guessing gives "
            f"{100 / found['classes']:.1f} % ({about})"
        )
    for name in (name for name in found if name.endswith(".ccc")):
        interval = _interval(found.get(f"{name}.low"), found.get(f"{name}.high"))
        lines.append(f"Concordance of {name.removesuffix('.ccc')} {found[name]:.3f}{interval} ({about})")
    return lines


def _interval(low: float | None, high: float | None, *, scale: int = 1) -> str:
    if low is None or high is None:
        return " (no interval by speaker)"
    digits = 1 if scale == 100 else 3
    return f" (95 % interval {scale * low:.{digits}f} to {scale * high:.{digits}f})"
