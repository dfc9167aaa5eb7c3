import hashlib
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from mien.core.errors import WeightsError
from mien.prediction.contract import VERSION, Contract, Port, check_contract, contract_from
from mien.prediction.model_card import ModelSummary, read_summary
from mien.prediction.onnx_predictor import OnnxPredictor

CONTRACT = Contract(
    inputs=(Port("samples", ("B", "S"), "float32"), Port("length", ("B",), "int64")),
    outputs=(Port("category_logits", ("B", 3, 7)), Port("intensity", ("B", 3))),
    rate_hz=16000,
    categories=("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
    dimensions=("intensity",),
    licence="CC0-1.0",
    shelf="research",
    mien="0.0",
    opset=17,
)
OUTPUTS = {"category_logits": (), "intensity": ()}
SUMMARY = ModelSummary(
    "tiny", shelf="research", licence="CC0-1.0", categories=CONTRACT.categories, dimensions=("intensity",)
)


def state(folder: Path, metadata: dict[str, str]) -> ModelSummary:
    """Write metadata into the model of a folder and its new hash into model.toml."""
    path = folder / "model.onnx"
    model = onnx.load(path)
    onnx.helper.set_model_props(model, metadata)
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    onnx.save(model, path)
    toml = folder / "model.toml"
    toml.write_text(toml.read_text().replace(old, hashlib.sha256(path.read_bytes()).hexdigest()))
    return read_summary(folder)


def test_a_contract_reads_back_as_it_was_written() -> None:
    assert contract_from(CONTRACT.as_metadata(), origin="x") == CONTRACT


def test_foreign_metadata_is_no_contract() -> None:
    assert contract_from({"author": "somebody", "mienish": "{"}, origin="x") is None


@pytest.mark.parametrize(
    "change",
    [{"mien.rate_hz": "16 kHz"}, {"mien.inputs": "[1]"}, {"mien.unknown": "1"}, {"mien.version": '"x"'}],
)
def test_a_damaged_contract_names_the_file_and_what_to_do(change: dict[str, str]) -> None:
    with pytest.raises(WeightsError, match=r"damaged contract in `a\.onnx`.*export the model again"):
        contract_from(CONTRACT.as_metadata() | change, origin="a.onnx")


def test_a_contract_with_a_missing_field_is_damaged() -> None:
    metadata = CONTRACT.as_metadata()
    del metadata["mien.shelf"]
    with pytest.raises(WeightsError, match="shelf"):
        contract_from(metadata, origin="a.onnx")


def test_a_contract_of_a_newer_mien_says_to_update() -> None:
    newer = CONTRACT.as_metadata() | {"mien.version": str(VERSION + 1), "mien.news": "1"}
    with pytest.raises(WeightsError, match="update mien"):
        contract_from(newer, origin="a.onnx")


def test_a_contract_that_fits_is_accepted() -> None:
    check_contract(CONTRACT, SUMMARY, OUTPUTS)


@pytest.mark.parametrize("field", ["rate_hz", "categories", "dimensions", "shelf", "licence"])
def test_a_model_toml_that_says_something_else_than_the_weights_is_refused(field: str) -> None:
    other = {"rate_hz": 8000, "shelf": "open", "licence": "MIT"}.get(field, ("other",))
    with pytest.raises(WeightsError, match=f"`{field}`"):
        check_contract(CONTRACT, replace(SUMMARY, **{field: other}), OUTPUTS)


def test_an_output_that_the_graph_lacks_is_named() -> None:
    with pytest.raises(WeightsError, match="intensity"):
        check_contract(CONTRACT, SUMMARY, {"category_logits": ()})


def test_a_contract_without_an_output_for_its_dimension_is_refused() -> None:
    with pytest.raises(WeightsError, match="intensity"):
        check_contract(replace(CONTRACT, outputs=CONTRACT.outputs[:1]), SUMMARY, OUTPUTS)


def test_the_predictor_takes_a_file_that_keeps_its_contract(build_model, tmp_path: Path) -> None:
    summary = state(build_model(tmp_path / "m"), CONTRACT.as_metadata())
    assert OnnxPredictor(summary).summary.name == "tiny"


def test_the_predictor_refuses_weights_of_another_rate(build_model, tmp_path: Path) -> None:
    summary = state(build_model(tmp_path / "m"), replace(CONTRACT, rate_hz=8000).as_metadata())
    with pytest.raises(WeightsError, match=r"Got `rate_hz` 16000 .* states 8000"):
        OnnxPredictor(summary)


def test_the_predictor_takes_an_older_file_without_a_contract(build_model, tmp_path: Path) -> None:
    assert OnnxPredictor(read_summary(build_model(tmp_path / "m"))).summary.quantization == "none"
