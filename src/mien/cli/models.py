"""`mien models`: which models travel with mien, how good they are, and who may use them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mien.prediction.model_card import ModelSummary


def models(
    name: Annotated[
        str | None, typer.Argument(help="Show this model's whole card.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per model.")] = False,
) -> None:
    """List the shipped models: size, licence, scores, card."""
    from mien.prediction.model_card import shipped

    found = {model.name: model for model in shipped()}
    if name is not None:
        found = {name: _pick(name, found)}
        if not json:
            typer.echo(found[name].card or "This model has no card.")
            return
    for model in found.values():
        typer.echo(_as_json(model) if json else _describe(model))
    if not found and not json:
        typer.echo("No model travels with this installation.")


def _pick(name: str, found: dict[str, "ModelSummary"]) -> "ModelSummary":
    from mien.core.errors import ConfigError
    from mien.core.nearest import did_you_mean

    if name not in found:
        raise ConfigError(
            f"Got model `{name}`, expected one of {', '.join(found) or 'none'}.{did_you_mean(name, found)}"
        )
    return found[name]


def _as_json(model: "ModelSummary") -> str:
    import json

    return json.dumps(asdict(model), default=str, ensure_ascii=False)


def _describe(model: "ModelSummary") -> str:
    """Return a model's facts as indented lines."""
    lines = [
        f"{model.name}: {model.title}" if model.title else model.name,
        f"  licence     {model.licence} ({model.shelf} shelf)",
        f"  size        {model.size_mb:.1f} MB, {model.parameters:,} parameters, {model.members} members",
        f"  answers     {', '.join([*model.categories, *model.dimensions])}",
        f"  trained on  {', '.join(model.trained_on) or 'not said'}",
    ]
    lines += [f"  score       {_score(corpus, score)}" for corpus, score in model.scores.items()]
    if model.folder is not None and (model.folder / "CARD.md").is_file():
        lines.append(f"  card        {model.folder / 'CARD.md'}")
    return "\n".join(lines) + "\n"


def _score(corpus: str, score: dict[str, Any]) -> str:
    """Return one corpus' score with its interval, n and protocol; never the bare number."""
    low, high = score.get("low"), score.get("high")
    interval = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    facts = [f"{score[key]} {key}" for key in ("classes", "speakers") if key in score]
    facts += [f"n = {score['n']}"] if "n" in score else []
    facts += [str(score["protocol"])] if "protocol" in score else []
    return f"{corpus}: UAR {score.get('uar', float('nan')):.3f}{interval}; {', '.join(facts)}"
