"""`mien bags`: frames or text in, counts of the words of a codebook out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from mien.features.bags import Bags

LEARN, COUNT, FILES = "How codebooks are learned", "How words are counted", "Files"

Tables = Annotated[
    list[Path],
    typer.Argument(
        help="Tables with `segment` (or `file`): frames by `mien extract … --level lld`, or text.",
        show_default=False,
    ),
]
Size = Annotated[
    int | None, typer.Option("--words", help="Words of each codebook; 500.", rich_help_panel=LEARN)
]
Method = Annotated[
    str | None, typer.Option(help="random, random++, kmeans or kmeans++; random++.", rich_help_panel=LEARN)
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        help="Descriptors of a codebook, such as 'mfcc*,F1*'; repeat it for several codebooks.",
        rich_help_panel=LEARN,
    ),
]
Train = Annotated[
    int | None, typer.Option(help="Frames, drawn at random, to learn from; all.", rich_help_panel=LEARN)
]
Scale = Annotated[
    str | None, typer.Option(help="standardize, normalize or none; standardize.", rich_help_panel=LEARN)
]
Text = Annotated[
    str | None, typer.Option(help="Column of text that is counted as well.", rich_help_panel=LEARN)
]
NGrams = Annotated[
    int | None, typer.Option(help="Sequences of up to so many words of text; 1.", rich_help_panel=LEARN)
]
Least = Annotated[
    int | None, typer.Option(help="Occurrences that a term of text needs; 1.", rich_help_panel=LEARN)
]
Labels = Annotated[
    Path | None,
    typer.Option(help="Table of classes with `segment` or `file`, for --per-class.", rich_help_panel=LEARN),
]
PerClass = Annotated[
    str | None,
    typer.Option(help="Column of --labels: learn words for each class apart.", rich_help_panel=LEARN),
]
Seed = Annotated[int | None, typer.Option(help="Of the random numbers; 0.", rich_help_panel=LEARN)]
Assign = Annotated[
    int | None, typer.Option(help="Nearest words that a frame counts for; 1.", rich_help_panel=COUNT)
]
Gaussian = Annotated[
    float | None,
    typer.Option(help="Count less with distance: standard deviation of the weight.", rich_help_panel=COUNT),
]
Farthest = Annotated[
    float | None,
    typer.Option(help="Do not count words that are farther away than this.", rich_help_panel=COUNT),
]
Log = Annotated[bool, typer.Option("--log", help="Count c becomes lg(c + 1).", rich_help_panel=COUNT)]
Idf = Annotated[bool, typer.Option("--idf", help="Weigh rare words more.", rich_help_panel=COUNT)]
Norm = Annotated[
    str | None,
    typer.Option(help="Divide by frames, sum or (Euclidean) length; none.", rich_help_panel=COUNT),
]
Window = Annotated[
    float | None, typer.Option(help="Seconds of a window that gets a bag.", rich_help_panel=COUNT)
]
Hop = Annotated[
    float | None, typer.Option(help="Seconds from one window to the next.", rich_help_panel=COUNT)
]
Use = Annotated[
    Path | None, typer.Option(help="Codebooks that --save wrote; nothing is learned.", rich_help_panel=FILES)
]
Save = Annotated[Path | None, typer.Option(help="Where to keep the codebooks, .npz.", rich_help_panel=FILES)]
Out = Annotated[Path, typer.Option(help="Parquet or CSV file of bags to write.", rich_help_panel=FILES)]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace earlier --out and --save.", rich_help_panel=FILES)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary.", rich_help_panel=FILES)]


def bags(
    tables: Tables,
    out: Out,
    words: Size = None,
    codebook: Method = None,
    columns: Columns = None,
    train: Train = None,
    scale: Scale = None,
    text: Text = None,
    n_grams: NGrams = None,
    least: Least = None,
    labels: Labels = None,
    per_class: PerClass = None,
    seed: Seed = None,
    assign: Assign = None,
    gaussian: Gaussian = None,
    farthest: Farthest = None,
    log: Log = False,
    idf: Idf = False,
    norm: Norm = None,
    window: Window = None,
    hop: Hop = None,
    use: Use = None,
    save: Save = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Describe segments by how often each word of a codebook occurs in their frames or text.

    Learn codebooks from training data and keep them; then use them for the rest:

    mien bags train.parquet --words 1000 --log --save book.npz --out train-bags.parquet

    mien bags test.parquet --use book.npz --out test-bags.parquet
    """
    # long because each option is one line
    from mien.core.optional import require
    from mien.core.tables import read_table, write_table

    require("numba", "descriptors")
    frame_options = {
        "size": words, "method": codebook, "train": train, "scale": scale, "assign": assign,
        "gaussian": gaussian, "farthest": farthest,
    }  # fmt: skip
    text_options = {"column": text, "n_grams": n_grams, "least": least}
    rest = {"window_s": window, "hop_s": hop, "seed": seed}
    weighting = {"log": log or None, "idf": idf or None, "norm": norm}
    chosen = [_given(part) for part in (frame_options, text_options, weighting, rest)]
    _check_files({"--out": out, "--save": save}, overwrite=overwrite)
    if use is not None:
        _refuse(use, any(chosen) or bool(columns or labels or per_class))
    read = [read_table(path) for path in tables]
    found = _load(use) if use else _learn(read, chosen, columns, classes=_classes(labels, per_class))
    table = found.transform(read)
    write_table(table, out)
    if save is not None:
        found.save(save)
    if not quiet:
        kept = f"; codebooks in {save}" if save else ""
        counted = table.select_dtypes("float32").shape[1]
        typer.echo(f"{len(table)} bags of {counted} words in {out}{kept}", err=True)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _check_files(files: dict[str, Path | None], *, overwrite: bool) -> None:
    from mien.core.errors import ConfigError

    for option, path in files.items():
        endings = (".parquet", ".csv") if option == "--out" else (".npz",)
        if path is not None and path.suffix not in endings:
            raise ConfigError(f"Got {option} `{path}`, expected a file ending in {' or '.join(endings)}.")
        if path is not None and path.exists() and not overwrite:
            raise ConfigError(
                f"Got {option} `{path}`, which exists; choose another, or replace it by --overwrite."
            )


