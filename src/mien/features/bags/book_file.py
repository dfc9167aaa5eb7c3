"""Codebooks in one file: arrays, and one JSON text that says what they are."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError
from mien.core.files import write_atomically
from mien.features.bags.number_book import NumberBook
from mien.features.bags.options import Terms, Weighting, Words
from mien.features.bags.term_book import TermBook

VERSION = 1
ARRAYS = ("offset", "divisor", "basis", "words")


class Books(NamedTuple):
    """Hold what was learned.

    Attributes:
        books: one per stream.
        rarities: (all words,), inverse document frequencies; None where they are not used.
    """

    books: tuple[NumberBook | TermBook, ...]
    rarities: NDArray[np.float32] | None


def write_books(path: str | Path, learned: Books, weighting: Weighting, chosen: Mapping[str, Any]) -> None:
    """Write codebooks whole or not at all.

    Args:
        path: ending in `.npz`.
        learned: the codebooks.
        weighting: of the counts.
        chosen: further settings, plain values.

    Raises:
        ConfigError: another suffix.
        InputError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise ConfigError(f"Got `{target}` for codebooks, expected a name ending in .npz; rename it.")
    streams, arrays = [], {}
    for number, book in enumerate(learned.books):
        streams.append({"kind": type(book.options).__name__, "options": asdict(book.options)})
        if isinstance(book, TermBook):
            streams[-1]["terms"] = list(book.terms)
            continue
        found = {name: getattr(book, name) for name in ARRAYS}
        arrays |= {f"{number}.{name}": one for name, one in found.items() if one is not None}
    if learned.rarities is not None:
        arrays["rarities"] = learned.rarities
    about = {"bags": VERSION, "streams": streams, "weighting": asdict(weighting), "chosen": dict(chosen)}
    with write_atomically(target) as temporary:
        np.savez_compressed(temporary, about=np.array(json.dumps(about)), **arrays)


def read_books(path: str | Path) -> tuple[Books, Weighting, dict[str, Any]]:
    """Read what `write_books` has written.

    Raises:
        InputError: the file does not exist, is of another kind or version, or is damaged.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"Got `{source}`, which does not exist, expected codebooks; check the path.")
    try:
        with np.load(source, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays.pop("about")))
        if about["bags"] != VERSION:
            raise InputError(
                f"Got codebooks of version {about['bags']} in `{source}`, expected {VERSION}; learn them "
                "again, or use the mien that wrote them."
            )
        books = tuple(_book(one, number, arrays) for number, one in enumerate(about["streams"]))
        found = Books(books, arrays.get("rarities"))
        _check_widths(found)
        return found, Weighting(**about["weighting"]), dict(about["chosen"])
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"Got `{source}`, expected codebooks that `mien bags --save` wrote; learn them again. ({error})"
        ) from error


def _book(stored: Mapping[str, Any], number: int, arrays: Mapping[str, Any]) -> NumberBook | TermBook:
    if stored["kind"] == "Terms":
        return TermBook(Terms(**stored["options"]), tuple(stored["terms"]))
    options = stored["options"]
    found = {name: arrays[f"{number}.{name}"] for name in ARRAYS if name != "basis"}
    return NumberBook(
        Words(**options | {"columns": tuple(options["columns"])}),
        basis=arrays.get(f"{number}.basis"),
        **found,
    )


def _check_widths(found: Books) -> None:
    """Refuse arrays that do not fit each other."""
    for book in found.books:
        if isinstance(book, NumberBook):
            width, context = len(book.columns), book.options.context
            shape = (width,) if book.basis is None else (book.basis.shape[1],)
            fits = book.offset.shape == book.divisor.shape == (width,)
            fits &= book.words.ndim == 2 and book.words.shape[1:] == shape
            fits &= book.basis is None or len(book.basis) == context * width
            if not (fits and book.words.dtype == np.float32):
                raise ValueError(f"arrays of `{book.options.name}` do not fit its columns")
    words = sum(len(book.names) for book in found.books)
    if found.rarities is not None and found.rarities.shape != (words,):
        raise ValueError("rarities do not fit the words")
