from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from mien import __version__
from mien.core.errors import WeightsError
from mien.core.onnx import OnnxSession
from mien.prediction.contract import Contract, contract_from
from mien.training.onnx_contract import describe_contract, load_onnx, read_contract, write_contract


@pytest.fixture
def path(build_model, tmp_path: Path) -> Path:
    return build_model(tmp_path / "model") / "model.onnx"


def describe(path: Path) -> Contract:
    return describe_contract(
        path, rate_hz=16000, categories=["a"], dimensions=["intensity"], licence="CC0-1.0", shelf="open"
    )


def test_the_contract_has_names_shapes_and_opset_of_the_graph(path: Path) -> None:
    contract = describe(path)
    assert [(port.name, port.shape) for port in contract.inputs] == [
        ("samples", ("B", "S")),
        ("length", ("B",)),
    ]
    assert [(port.name, port.shape) for port in contract.outputs] == [
        ("category_logits", ("B", 3, 7)),
        ("intensity", ("B", 3)),
    ]
    assert (contract.opset, contract.mien, contract.quantization) == (17, __version__, "none")
    assert all(port.meaning for port in (*contract.inputs, *contract.outputs))


def test_a_written_contract_is_read_back_here_and_by_the_light_session(path: Path) -> None:
    contract = describe(path)
    write_contract(path, contract)
    assert read_contract(path) == contract
    assert contract_from(OnnxSession(path).metadata, origin=path) == contract


def test_writing_again_replaces_the_contract_and_keeps_the_notes_of_others(path: Path) -> None:
    model = load_onnx(path)
    onnx.helper.set_model_props(model, {"author": "somebody", "mien.old_field": "1"})
    onnx.save(model, path)
    contract = replace(describe(path), rate_hz=8000)
    write_contract(path, describe(path))
    write_contract(path, contract)
    props = {one.key: one.value for one in load_onnx(path).metadata_props}
    assert read_contract(path) == contract
    assert props["author"] == "somebody"
    assert "mien.old_field" not in props


def test_a_file_without_a_contract_reads_as_none(path: Path) -> None:
    assert read_contract(path) is None


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_a_file_that_is_no_network_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(WeightsError, match="ONNX network"):
        read_contract(tmp_path / "x.onnx")
