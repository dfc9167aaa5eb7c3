import numpy as np
import pytest
import torch

from mien.core.errors import ConfigError
from mien.nets.embedded_segment import EmbeddedSegment, check_pooling
from mien.nets.pooling import MeanPooling, StatisticsPooling

FRAMES = np.random.default_rng(0).normal(3, 2, (11, 4)).astype(np.float32)


def in_parts(pooling: str) -> EmbeddedSegment:
    segment = EmbeddedSegment(pooling, 0.0, 1.1)
    for begin, end in ((0, 5), (5, 6), (6, 11)):
        segment.add(FRAMES[begin:end], np.arange(begin, end) / 10)
    return segment


@pytest.mark.parametrize(("pooling", "net"), [("mean", MeanPooling()), ("statistics", StatisticsPooling())])
def test_parts_pool_to_what_the_whole_would(pooling, net):
    whole = net(torch.from_numpy(FRAMES)[None], torch.ones(1, 11, dtype=torch.bool))
    np.testing.assert_allclose(in_parts(pooling).rows(), whole.numpy(), atol=1e-5)


def test_without_pooling_frames_and_times_are_kept_in_order():
    segment = in_parts("none")
    assert np.array_equal(segment.rows(), FRAMES)
    np.testing.assert_allclose(segment.times(), np.arange(11) / 10)


def test_one_frame_has_the_least_deviation_and_no_nan():
    segment = EmbeddedSegment("statistics", 0.0, 0.1)
    segment.add(FRAMES[:1], np.zeros(1))
    np.testing.assert_allclose(segment.rows()[0, 4:], np.sqrt(1e-5), atol=1e-6)


def test_an_unknown_pooling_names_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean `mean`"):
        check_pooling("maen")
