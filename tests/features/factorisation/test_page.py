"""The page on factorisation and images does what it says."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

PAGE = Path(__file__).parents[3] / "docs" / "factorisation-and-images.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Return a folder with the recordings that the page talks about."""
    folder = tmp_path_factory.mktemp("desk")
    for seed, name in enumerate(("first", "second", "noisy")):
        samples = np.random.default_rng(seed).normal(0, 0.05, 18000).cumsum() / 30
        soundfile.write(folder / f"{name}.wav", np.clip(samples, -1, 1), 16000)
    return folder


def test_the_python_of_the_page_runs(desk):
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(snippets)], cwd=desk, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in desk.iterdir()} >= {"speech.npz", "first.png"}
