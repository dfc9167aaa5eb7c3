"""The command `mien`: its verbs, and what an error looks like."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mien import __version__
from mien.cli import (
    ablate,
    analyze,
    bags,
    compare,
    corpora,
    degrade,
    distill,
    doctor,
    embed,
    evaluate,
    export,
    extract,
    hear,
    models,
    train,
)
from mien.cli.many_values import SeveralWords
from mien.core.errors import MienError
from mien.core.nearest import did_you_mean

USE = "USE: recordings in, affect records out"
MAKE = "MAKE: labelled recordings in, models out"
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

# Typer keeps its usage errors in click or in a copy of it, depending on its version; this finds either.
UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="mien",
    help="Affect from voice, words and faces: timed records that say how sure they are.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS = {
    "analyze": (analyze.analyze, USE),
    "models": (models.models, USE),
    "doctor": (doctor.doctor, USE),
    "train": (train.train, MAKE),
    "distill": (distill.distill, MAKE),
    "export": (export.export, MAKE),
    "extract": (extract.extract, MAKE),
    "bags": (bags.bags, MAKE),
    "embed": (embed.embed, MAKE),
    "evaluate": (evaluate.evaluate, MAKE),
    "compare": (compare.compare, MAKE),
    "ablate": (ablate.ablate, MAKE),
    "degrade": (degrade.degrade, MAKE),
    "hear": (hear.hear, MAKE),
}
for _name, (_verb, _panel) in VERBS.items():
    app.command(_name, rich_help_panel=_panel, cls=SeveralWords)(_verb)
app.add_typer(corpora.app, name="corpora", rich_help_panel=MAKE)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mien {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Affect from voice, words and faces: timed records that say how sure they are."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: words after `mien`; default those of the process.
    """
    # Read when numpy loads, in worker processes as well: small matrix products only spin on more threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = app(args=arguments, prog_name="mien", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except UsageError as error:
        typer.echo(f"mien: {_usage_line(error)}", err=True)
        sys.exit(EXIT_USAGE)
    except MienError as error:
        typer.echo(f"mien: {error}", err=True)
        sys.exit(EXIT_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("mien: interrupted.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output left, as `head` does; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _usage_line(error: Any) -> str:
    """Return a usage error as one line with the nearest known words and where to read more."""
    context = error.ctx
    text = " ".join(error.format_message().split())
    if context is None:
        return f"{text} See `mien --help`."
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        known = [word for item in context.command.get_params(context) for word in item.opts]
        name = error.option_name
        text = (
            f"Got option `{name}`, which `{context.command_path}` does not have.{did_you_mean(name, known)}"
        )
    elif text.startswith("No such command"):
        name = text.split("'")[1]
        known = context.command.list_commands(context)
        text = (
            f"Got command `{name}`, which `{context.command_path}` does not have.{did_you_mean(name, known)}"
        )
    return f"{text} See `{context.command_path} --help`."
