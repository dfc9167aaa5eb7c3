"""Read the named arrays out of an ONNX file, with no other package."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_OUTPUT, _NODE_ATTRIBUTE = 2, 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH = 5, 6
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_FLOAT = 1


def float_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the float32 arrays of an ONNX file by name, those of nested graphs too.

    Initializers carry their own name, constants that of their node's output.

    Args:
        path: the file; its hash must have been checked, the format is not.

    Source:
        https://github.com/onnx/onnx/blob/main/onnx/onnx.proto and the Protocol Buffers wire format.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for number, graph in _fields(memoryview(path.read_bytes())):
        if number == _MODEL_GRAPH:
            _walk(graph, found)
    return found


def _walk(graph: memoryview, found: dict[str, NDArray[np.float32]]) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_INITIALIZER:
            _keep(value, "", found)
        elif number == _GRAPH_NODE:
            node = list(_fields(value))
            output = next((bytes(part).decode() for field, part in node if field == _NODE_OUTPUT), "")
            for field, attribute in node:
                if field == _NODE_ATTRIBUTE:
                    _walk_attribute(attribute, output, found)


def _walk_attribute(attribute: memoryview, output: str, found: dict[str, NDArray[np.float32]]) -> None:
    for number, value in _fields(attribute):
        if number == _ATTRIBUTE_TENSOR:
            _keep(value, output, found)
        elif number == _ATTRIBUTE_GRAPH:
            _walk(value, found)


def _keep(tensor: memoryview, name: str, found: dict[str, NDArray[np.float32]]) -> None:
    shape, kind, raw = [], 0, memoryview(b"")
    for number, value in _fields(tensor):
        if number == _TENSOR_DIMS:
            shape.extend(_packed(value))
        elif number == _TENSOR_TYPE:
            kind = _packed(value)[0]
        elif number == _TENSOR_NAME:
            name = name or bytes(value).decode()
        elif number == _TENSOR_RAW:
            raw = value
    if kind == _FLOAT and len(raw):
        found[name] = np.frombuffer(raw, "<f4").reshape(shape)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield field number and bytes of each field; a varint comes as its own bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        start = at
        if kind == 0:
            _, at = _varint(message, at)
        elif kind == 2:
            length, start = _varint(message, at)
            at = start + length
        else:
            at += 8 if kind == 1 else 4
        yield key >> 3, message[start:at]


def _packed(value: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
