import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.core.errors import WeightsError
from mien.nets.ctranslate2_file import read_ctranslate2

KINDS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
MATRIX = np.arange(6, dtype=np.float16).reshape(2, 3) / 4


def text(word: str) -> bytes:
    return struct.pack("<H", len(word) + 1) + word.encode() + b"\0"


def write(path: Path, weights: dict[str, np.ndarray], *, version: int = 6, spec: str = "ToySpec") -> Path:
    """Write weights in the layout of CTranslate2's serializer."""
    data = struct.pack("<I", version) + text(spec) + struct.pack("<II", 1, len(weights))
    for name, value in weights.items():
        data += text(name) + struct.pack("<B", value.ndim) + struct.pack(f"<{value.ndim}I", *value.shape)
        data += struct.pack("<BI", KINDS[value.dtype.name], value.nbytes) + value.tobytes()
    path.write_bytes(data + struct.pack("<I", 0))
    return path


def test_weights_of_every_kind_come_back_as_stored(tmp_path):
    given = {f"a/{kind}": np.array([[1, 2], [3, 4]], dtype=kind) for kind in KINDS}
    given["heads"] = np.array(6, dtype="int16")
    found = read_ctranslate2(write(tmp_path / "model.bin", given))
    assert found.spec == "ToySpec"
    assert found.weights.keys() == given.keys()
    for name, value in given.items():
        assert torch.equal(found.weights[name], torch.from_numpy(np.asarray(value)))


def test_only_weights_with_the_prefix_are_read(tmp_path):
    path = write(tmp_path / "model.bin", {"decoder/w": MATRIX, "encoder/w": MATRIX + 1})
    found = read_ctranslate2(path, prefix="encoder/").weights
    assert list(found) == ["encoder/w"]
    assert torch.equal(found["encoder/w"], torch.from_numpy(MATRIX + 1))


def test_a_file_cut_at_any_place_is_refused_by_name(tmp_path):
    whole = write(tmp_path / "model.bin", {"encoder/w": MATRIX, "skipped": MATRIX}).read_bytes()
    for size in range(1, len(whole) - 4):
        (tmp_path / "cut.bin").write_bytes(whole[:size])
        with pytest.raises(WeightsError, match=r"too early.*cut\.bin"):
            read_ctranslate2(tmp_path / "cut.bin", prefix="encoder/")


def test_another_version_is_named(tmp_path):
    with pytest.raises(WeightsError, match="version 3"):
        read_ctranslate2(write(tmp_path / "old.bin", {}, version=3))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip file, as torch saves it", b"\x06\0\0\0\x05\0\xff\xff\xff\xff\0"]
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "other.bin").write_bytes(content)
    with pytest.raises(WeightsError, match=r"other\.bin"):
        read_ctranslate2(tmp_path / "other.bin")


def test_sizes_that_contradict_the_shape_are_refused(tmp_path):
    data = write(tmp_path / "model.bin", {"w": MATRIX}).read_bytes()
    (tmp_path / "model.bin").write_bytes(data.replace(struct.pack("<II", 2, 3), struct.pack("<II", 2, 4)))
    with pytest.raises(WeightsError, match="weight `w`"):
        read_ctranslate2(tmp_path / "model.bin")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.bin"):
        read_ctranslate2(tmp_path / "none.bin")
