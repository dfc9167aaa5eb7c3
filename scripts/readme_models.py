"""Write the README's table of shipped models from each model.toml; `--check` only compares."""

import sys
from pathlib import Path
from typing import Any

from mien.prediction.model_card import ModelSummary, shipped

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN = "<!-- models: written by scripts/readme_models.py from each model.toml -->\n"
END = "<!-- /models -->"


def main() -> None:
    """Rewrite the table, or exit with a message where it is out of date."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = head + BEGIN + section(shipped()) + END + tail
    if "--check" in sys.argv[1:]:
        if wanted != text:
            sys.exit("README.md says other things than model.toml; run `python scripts/readme_models.py`.")
        return
    README.write_text(wanted, encoding="utf-8")


def section(models: list[ModelSummary]) -> str:
    """Return the README's section on models as Markdown."""
    if not models:
        return "No model ships in this checkout yet.\n"
    lines = ["| model | size | shelf | licence of the weights | what it answers |", "|---|---|---|---|---|"]
    for model in models:
        answers = ", ".join([*model.categories, *model.dimensions])
        lines.append(
            f"| [`{model.name}`](src/mien/models/{model.name}/CARD.md) | {model.size_mb:.1f} MB "
            f"| `{model.shelf}` | {model.licence} | {answers} |"
        )
    scored = [(model, corpus, score) for model in models for corpus, score in model.scores.items()]
    if scored:
        lines += ["", "Unweighted average recall (UAR) with its 95 % interval, on speakers held out:", ""]
        lines += ["| model | corpus | UAR | classes | n | speakers | protocol | made by |", "|" + "---|" * 8]
        lines += [score_row(model, corpus, score) for model, corpus, score in scored]
    return "\n".join(lines) + "\n"


def score_row(model: ModelSummary, corpus: str, score: dict[str, Any]) -> str:
    """Return one score with everything that a number needs to be read."""
    uar, low, high = (f"{score[name]:.3f}" for name in ("uar", "low", "high"))
    return (
        f"| `{model.name}` | {corpus} | {uar} [{low}, {high}] | {score['classes']} | {score['n']} "
        f"| {score['speakers']} | {score['protocol']} | `{score['command']}` |"
    )


if __name__ == "__main__":
    main()
