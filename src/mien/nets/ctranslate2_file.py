"""Read the weights that CTranslate2 keeps in one binary file."""

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mien.core.errors import WeightsError

VERSION = 6
"""The one layout that is read, written by CTranslate2 since 2.0."""

_KINDS = (torch.float32, torch.int8, torch.int16, torch.int32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class CTranslate2File:
    """Hold what a `model.bin` says.

    Attributes:
        spec: kind of network, such as `WhisperSpec`.
        weights: name → tensor in the type it is stored in; one value is `()`.
    """

    spec: str
    weights: dict[str, Tensor]


def read_ctranslate2(path: str | Path, *, prefix: str = "") -> CTranslate2File:
    """Read a `model.bin` of CTranslate2 without its package.

    Args:
        path: the file.
        prefix: only weights whose name begins so are read (`encoder/`); the rest is skipped.

    Raises:
        WeightsError: the file cannot be read, is of another version, or is cut short.

    Source:
        The layout is that of the serializer in the package `ctranslate2` 4.8, `specs/model_spec.py`:
        version, kind, revision, then per weight its name, shape, type and bytes, all little-endian.
    """
    try:
        with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(_Cursor(data), prefix)
    except (OSError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise WeightsError(f"{error} File: `{path}`.") from error
        raise WeightsError(
            f"Got `{path}`, expected a readable model.bin of CTranslate2; fetch it again. ({error})"
        ) from error


class _Cursor:
    """Walk through the bytes of a file; never past its end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.place = data, 0

    def take(self, size: int) -> bytes:
        if self.place + size > len(self.data):
            raise WeightsError("Got weights that end too early, expected a whole model.bin; fetch it again.")
        self.place += size
        return self.data[self.place - size : self.place]

    def skip(self, size: int) -> None:
        if self.place + size > len(self.data):
            raise WeightsError("Got weights that end too early, expected a whole model.bin; fetch it again.")
        self.place += size

    def numbers(self, kind: str) -> tuple[int, ...]:
        return struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}")))

    def text(self) -> str:
        (size,) = self.numbers("H")  # counts the closing zero byte
        return self.take(size)[:-1].decode("utf-8")


def _read(cursor: _Cursor, prefix: str) -> CTranslate2File:
    (version,) = cursor.numbers("I")
    if version != VERSION:
        raise WeightsError(
            f"Got version {version} at the file's start, expected {VERSION} of CTranslate2's format; "
            "convert the model with a current `ctranslate2`."
        )
    spec = cursor.text()
    _revision, count = cursor.numbers("II")
    weights = {}
    for _ in range(count):
        name, value = _variable(cursor, prefix)
        if value is not None:
            weights[name] = value
    return CTranslate2File(spec, weights)


def _variable(cursor: _Cursor, prefix: str) -> tuple[str, Tensor | None]:
    """Return a weight's name and its values, or None where it was skipped."""
    name = cursor.text()
    (rank,) = cursor.numbers("B")
    shape = cursor.numbers(f"{rank}I")
    kind, size = cursor.numbers("BI")
    if kind >= len(_KINDS):
        raise WeightsError(
            f"Got type {kind} of weight `{name}`, expected 0 to {len(_KINDS) - 1}; fetch it again."
        )
    if not name.startswith(prefix):
        cursor.skip(size)
        return name, None
    if size != math.prod(shape) * _KINDS[kind].itemsize:
        raise WeightsError(
            f"Got {size} bytes for weight `{name}` of shape {shape}, expected "
            f"{math.prod(shape) * _KINDS[kind].itemsize}; fetch the file again."
        )
    return name, torch.frombuffer(bytearray(cursor.take(size)), dtype=_KINDS[kind]).reshape(shape)
