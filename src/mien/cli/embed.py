"""`mien embed`: recordings or texts in, vectors of an encoder out."""

from pathlib import Path
from typing import Annotated, Any

import typer

EXIT_SOME_FAILED = 1
EXIT_NONE_SUCCEEDED = 3
EXIT_INTERRUPTED = 130

Name = Annotated[
    str,
    typer.Argument(
        help="whisper-tiny, minilm, voice-embedding …, hf:<owner>/<name>, or a folder.", show_default=False
    ),
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Recordings, folders, or CSV/Parquet tables with column `file` (and start, end, segment, "
        "speaker); for an encoder of words, text files or tables with column `text`.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Parquet file for keys and values e.0 …", show_default=False)]
Layer = Annotated[str, typer.Option(help="last, mix (mean of all layers) or a number; 0 is the embedding.")]
Pooling = Annotated[str, typer.Option(help="mean, statistics (mean and deviation), or none: every frame.")]
Segments = Annotated[
    str, typer.Option(help="whole: do not cut; vad: cut at pauses in speech; windows: equal lengths.")
]
Window = Annotated[float | None, typer.Option(help="With --segments windows: length in seconds. (default 3)")]
Hop = Annotated[
    float | None, typer.Option(help="With --segments windows: seconds between starts. (default: the window)")
]
Batch = Annotated[
    float, typer.Option(help="Most audio at once, in seconds; of texts, 50 word pieces are one.")
]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")]
Licence = Annotated[str | None, typer.Option(help="open: refuse weights that may not be used commercially.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch a hub checkpoint that is not here.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


def embed(
    name: Name,
    paths: Paths,
    out: Out,
    layer: Layer = "last",
    pooling: Pooling = "mean",
    segments: Segments = "whole",
    window: Window = None,
    hop: Hop = None,
    batch_seconds: Batch = 60.0,
    device: Device = "cpu",
    licence: Licence = None,
    download: Download = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Turn recordings or texts into vectors of an encoder, one row per segment.

    Exit codes: 0 all done, 1 some failed, 2 usage, 3 none succeeded, 130 interrupted.
    """
    from importlib import import_module

    from mien.cli.progress import Progress

    progress = Progress(quiet=quiet)
    # At run time only: the command line must work where torch is not installed.
    run = import_module("mien.nets.embed").embed
    try:
        found = run(
            name,
            paths,
            layer=layer,
            pooling=pooling,
            segments=segments,
            window_s=window,
            hop_s=hop,
            batch_s=batch_seconds,
            device=device,
            licence=licence,
            download=download,
            out=out,
            overwrite=overwrite,
            watcher=progress,
        )
    except KeyboardInterrupt:
        progress.interrupted(None)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _show(found, quiet=quiet)
    raise typer.Exit(_exit_code(found))


def _show(found: Any, *, quiet: bool) -> None:
    """Say on stderr what was written."""
    rows, failed = found.run["counts"]["rows"], len(found.failures)
    if not quiet:
        text = f"{rows} rows of {found.run['width']} values in {found.out}"
        if failed:
            text += f"; {failed} failed, see {found.out.with_suffix('.failures.csv')}"
        typer.echo(text, err=True)


def _exit_code(found: Any) -> int:
    """Return 0 if everything was embedded, 1 if some failed, 3 if all did."""
    failed = len(found.failures)
    if failed == len(found.files):
        return EXIT_NONE_SUCCEEDED
    return EXIT_SOME_FAILED if failed else 0
