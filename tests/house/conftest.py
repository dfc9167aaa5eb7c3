"""The source of mien, parsed once for every house test."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file: its place, text and syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Path below the checkout, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        """Dotted name of the module."""
        parts = self.path.relative_to(ROOT / "src").with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The package of mien that it lies in; empty for mien itself."""
        return [*self.module.split("."), ""][1]


def read(folder: Path) -> list[Source]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path, text, ast.parse(text, filename=str(path))))
    return found


@pytest.fixture
def source_of():
    """Return a function that makes a source from text, to see a rule catch what it forbids."""

    def make(text: str, place: str = "prediction/example.py") -> Source:
        return Source(ROOT / "src" / "mien" / place, text, ast.parse(text))

    return make


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    """Every Python file of `src/mien`."""
    return read(ROOT / "src" / "mien")


@pytest.fixture(scope="session")
def all_sources(sources) -> list[Source]:
    """Every Python file of `src/mien`, `tests` and `benchmarks`."""
    return [*sources, *read(ROOT / "tests"), *read(ROOT / "benchmarks")]
