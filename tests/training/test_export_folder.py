import re
import runpy
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest

from mien.core.errors import ConfigError, InputError, WeightsError
from mien.core.files import sha256_of
from mien.prediction.analyze import analyze
from mien.prediction.model_card import read_summary
from mien.prediction.onnx_predictor import OnnxPredictor
from mien.training.calibration_clips import read_calibration
from mien.training.export_folder import ExportOptions, export_model, find_model, replace_facts
from mien.training.onnx_contract import read_contract
from mien.training.quantization_report import compare_models

_SMALL = runpy.run_path(str(Path(__file__).with_name("small_export.py")))
INT8 = ExportOptions(quantize="int8")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _SMALL["write_small_model"](tmp_path_factory.mktemp("export") / "run" / "model")


@pytest.fixture
def recordings(write_noise, tmp_path: Path) -> Path:
    (tmp_path / "speech").mkdir()
    for number in range(6):
        path = tmp_path / "speech" / f"{number}.wav"
        write_noise(path, seconds=0.6 + number / 5, level=0.02 * (number + 1), seed=number)
    return tmp_path / "speech"


def test_a_plain_export_answers_the_same_and_states_its_contract(source, tmp_path) -> None:
    done = export_model(source, tmp_path / "new")
    contract = read_contract(tmp_path / "new" / "model.onnx")
    assert contract is not None
    assert (contract.rate_hz, contract.shelf, contract.quantization) == (16000, "open", "none")
    assert contract.categories == ("anger", "joy", "sadness")
    assert done.comparison.largest_p == 0
    assert done.comparison.changed == 0
    assert read_summary(tmp_path / "new").sha256 == sha256_of(tmp_path / "new" / "model.onnx")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "CARD.md",
        "LICENSE",
        "model.onnx",
        "model.toml",
    ]


def test_a_quantized_export_is_a_model_that_analyze_takes(source, recordings, tmp_path) -> None:
    done = export_model(source, tmp_path / "new", calibration=[recordings], options=INT8)
    summary = read_summary(tmp_path / "new")
    assert summary.name == "small-int8"
    assert summary.quantization.startswith("int8, static ranges, ")
    assert summary.scores == {"nothing": {"n": 7}}
    assert summary.size_mb < read_summary(source).size_mb
    assert 0 < done.comparison.largest_p < 0.02
    assert done.comparison.speed > 0
    card = summary.card
    assert card.startswith("# small-int8\n")
    assert "## What quantization changed" in card
    assert all(f"`{row.layer}`" in card for row in done.layers)
    table = analyze(recordings, model=tmp_path / "new", segments="whole").table
    wanted = analyze(recordings, model=source, segments="whole").table
    assert np.allclose(table["p.joy"], wanted["p.joy"], atol=0.02)
    assert set(table["model"]) == {"small-int8"}


def test_without_recordings_ranges_are_dynamic_and_the_report_says_no_speech(source, tmp_path) -> None:
    done = export_model(source, tmp_path / "new", options=INT8)
    assert "dynamic ranges" in done.summary.quantization
    assert "which are no speech" in done.summary.card


def test_a_run_folder_a_model_folder_and_a_shipped_name_are_found(source) -> None:
    assert find_model(source) == source
    assert find_model(source.parent) == source
    assert find_model("voice-small").name == "voice-small"


def test_a_run_without_a_model_and_an_unknown_name_are_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match="in which there is no model"):
        find_model(tmp_path)
    with pytest.raises(ConfigError, match="Did you mean `voice-small`"):
        find_model("voice-smal")


