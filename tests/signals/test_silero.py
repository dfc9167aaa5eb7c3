import numpy as np
import pytest

from mien.core.errors import WeightsError
from mien.core.onnx import OnnxSession
from mien.core.weights import resolve
from mien.signals.silero import SileroDetector


def published_probabilities(signal: np.ndarray) -> np.ndarray:
    """Run the published graph as its authors do: one window of 512 samples after the other."""
    session = OnnxSession(resolve("silero-vad"))
    if "sr" not in session.inputs:
        pytest.skip("the installed file takes many windows at once")
    state, context, found = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32), []
    for at in range(0, len(signal), 512):
        window = np.pad(signal[at : at + 512], (0, max(0, at + 512 - len(signal))))
        answer = session.run(
            {
                "input": np.concatenate([context, window])[None],
                "state": state,
                "sr": np.array(16000, np.int64),
            }
        )
        state, context = answer["stateN"], window[-64:]
        found.append(float(answer["output"][0, 0]))
    return np.array(found)


def probabilities(signal: np.ndarray) -> np.ndarray:
    stream = SileroDetector(resolve("silero-vad")).start()
    return np.concatenate([stream.push(signal), stream.finish()])


def test_answers_are_those_of_the_published_graph(speech):
    signal = speech[: 16000 * 20 + 77]
    np.testing.assert_allclose(probabilities(signal), published_probabilities(signal), atol=1e-4)


def test_one_stream_leaves_no_trace_in_the_next(speech):
    detector = SileroDetector(resolve("silero-vad"))
    first, second = detector.start(), detector.start()
    first.push(speech[: 16000 * 10])
    second_answers = second.push(speech[: 16000 * 10])
    np.testing.assert_array_equal(second_answers, detector.start().push(speech[: 16000 * 10]))


@pytest.mark.parametrize("level_db", [-20, -40, -60])
def test_quiet_speech_is_still_speech(speech, level_db):
    full = probabilities(speech) >= 0.5
    quiet = np.round(speech * 10 ** (level_db / 20) * 2**23) / 2**23
    assert np.mean((probabilities(quiet.astype(np.float32)) >= 0.5) == full) > 0.9


def test_noise_is_no_speech_however_quiet():
    noise = np.random.default_rng(0).normal(0, 1, 160000).astype(np.float32)
    for level in (1e-4, 1e-2, 0.1):
        assert np.mean(probabilities(level * noise) >= 0.5) < 0.02


def test_another_file_is_refused_by_name(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"other\.onnx"):
        SileroDetector(tmp_path / "other.onnx")
