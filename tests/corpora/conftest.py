"""Real clips, laid out as the owners of the corpora publish them."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def as_published(data_root, tmp_path):
    """Return a function that writes real clips of a corpus as wav under the owner's names."""

    def build(corpus: str, places: dict[str, str]) -> Path:
        import soundfile

        for ours, theirs in places.items():
            samples, rate_hz = soundfile.read(data_root / corpus / "audio" / ours, dtype="int16")
            path = tmp_path / corpus / theirs
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, rate_hz, subtype="PCM_16")
        return tmp_path / corpus

    return build


@pytest.fixture
def with_clip_named(data_root, tmp_path):
    """Return a function that puts one real clip under any name into a corpus folder."""

    def build(name: str) -> Path:
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data_root / "emodb" / "audio" / "03a01Fa.flac", path)
        return tmp_path / "corpus"

    return build