def test_a_model_folder_without_weights_is_refused_and_leaves_nothing(source, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "model.toml").write_bytes((source / "model.toml").read_bytes())
    with pytest.raises(WeightsError, match="expected the model's weights"):
        export_model(tmp_path / "empty", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_an_unknown_kind_of_quantization_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Got quantize `int4`, expected one of none, int8"):
        ExportOptions(quantize="int4")


def test_a_folder_that_exists_is_not_overwritten(source, tmp_path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="which exists"):
        export_model(source, tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine.txt"]


def test_an_empty_calibration_folder_is_refused(source, tmp_path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no recording to calibrate"):
        export_model(source, tmp_path / "new", calibration=[tmp_path / "none"], options=INT8)


def test_a_network_with_nothing_to_quantize_says_so(tiny_model, tmp_path) -> None:
    with pytest.raises(WeightsError, match="no layer"):
        export_model(tiny_model, tmp_path / "new", options=INT8)


def test_a_quantized_model_is_not_quantized_again(source, tmp_path) -> None:
    export_model(source, tmp_path / "new", options=INT8)
    with pytest.raises(WeightsError, match="quantized already"):
        export_model(tmp_path / "new", tmp_path / "newer", options=INT8)


def with_outlier(source: Path, folder: Path, recordings: Path) -> Path:
    """Write the small model with varied answers and one value 10,000 times larger than its neighbours."""
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    model = onnx.load(folder / "model.onnx")
    constants = {one.name: one for one in model.graph.initializer}

    def scale(name: str, where: object, factor: float, more: float = 0) -> None:
        values = onnx.numpy_helper.to_array(constants[name]).copy()
        values[where] = values[where] * factor + more
        constants[name].CopyFrom(onnx.numpy_helper.from_array(values, name))

    nodes = {node.name: node for node in model.graph.node}
    scale(nodes["/net/projection/MatMul"].input[1], np.s_[:, 0], 1e4)
    scale("net.projection.bias", np.s_[0], 1e4, 1e4)
    scale(nodes["/net/recurrence/GRU"].input[1], np.s_[:, :, 0], 1e-4)
    for head in ("0", "1"):
        attention = f"/net/heads.{head}/pooling/attention/attention.0/MatMul"
        scale(nodes[attention].input[1], np.s_[0], 1e-4)
        scale(f"net.heads.{head}.hidden.weight", np.s_[:, [0, 64]], 1e-4)
        scale(f"net.heads.{head}.output.weight", np.s_[:3], 300)
    save(model, folder)
    clips = read_calibration([recordings], read_summary(folder)).clips
    p = OnnxPredictor(read_summary(folder)).predict(clips).p  # (N, M, K)
    for head in range(2):
        one = constants[f"net.heads.{head}.output.bias"]
        values = onnx.numpy_helper.to_array(one).copy()
        values[:3] -= 0.5 * np.median(np.log(p[:, head] + 1e-30), axis=0)  # 0.5: the temperature
        one.CopyFrom(onnx.numpy_helper.from_array(values, one.name))
    save(model, folder)
    return folder


def save(model: onnx.ModelProto, folder: Path) -> None:
    onnx.save(model, folder / "model.onnx")
    text = (folder / "model.toml").read_text()
    facts: dict[str, object] = {"sha256": sha256_of(folder / "model.onnx")}
    (folder / "model.toml").write_text(replace_facts(text, facts))


def test_a_model_whose_answers_changed_is_refused_unless_forced(source, recordings, tmp_path) -> None:
    outlier = with_outlier(source, tmp_path / "outlier", recordings)
    every = {"calibration": [recordings], "options": ExportOptions("int8", keep_above_db=-100)}
    with pytest.raises(
        WeightsError, match=r"another top answer for \d of 6 clips.*--force.*weakest layer is"
    ):
        export_model(outlier, tmp_path / "new", **every)
    assert not (tmp_path / "new").exists()
    every["options"] = replace(every["options"], force=True)
    assert export_model(outlier, tmp_path / "forced", **every).comparison.changed_share > 0.02


def test_layers_that_8_bits_would_ruin_stay_float_by_themselves(source, recordings, tmp_path) -> None:
    outlier = with_outlier(source, tmp_path / "outlier", recordings)
    options = ExportOptions("int8", force=True)
    done = export_model(outlier, tmp_path / "new", calibration=[recordings], options=options)
    kept = {row.layer.removeprefix("/net/"): row.kept for row in done.layers}
    assert kept["heads.0/hidden/Gemm"] == kept["heads.1/hidden/Gemm"] == "float"
    assert kept["convolutions.2/convolution/Conv"] == "int8"


@pytest.mark.parametrize("name", ["voice-small", "voice-small-open"])
def test_a_shipped_model_is_small_and_8_bit_changed_few_of_its_answers(name) -> None:
    folder = Path(str(files("mien"))) / "models" / name
    assert read_summary(folder).quantization.startswith("int8")
    assert (folder / "model.onnx").stat().st_size < 5e6
    changed = re.search(r"another top answer for \d+ \((.+?) %\)", (folder / "CARD.md").read_text())
    assert float(changed[1]) <= 2


def test_a_model_of_8_bit_is_not_quantized_again(tmp_path, recordings) -> None:
    with pytest.raises(WeightsError, match="quantized already"):
        export_model("voice-small", tmp_path / "new", calibration=[recordings], options=ExportOptions("int8"))


def test_a_model_compared_with_itself_has_not_changed(source) -> None:
    model = OnnxPredictor(read_summary(source))
    clips = [feed["samples"][0] for feed in _SMALL["feeds"](3)]
    same = compare_models(model, model, clips)
    assert (same.changed, same.largest_p, same.largest_dimension, same.clips) == (0, 0, 0, 3)


def test_facts_are_replaced_in_place_and_new_ones_come_before_the_tables() -> None:
    text = '# by hand\nname = "a"\nsize_mb = 3\n\n[scores.x]\nname = "n"\n'
    assert replace_facts(text, {"name": "ä", "quantization": "int8"}) == (
        '# by hand\nname = "ä"\nsize_mb = 3\nquantization = "int8"\n\n[scores.x]\nname = "n"\n'
    )
