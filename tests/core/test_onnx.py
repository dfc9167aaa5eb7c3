import numpy as np
import pytest

from mien.core.errors import InputError, WeightsError
from mien.core.onnx import OnnxSession
from mien.core.weights import resolve


@pytest.fixture(scope="module")
def detector():
    return OnnxSession(resolve("silero-vad"))


def arrays(samples: int = 512):
    return {
        "input": np.zeros((1, samples), dtype=np.float32),
        "state": np.zeros((2, 1, 128), dtype=np.float32),
        "sr": np.array(16000, dtype=np.int64),
    }


def test_a_real_network_runs_and_names_its_outputs(detector):
    answers = detector.run(arrays())
    assert set(answers) == set(detector.outputs)
    assert answers["output"].shape == (1, 1)
    assert 0 <= float(answers["output"][0, 0]) <= 0.5  # silence is no speech


def test_inputs_and_their_shapes_can_be_read(detector):
    assert set(detector.inputs) == {"input", "state", "sr"}
    assert detector.inputs["state"][2] == 128


def test_a_missing_input_is_named(detector):
    with pytest.raises(InputError, match="expected input, state, sr"):
        detector.run({"input": np.zeros((1, 512), dtype=np.float32)})


def test_an_array_of_the_wrong_type_is_an_error_with_file_and_shapes(detector):
    wrong = arrays() | {"state": np.zeros((2, 1, 128), dtype=np.float64)}
    with pytest.raises(WeightsError, match=r"state float64\[2, 1, 128\].*silero_vad\.onnx"):
        detector.run(wrong)


def test_a_file_that_is_no_network_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match=r"broken\.onnx.*restore the file"):
        OnnxSession(path)


def test_a_missing_file_is_an_error_with_its_name(tmp_path):
    with pytest.raises(WeightsError, match=r"absent\.onnx.*does not exist"):
        OnnxSession(tmp_path / "absent.onnx")
