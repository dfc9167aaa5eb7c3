"""`mien export`: a trained model in, a checked and smaller model folder out."""

from pathlib import Path
from typing import Annotated, Any

import typer

Source = Annotated[
    str, typer.Argument(help="Run folder, model folder, or shipped model.", show_default=False)
]
Format = Annotated[str, typer.Option("--format", help="onnx.")]
Quantize = Annotated[
    str,
    typer.Option(
        help="none; int8: ranges from --calibration where given; int8-dynamic: ranges from each run."
    ),
]
Calibration = Annotated[
    list[Path] | None,
    typer.Option(help="Recordings, or folders of them, like those that the model will hear."),
]
Out = Annotated[Path | None, typer.Option(help="New folder. (default: the model's name)", show_default=False)]
Above = Annotated[
    float, typer.Option(help="Leave a layer in float whose ratio of signal to rounding is below this.")
]
Clips = Annotated[int, typer.Option(min=1, help="Most calibration clips; drawn at random.")]
Reduce = Annotated[bool, typer.Option("--reduce-range", help="7-bit weights, for processors without VNNI.")]
Force = Annotated[bool, typer.Option("--force", help="Write it even if over 2 % of answers changed.")]


def export(
    source: Source,
    format: Format = "onnx",
    quantize: Quantize = "none",
    calibration: Calibration = None,
    out: Out = None,
    keep_above_db: Above = 20.0,
    clips: Clips = 200,
    reduce_range: Reduce = False,
    force: Force = False,
) -> None:
    """Write a model folder that states its contract; with --quantize int8 a smaller one.

    Prints what each layer lost and how the answers changed. The folder goes into mien analyze --model.
    """
    from importlib import import_module

    from mien.core.errors import ConfigError
    from mien.core.optional import require

    if format != "onnx":
        raise ConfigError(f"Got format `{format}`, expected onnx; leave --format out.")
    require("onnx", "train")
    # At run time only: the command line must work where torch is not installed.
    module = import_module("mien.training.export_folder")
    options = module.ExportOptions(
        quantize=quantize,
        keep_above_db=keep_above_db,
        reduce_range=reduce_range,
        most_clips=clips,
        force=force,
    )
    done = module.export_model(source, out, calibration=calibration or (), options=options)
    _show(done)


def _show(done: Any) -> None:
    """Print the layers, the comparison and where the model lies."""
    from importlib import import_module

    for file, reason in done.clips.skipped:
        typer.echo(f"mien: skipped {file}: {reason}", err=True)
    if done.layers:
        show_layers(done.layers)
    kind = "recordings" if done.clips.speech else "made-up sounds (give --calibration to know about speech)"
    for line in import_module("mien.training.quantization_report").comparison_lines(done.comparison, kind):
        typer.echo(line)
    if done.clips.skipped:
        typer.echo(f"Skipped, as they cannot be read: {len(done.clips.skipped)} of the recordings.")
    typer.echo(f"Model: {done.folder} ({done.summary.licence})")


def show_layers(layers: Any) -> None:
    """Print what 8 bit did to each layer.

    Args:
        layers: of `mien.training.quantize.quantize_int8`.
    """
    from mien.cli.print_table import print_table

    header = ["layer", "operator", "weights", "kept in", "own dB", "whole dB"]
    rows = [
        [row.layer, row.op, f"{row.weights:,}", row.kept, f"{row.own_db:.1f}", f"{row.whole_db:.1f}"]
        for row in layers
    ]
    print_table(header, rows, left=("layer", "operator", "kept in"))
