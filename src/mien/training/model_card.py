"""Write a trained model's card and licence file from its scores and what is known of it."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mien.evaluation.floors import MEANING
from mien.reports.evaluation_headline import headline
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.evaluation_text import markdown_table
from mien.reports.printed_tables import printed_tables
from mien.training.recipe_settings import Recipe

NOT_STATED = "not stated"
"""Licence of weights whose owner has not chosen one."""

LICENCE_ADDRESS = {
    "CC BY-NC-SA 4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/legalcode",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    "MIT": "https://opensource.org/license/mit",
}


@dataclass(frozen=True)
class CardFacts:
    """Say of a model what its summary and scores do not.

    Attributes:
        answers: what the model answers, in words.
        heard: recordings that it was trained on, in words.
        from_what: name of a further line at the top, and the line: `("Teacher", "none")`.
        protocol: how the scores came about.
        reproduce: how to train it again.
        refit: what the weights in the folder were trained on.
        weaknesses: sentences beyond the limits in its summary.
    """

    answers: str
    heard: str
    from_what: tuple[tuple[str, str], ...]
    protocol: str
    reproduce: str
    refit: str
    weaknesses: tuple[str, ...] = ()


def card_text(
    summary: dict[str, Any], tables: EvaluationTables, facts: CardFacts, *, temperature: float
) -> str:
    """Return the card as Markdown.

    Args:
        summary: the fields of model.toml.
        tables: the evaluation of its out-of-fold predictions.
        facts: what they do not say.
        temperature: what the logits are divided by.
    """
    limits = "\n".join(f"- {line}" for line in (*summary["limits"], *facts.weaknesses))
    further = "\n".join(f"- **{name}**: {text}." for name, text in facts.from_what)
    return f"""# {summary["name"]}

{summary["summary"]}

- **Answers**: {facts.answers}.
- **Takes**: 16-kHz samples, {summary["min_duration_s"]} to {summary["max_duration_s"]:.0f} s at once.
- **Size**: {summary["parameters"]:,} parameters, {summary["size_mb"]} MB; {summary["members"]} members.
- **Shelf and licence**: {summary["shelf"]}, {summary["licence"]}.
- **Heard**: {facts.heard}.
{further}

## How good it is

{_scores(summary, tables, facts, temperature=temperature)}

## Limits

{limits}
"""


def recipe_facts(settings: Recipe, table: pd.DataFrame, tables: EvaluationTables) -> CardFacts:
    """Return what the card of a shipped recipe says.

    Args:
        settings: the resolved recipe.
        table: the training clips.
        tables: the evaluation.
    """
    further = f"; {', '.join(settings.data.dimensions)} from 0 to 1" if settings.data.dimensions else ""
    return CardFacts(
        answers=f"{', '.join(settings.data.categories)}{further}, with two kinds of doubt",
        heard=heard(table),
        from_what=(),
        protocol="Unweighted average recall in %, joint 5-fold: every speaker is judged by a model that "
        f"never heard them. The choice is among all {len(settings.data.categories)} categories, also where "
        "a corpus lacks some. No speaker normalization; the number of epochs is fixed, not selected; one "
        "seed. What was changed in the recipe after a look at held-out scores stands in "
        f"`docs/results/README.md`. The floor is a {MEANING}.",
        reproduce=f"Reproduce: `mien train {settings.name} --data DATA`, where DATA holds "
        f"{', '.join(settings.data.corpora)}.",
        refit="These are the recipe's scores, made by `mien evaluate`; the whole report is "
        f"`docs/results/{settings.name}/`. The weights that ship are its refit on all clips, for which no "
        "held-out speaker is left.",
        weaknesses=tuple(_weaknesses(settings, tables)),
    )


def heard(table: pd.DataFrame) -> str:
    """Return how much was heard, of how many people."""
    hours = (table["end"] - table["start"]).sum() / 3600
    people = table["speaker"].nunique() if "speaker" in table else 0
    return f"{len(table)} clips, {hours:.2f} h, {people or 'an unknown number of'} speakers"


def licence_text(licence: str, credits: list[str], *, why: str) -> str:
    """Return the licence file: licence, address of its text, and whom to credit.

    Args:
        licence: of the weights.
        credits: what they were made of, and its licence, one line each.
        why: a sentence on why it is this licence, before the credits.
    """
    said = (
        "No licence is stated for the weights in this folder (model.onnx): ask whoever trained them before "
        "you use or share them."
        if licence == NOT_STATED
        else f"The weights in this folder (model.onnx) are under {licence}: "
        f"{LICENCE_ADDRESS.get(licence, 'see that licence’s own page')}"
    )
    return "\n".join([said, why, *(f"- {line}" for line in credits)]) + "\n"


def _scores(
    summary: dict[str, Any], tables: EvaluationTables, facts: CardFacts, *, temperature: float
) -> str:
    can, cannot = headline(tables)
    goals = f"\n{_table(tables, 'goals')}\n" if len(tables.goals) else ""
    return f"""{can}

{cannot}

{facts.protocol}

{_table(tables, "scores", only=_first_metrics(tables))}
{goals}
{facts.reproduce}

{facts.refit}{_doubt(summary, temperature)}"""


def _doubt(summary: dict[str, Any], temperature: float) -> str:
    if "abstain_above" not in summary:
        return ""
    return (
        f" Their temperature is {temperature:.2f}, fitted on the held-out logits. The model abstains above "
        f"{summary['abstain_above']} nats of doubt, the level of the most doubtful fifth there."
    )


def _first_metrics(tables: EvaluationTables) -> list[str]:
    """Return the metrics that a card shows: average recall, and the concordance of dimensions."""
    names = tables.scores["metric"].unique()
    return [name for name in names if name == "uar" or name.endswith(".ccc")] or [names[0]]


def _table(tables: EvaluationTables, key: str, *, only: list[str] | None = None) -> str:
    """Return one table of the evaluation as Markdown, of some metrics only where these are named."""
    if only is not None:
        tables = replace(tables, scores=tables.scores[tables.scores["metric"].isin(only)])
    return next(markdown_table(table) for table in printed_tables(tables) if table.key == key)


def _weaknesses(settings: Recipe, tables: EvaluationTables) -> list[str]:
    recall = tables.scores[tables.scores["metric"] == "uar"]
    below = recall.loc[recall["value"] < recall["floor"], "corpus"].tolist()
    lines = [f"Below the floor of a linear SVM on {', '.join(below)}: a weak model there."] if below else []
    if len(settings.data.corpora) == 1:
        lines.append("**Weak outside its corpus**: a handful of speakers of one language, ten sentences.")
    if "surprise" not in settings.data.categories:
        lines.append("Has never heard surprise labelled, so it has no such category.")
    return lines
