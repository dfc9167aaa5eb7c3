import numpy as np
import pytest
from tests.features.voice.made_voice import made_voice

from mien.core.errors import ConfigError, DataError
from mien.features.voice import compare
from mien.nets.descriptors.batches import describe_batches
from mien.nets.descriptors.voice_descriptors import VoiceDescriptors


@pytest.fixture
def clips() -> list[np.ndarray]:
    voice = made_voice(8000)
    return [voice[:9000], voice[:2000], voice, voice[3000:6000], voice[:480]]


@pytest.mark.parametrize("batch_s", [0.1, 2.0, 300.0])
@pytest.mark.parametrize("level", ["lld", "functionals"])
def test_any_batches_give_the_rows_of_numpy_in_the_order_of_the_clips(clips, level, batch_s):
    describe = VoiceDescriptors("compare", rate_hz=8000)
    ours = describe_batches(describe, clips, level=level, batch_s=batch_s)
    theirs = compare.extract(clips, rate_hz=8000, level=level)
    np.testing.assert_array_equal(ours.starts, theirs.starts)
    assert (ours.hop_s, ours.window_s) == (theirs.hop_s, theirs.window_s)
    columns = [theirs.columns.index(column) for column in ours.columns]
    scale = np.abs(theirs.values[:, columns]).max(axis=0)
    assert (np.abs(ours.values - theirs.values[:, columns]) / scale).max() <= 1e-4


def test_no_clips_give_no_rows():
    describe = VoiceDescriptors("egemaps", rate_hz=8000)
    for level, width in (("lld", 10), ("functionals", 17)):
        found = describe_batches(describe, [], level=level)
        assert found.values.shape == (0, width)
        assert found.starts.tolist() == [0]


def test_what_cannot_be_described_is_refused_and_says_which_clip_it_is(clips):
    describe = VoiceDescriptors("egemaps", rate_hz=8000)
    with pytest.raises(DataError, match=r"Got clip 1 of 0\.013 s"):
        describe_batches(describe, [clips[0], clips[1][:100]])
    with pytest.raises(ConfigError, match="Got level `frames`, expected functionals or lld"):
        describe_batches(describe, clips, level="frames")
    with pytest.raises(ConfigError, match="Got batches of 0 s"):
        describe_batches(describe, clips, batch_s=0)
