"""Fixtures that every room's tests share."""

import ctypes
import os
import runpy
from collections.abc import Callable
from pathlib import Path

# threads that spin while they wait make tests thrice as slow on a busy computer; read when libraries load
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import pytest
import soundfile
from hypothesis import settings

# a deadline per example would make the suite fail on a busy computer
settings.register_profile("mien", deadline=None)
settings.load_profile("mien")

CHECKOUT = Path(__file__).resolve().parents[1]
_BUILDER = runpy.run_path(str(Path(__file__).with_name("tiny_model.py")))
write_tiny_model: Callable[..., Path] = _BUILDER["write_tiny_model"]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Return the folder of real corpora, or skip where it is absent."""
    root = Path(os.environ.get("MIEN_DATA", CHECKOUT.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no corpora at {root}; set MIEN_DATA to a folder that holds them")
    return root


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def build_model() -> Callable[..., Path]:
    return write_tiny_model


@pytest.fixture
def write_noise() -> Callable[..., Path]:
    """Return a function that writes noise of a given loudness as a WAV file."""

    def write(
        path: Path, *, seconds: float = 2.0, level: float = 0.1, rate_hz: int = 16000, seed: int = 0
    ) -> Path:
        generator = np.random.default_rng(seed)
        samples = level * generator.uniform(-1, 1, int(seconds * rate_hz))
        soundfile.write(path, samples, rate_hz)
        return path

    return write


def _give_up_override() -> None:
    """Give up root's right to ignore file permissions, for the program that is started next."""
    drop_from_bounding_set = 24
    for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(drop_from_bounding_set, right, 0, 0, 0)


@pytest.fixture
def obeying_permissions() -> dict[str, Callable[[], None]]:
    """Return options of `subprocess.run` under which file permissions hold, also where tests run as root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no POSIX permissions here")
    if os.geteuid() != 0:
        return {}
    if not Path("/proc/self").is_dir():
        pytest.skip("root cannot be bound by permissions here")
    return {"preexec_fn": _give_up_override}
