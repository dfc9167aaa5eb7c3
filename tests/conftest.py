"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# a deadline per example would make the suite fail on a busy computer
settings.register_profile("mien", deadline=None)
settings.load_profile("mien")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Return the folder of real corpora, or skip where it is absent."""
    root = Path(os.environ.get("MIEN_DATA", CHECKOUT.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no corpora at {root}; set MIEN_DATA to a folder that holds them")
    return root
