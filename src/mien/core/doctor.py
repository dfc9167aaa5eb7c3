"""Say what is installed, what works, and what would have to be installed."""

import os
import platform
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from mien.core.errors import MienError
from mien.core.optional import EXTRAS, is_installed
from mien.core.weights import known_weights, locate, shipped_models


def report() -> list[dict[str, Any]]:
    """Examine this installation without using the network.

    Returns:
        One dict per thing looked at: `area` (system, package, extra, weights, codecs), `name`, `ok` (False
        where something is missing or wrong), `value` (a version, path or list) and `note` (what it is for or
        what to do).
    """
    return [*_system(), *_packages(), *_extras(), *_weights(), *_codecs()]


def _row(area: str, name: str, *, ok: bool, value: str = "", note: str = "") -> dict[str, Any]:
    return {"area": area, "name": name, "ok": ok, "value": value, "note": note}


def _system() -> list[dict[str, Any]]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        _row("system", "python", ok=True, value=platform.python_version()),
        _row("system", "mien", ok=True, value=version("mien")),
        _row("system", "platform", ok=True, value=platform.platform(terse=True)),
        _row("system", "processors", ok=True, value=str(usable), note="that this process may use"),
    ]


def _packages() -> list[dict[str, Any]]:
    """Report the packages of the base install, as mien's own metadata name them."""
    rows = []
    for requirement in requires("mien") or []:
        name, _, marker = requirement.partition(";")
        if "extra" in marker:
            continue
        package = name.strip().split("[")[0]
        for sign in "<>=!~ ":
            package = package.split(sign)[0]
        try:
            rows.append(_row("package", package, ok=True, value=version(package)))
        except PackageNotFoundError:
            rows.append(_row("package", package, ok=False, note=f"missing; pip install '{name.strip()}'"))
    return rows


def _extras() -> list[dict[str, Any]]:
    rows = []
    for name, extra in EXTRAS.items():
        lacking = [module for module in extra.modules if not is_installed(module)]
        install = f"; pip install 'mien[{name}]'" if lacking else ""
        value = f"lacks {', '.join(lacking)}" if lacking else "installed"
        rows.append(_row("extra", name, ok=not lacking, value=value, note=f"{extra.enables}{install}"))
    return rows


def _weights() -> list[dict[str, Any]]:
    shipped = shipped_models()
    try:
        known = known_weights()
    except MienError as error:
        return [_row("weights", "table", ok=False, note=str(error))]
    rows = []
    for name, entry in sorted(known.items()):
        kind = "shipped" if name in shipped else entry.title
        note = f"{kind}; {entry.licence} ({entry.shelf} shelf)"
        try:
            rows.append(_row("weights", name, ok=True, value=str(locate(entry)), note=f"{note}; hash known"))
        except MienError as error:
            rows.append(_row("weights", name, ok=False, note=str(error)))
    return rows


def _codecs() -> list[dict[str, Any]]:
    """Report the libraries that decode media."""
    rows = []
    try:
        import av

        libraries = ", ".join(
            f"{name} {'.'.join(str(part) for part in number)}" for name, number in av.library_versions.items()
        )
        rows.append(_row("codecs", "av", ok=True, value=av.__version__, note=libraries))
    except ImportError as error:
        rows.append(_row("codecs", "av", ok=False, note=f"only wav, flac, ogg and mp3 can be read ({error})"))
    try:
        import soundfile

        rows.append(_row("codecs", "libsndfile", ok=True, value=soundfile.__libsndfile_version__))
    except (ImportError, OSError) as error:
        rows.append(_row("codecs", "libsndfile", ok=False, note=f"pip install soundfile ({error})"))
    return rows
