"""A tiny model folder, and recordings to give to it."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

ENVIRONMENT = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"}
_BUILDER = runpy.run_path(str(Path(__file__).parents[1] / "prediction" / "tiny_model.py"))
write_tiny_model: Callable[..., Path] = _BUILDER["write_tiny_model"]


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


@pytest.fixture
def mien(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `mien` with these words in a folder of its own."""

    def run(*words: object, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mien", *(str(word) for word in words)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=240,
            cwd=tmp_path,
            env=ENVIRONMENT,
            check=False,
            **more,
        )

    return run
