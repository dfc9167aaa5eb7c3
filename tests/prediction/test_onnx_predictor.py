from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import InputError, WeightsError
from mien.prediction.model_card import read_summary
from mien.prediction.onnx_predictor import OnnxPredictor, batches


@pytest.fixture
def predictor(tiny_model: Path) -> OnnxPredictor:
    return OnnxPredictor(read_summary(tiny_model))


def clip(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(-1, 1, int(seconds * 16000))
    return (level * noise).astype(np.float32)


def test_probabilities_of_every_member_sum_to_one(predictor: OnnxPredictor) -> None:
    outputs = predictor.predict([clip(1, 0.1), clip(2, 0.5)])
    assert outputs.p.shape == (2, 3, 7)
    assert np.allclose(outputs.p.sum(axis=-1), 1, atol=1e-12)
    assert outputs.dimensions["intensity"].shape == (2, 3)


def test_a_clip_alone_equals_the_clip_in_a_padded_batch(predictor: OnnxPredictor) -> None:
    clips = [
        clip(seconds, level, seed) for seed, (seconds, level) in enumerate([(1, 0.1), (7, 0.3), (0.7, 0.9)])
    ]
    together = predictor.predict(clips)
    for row, one in enumerate(clips):
        alone = predictor.predict([one])
        assert np.allclose(alone.p[0], together.p[row], atol=1e-5)
        assert np.allclose(alone.dimensions["intensity"][0], together.dimensions["intensity"][row], atol=1e-5)


def test_answers_stay_in_the_order_of_the_clips(predictor: OnnxPredictor) -> None:
    levels = [0.9, 0.01, 0.3, 0.002]
    clips = [clip(seconds, level) for seconds, level in zip([2, 9, 1, 4], levels, strict=True)]
    intensity = predictor.predict(clips).dimensions["intensity"].mean(axis=1)
    alone = [predictor.predict([one]).dimensions["intensity"].mean() for one in clips]
    assert np.allclose(intensity, alone, atol=1e-5)


def test_a_clip_shorter_than_the_model_takes_is_padded(predictor: OnnxPredictor) -> None:
    assert np.isfinite(predictor.predict([clip(0.01, 0.5)]).p).all()


def test_no_clips_give_no_answers(predictor: OnnxPredictor) -> None:
    assert predictor.predict([]).p.shape == (0, 3, 7)


def test_a_clip_longer_than_the_model_takes_is_refused(predictor: OnnxPredictor) -> None:
    with pytest.raises(InputError, match="at most 15 s"):
        predictor.predict([np.zeros(16 * 16000, dtype=np.float32)])


def test_changed_weights_are_refused(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b" ")
    with pytest.raises(WeightsError, match="another SHA-256"):
        OnnxPredictor(read_summary(folder))


def test_missing_weights_are_refused(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m")
    (folder / "model.onnx").unlink()
    with pytest.raises(WeightsError, match="install the model again"):
        OnnxPredictor(read_summary(folder))


def test_weights_that_answer_in_another_shape_are_refused(build_model, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "m", members=3)
    text = (folder / "model.toml").read_text().replace("members = 3", "members = 4")
    (folder / "model.toml").write_text(text)
    with pytest.raises(WeightsError, match="does not fit its weights"):
        OnnxPredictor(read_summary(folder)).predict([clip(1, 0.1)])


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 120))
def test_batches_hold_each_clip_once_and_stay_small(lengths: list[int], most: int) -> None:
    found = list(batches(lengths, most=most))
    assert sorted(number for group in found for number in group) == list(range(len(lengths)))
    for group in found:
        padded = len(group) * max(lengths[number] for number in group)
        assert padded <= most or len(group) == 1


@given(st.lists(st.integers(1, 50), max_size=40))
def test_no_batch_mixes_lengths_that_a_neighbour_holds(lengths: list[int]) -> None:
    found = list(batches(lengths, most=100))
    for shorter, longer in pairwise(found):
        assert max(lengths[n] for n in shorter) <= min(lengths[n] for n in longer)
