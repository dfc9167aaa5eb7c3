"""`mien distill`: a model and recordings in, a smaller model that answers like it out."""

from pathlib import Path
from typing import Annotated

import typer

Teacher = Annotated[
    str, typer.Option(help="Run folder, model folder, shipped model (voice-small), or hf:<checkpoint>.")
]
Student = Annotated[
    str,
    typer.Option(help="Encoder of the student: mel-recurrent, whisper-tiny, a folder …; all of it learns."),
]
Data = Annotated[
    list[Path],
    typer.Option(
        help="Recordings, folders, or a table with `file`; labels are not needed, but learned where given."
    ),
]
Out = Annotated[Path, typer.Option(help="New folder of the student.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the clips. (default: by --student)", min=1)]
Aware = Annotated[
    bool, typer.Option("--quantize-aware", help="Let the last epochs compute in 8 bit, and write 8 bit.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change a setting: --set distill.temperature=2.")
]
Download = Annotated[bool, typer.Option("--download", help="Fetch a hub checkpoint that is not here.")]


def distill(
    teacher: Teacher,
    student: Student,
    data: Data,
    out: Out,
    epochs: Epochs = None,
    quantize_aware: Aware = False,
    settings: Set = None,
    download: Download = False,
) -> None:
    """Train a small model to answer as a large one does, with both kinds of its doubt; no labels needed.

    Example: mien distill --teacher voice-small --student mel-recurrent --data recordings/ --out small/
    """
    import logging
    from importlib import import_module

    from mien.core.optional import require

    require("torch", "train")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # At run time only: the command line must work where torch is not installed.
    done = import_module("mien.training.distill").distill(
        teacher, student, data, out, epochs=epochs, quantize_aware=quantize_aware,
        overrides=settings or [], download=download,
    )  # fmt: skip
    if done.layers:
        from mien.cli.export import show_layers

        show_layers(done.layers)
    lines = import_module("mien.training.teacher_and_student").comparison_lines(done.compared)
    typer.echo("\n".join(lines))
    typer.echo(f"Card:  {done.folder / 'CARD.md'}")
    typer.echo(f"Next:  mien analyze new.wav --model {done.folder}")
