"""`mien degrade`: clean recordings in, the same recordings through noise, rooms, codecs and bad lines out."""

from pathlib import Path
from typing import Annotated

import typer

EXIT_SOME_FAILED = 1
EXIT_NONE_SUCCEEDED = 3

Paths = Annotated[list[str] | None, typer.Argument(help="Clips, or folders of clips.", show_default=False)]
Name = Annotated[
    str | None,
    typer.Option("--condition", help="What happens to them; --list shows all.", show_default=False),
]
Level = Annotated[int, typer.Option(help="How bad: 0 (unchanged) to 5.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the degraded clips.", show_default=False)]
Noises = Annotated[
    Path | None, typer.Option(help="Folder of recorded noises, for --condition recorded-noise.")
]
Speech = Annotated[Path | None, typer.Option(help="Folder of other speakers' clips, for --condition babble.")]
Seed = Annotated[int, typer.Option(help="Another seed draws all noise, rooms and losses anew.")]
List = Annotated[bool, typer.Option("--list", help="Show all conditions and their levels, and stop.")]


def degrade(
    paths: Paths = None,
    condition: Name = None,
    level: Level = 3,
    out: Out = None,
    noises: Noises = None,
    speech: Speech = None,
    seed: Seed = 0,
    list_all: List = False,
) -> None:
    """Make clips sound as through noise, another room, microphone or line, by a stated amount.

    Each becomes a mono 16-bit WAV file of the same name, rate and length; all of it is repeatable. run.json
    says what was done. Exit codes: 0 all files done, 1 some failed, 2 usage, 3 none succeeded.

    Example: mien degrade clips/ --condition pink-noise --level 3 --out noisy/
    """
    if list_all:
        _show_ladder()
        return
    from mien.core.errors import ConfigError

    for given, name in ((paths, "FILES"), (condition, "--condition"), (out, "--out")):
        if not given:
            raise ConfigError(f"Got no {name}, expected FILES, --condition and --out; see `mien degrade -h`.")
    _degrade_files(
        paths or [], str(condition), level, out=Path(out or ""), noises=noises, speech=speech, seed=seed
    )


def _show_ladder() -> None:
    from mien.signals.degrade import LADDER

    for name, condition in LADDER.items():
        levels = ", ".join(f"{value:g}" for value in condition.severities)
        typer.echo(f"{name:22} {condition.title}; {condition.unit}: {levels}")


def _degrade_files(
    paths: list[str],
    condition: str,
    level: int,
    *,
    out: Path,
    noises: Path | None,
    speech: Path | None,
    seed: int,
) -> None:
    from mien.core.errors import ConfigError, InputError
    from mien.signals.degrade.clip_files import Sounds, degrade_file, targets
    from mien.signals.degrade.ladder import LADDER, check_rung
    from mien.signals.media import walk_media

    check_rung(condition, level)
    folders = {"noises": noises, "speech": speech}
    needs = LADDER[condition].needs
    if needs and folders[needs] is None:
        raise ConfigError(f"Got no --{needs} for `{condition}`, expected a folder of recordings; name one.")
    sounds = {name: Sounds(folder) if folder else None for name, folder in folders.items()}
    found = walk_media(paths)
    done, failed = {}, dict(found.failures)
    for source, target in zip(found.files, targets(found.files, out), strict=True):
        try:
            degrade_file(source, target, condition=condition, level=level, seed=seed, **sounds)
            done[target.name] = str(source)
        except InputError as reason:
            failed[str(source)] = str(reason)
    for reason in [*found.notes, *failed.values()]:
        typer.echo(f"mien: {reason}", err=True)
    _write_run(out, condition, level, seed=seed, done=done, failed=failed)
    typer.echo(
        f"{len(done)} {'clip' if len(done) == 1 else 'clips'} with {_rung_words(condition, level)}: {out}"
    )
    if failed or not done:
        raise typer.Exit(EXIT_SOME_FAILED if done else EXIT_NONE_SUCCEEDED)


def _rung_words(condition: str, level: int) -> str:
    from mien.signals.degrade import LADDER

    if level == 0:
        return "nothing changed (level 0)"
    rung = LADDER[condition]
    return f"{condition}, level {level} ({rung.unit}: {rung.severities[level - 1]:g})"


def _write_run(
    out: Path, condition: str, level: int, *, seed: int, done: dict[str, str], failed: dict[str, str]
) -> None:
    from json import dumps

    from mien import __version__
    from mien.core.files import write_atomically

    run = {
        "mien": __version__,
        "condition": condition,
        "level": level,
        "what": _rung_words(condition, level),
        "seed": seed,
        "files": done,
        "failures": failed,
    }
    with write_atomically(out / "run.json") as temporary:
        temporary.write_text(dumps(run, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
