"""Let the tests of signals import the writers of media files that lie beside them."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def speech(data_root: Path) -> np.ndarray:
    """Return a minute of real speech at 16 kHz with pauses of 0.8 s, float32 `(samples,)`."""
    folder = data_root / "emodb" / "audio"
    files = sorted(folder.glob("*.flac"))[::9]
    if not files:
        pytest.skip(f"no EmoDB recordings in {folder}")
    parts = []
    for path in files:
        samples, rate_hz = soundfile.read(path, dtype="float32")
        parts += [soxr.resample(samples, rate_hz, 16000), np.zeros(12800, np.float32)]
    joined = np.concatenate(parts)[: 60 * 16000]
    # A trace of room noise: real pauses are never digital silence.
    noise = np.random.default_rng(0).normal(0, 1e-4, len(joined))
    return (joined + noise).astype(np.float32)


@pytest.fixture
def as_other_user():
    """Return a context in which files of mode 0 cannot be read, also where tests run as root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no POSIX permissions here")
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield
    if was_root:
        os.seteuid(0)
