"""`mien analyze`: recordings in, a timed affect record out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.cli.progress import Progress
    from mien.prediction.affect import Affect

EXIT_SOME_FAILED = 1
EXIT_NONE_SUCCEEDED = 3
EXIT_INTERRUPTED = 130


Paths = Annotated[
    list[str],
    typer.Argument(
        help="Recordings, folders, or CSV/Parquet tables with column `file` "
        "(and start, end, segment, speaker).",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for tables and report. Without it a table is printed.")
]
Model = Annotated[
    str, typer.Option(help="Shipped name (see `mien models`), model folder, or hf:<checkpoint>.")
]
Segments = Annotated[
    str, typer.Option(help="vad: cut at pauses in speech; windows: equal lengths; whole: do not cut.")
]
Window = Annotated[float | None, typer.Option(help="With --segments windows: length in seconds. (default 3)")]
Hop = Annotated[
    float | None, typer.Option(help="With --segments windows: seconds between starts. (default: the window)")
]
Licence = Annotated[str | None, typer.Option(help="open: refuse models that may not be used commercially.")]
Workers = Annotated[int | None, typer.Option(help="Worker processes. (default: one per processor)")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per segment.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run in --out.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")]


def analyze(
    paths: Paths,
    out: Out = None,
    model: Model = "voice-small",
    segments: Segments = "vad",
    window: Window = None,
    hop: Hop = None,
    licence: Licence = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Say which affect recordings express, segment by segment, and how sure that is.

    Exit codes: 0 all files done, 1 some failed, 2 usage or output folder, 3 none succeeded, 130 interrupted.
    """
    from mien.cli.progress import Progress
    from mien.prediction.analyze import analyze as run
    from mien.prediction.analyze import processors

    progress = Progress(quiet=quiet)
    try:
        affect = run(
            paths,
            model=model,
            segments=segments,
            window_s=window,
            hop_s=hop,
            out=out,
            workers=processors() if workers is None else workers,
            licence=licence,
            resume=resume,
            overwrite=overwrite,
            watcher=progress,
        )
    except KeyboardInterrupt:
        progress.interrupted(out)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _show(affect, progress, json=json, quiet=quiet)
    raise typer.Exit(_exit_code(affect))


def _show(affect: "Affect", progress: "Progress", *, json: bool, quiet: bool) -> None:
    """Print what was asked for on stdout and a summary on stderr."""
    progress.summary(affect)
    if json:
        from mien.cli.result_table import json_lines

        for line in json_lines(affect.table):
            typer.echo(line)
    elif affect.out is None and not quiet:
        from mien.cli.result_table import print_result

        print_result(affect)


def _exit_code(affect: "Affect") -> int:
    """Return 0 if all files are done, 1 if some failed, 3 if all did."""
    failed = int((affect.files["status"] == "failed").sum())
    if failed == len(affect.files):
        return EXIT_NONE_SUCCEEDED
    return EXIT_SOME_FAILED if failed else 0