def _refuse(use: Path, chosen: bool) -> None:
    from mien.core.errors import ConfigError

    if chosen:
        raise ConfigError(
            f"Got --use `{use}` and options of learning or counting, which the codebooks bring with them; "
            "leave these options out, or learn anew without --use."
        )


def _load(path: Path) -> "Bags":
    from mien.features.bags import Bags

    return Bags.load(path)


def _learn(
    read: Sequence["pd.DataFrame"],
    chosen: Sequence[dict[str, Any]],
    columns: list[str] | None,
    *,
    classes: dict[str, str] | None,
) -> "Bags":
    from mien.core.errors import ConfigError
    from mien.features.bags import Bags, Terms, Weighting, Words
    from mien.features.bags.frame_tables import has_numbers

    frame_options, text_options, weighting, rest = chosen
    streams: list[Words | Terms] = []
    if columns:
        streams += [
            Words(f"frames{number}" if len(columns) > 1 else "frames", _matching(read, one), **frame_options)
            for number, one in enumerate(columns, 1)
        ]
    elif frame_options or any(map(has_numbers, read)) or not text_options:
        streams.append(Words(**frame_options))
    if "column" in text_options:
        streams.append(Terms(**text_options))
    elif text_options:
        raise ConfigError("Got --n-grams or --least without --text, expected a column of text; name it.")
    return Bags(streams, weighting=Weighting(**weighting), **rest).fit(read, classes=classes)


def _matching(read: Sequence["pd.DataFrame"], patterns: str) -> tuple[str, ...]:
    """Return the columns that comma-separated patterns name, in the order of the tables."""
    from fnmatch import fnmatchcase

    from mien.core.errors import ConfigError
    from mien.core.nearest import did_you_mean

    known = [str(name) for table in read for name in table.columns]
    found: dict[str, None] = {}
    for pattern in patterns.split(","):
        named = [name for name in known if name == pattern or fnmatchcase(name, pattern)]
        if not named:
            raise ConfigError(
                f"Got --columns `{pattern}`, expected a column of the tables.{did_you_mean(pattern, known)}"
            )
        found |= dict.fromkeys(named)
    return tuple(found)


def _classes(labels: Path | None, column: str | None) -> dict[str, str] | None:
    """Return segment → class; without segments, recordings are named as `mien extract` names them."""
    from mien.core.errors import ConfigError, InputError
    from mien.core.tables import read_table

    if labels is None and column is None:
        return None
    if labels is None or column is None:
        raise ConfigError("Got --labels or --per-class alone, expected both; name a table and its column.")
    table = read_table(labels)
    key = next((name for name in ("segment", "file") if name in table), None)
    if key is None or column not in table:
        raise InputError(
            f"Got columns {', '.join(map(str, table.columns))} in `{labels}`, expected `segment` or "
            f"`file`, and `{column}`; correct --per-class or the table."
        )
    names = table[key].astype(str)
    segments = names if key == "segment" else names.map(lambda file: Path(file).stem)
    return dict(zip(segments, table[column].astype(str), strict=True))
