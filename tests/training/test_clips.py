import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mien.core.errors import DataError
from mien.training.clips import EpochBatches, evaluation_batches, prepare_clips


@pytest.fixture
def table(tmp_path) -> pd.DataFrame:
    generator, rows = np.random.default_rng(0), []
    for number in range(6):
        file = tmp_path / f"{number}.wav"
        soundfile.write(file, 0.1 * generator.standard_normal(8000 + 2000 * number), 16000)
        rows.append(
            (f"c/{number}", str(file), f"c/{number % 2}", "c", ["anger", "neutral"][number % 2], "strong")
        )
    return pd.DataFrame(rows, columns=["segment", "file", "speaker", "corpus", "category", "intensity"])


def prepare(table: pd.DataFrame, copies: int = 2):
    return prepare_clips(
        table, categories=["anger", "neutral"], dimensions=["intensity"], degraded_copies=copies, seed=1
    )


def epoch_of(clips, rows, *, seed: int = 0, epoch: int = 0) -> EpochBatches:
    return EpochBatches(clips, rows, batch_size=2, longest_frames=20, seed=seed, epoch=epoch)


def test_copy_zero_is_the_recording_and_the_others_are_not(table):
    clips = prepare(table)
    assert len(clips.frames) == 3
    assert clips.frames[0][0].shape == (64, (8000 - 512) // 256 + 1)
    assert clips.frames[1][0].shape != clips.frames[0][0].shape or not np.array_equal(
        clips.frames[1][0], clips.frames[0][0]
    )
    assert clips.category.tolist() == [0, 1] * 3
    assert clips.dimensions[:, 0].tolist() == [1.0] * 6


def test_an_epoch_holds_every_clip_once(table):
    batches = epoch_of(prepare(table, copies=0), np.arange(6))
    seen = []
    for batch in batches:
        assert batch.frames.shape[2] <= 20
        assert batch.valid.shape == (batch.frames.shape[0], batch.frames.shape[2])
        seen += batch.row.tolist()
    assert sorted(seen) == list(range(6))
    assert len(batches) == 3


def test_an_epoch_can_be_repeated_and_the_next_one_is_another(table):
    clips = prepare(table)
    first, again, later = (
        torch.cat([batch.frames.flatten() for batch in epoch_of(clips, np.arange(6), epoch=epoch)])
        for epoch in (3, 3, 4)
    )
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert first.shape != later.shape or not torch.equal(first, later)


def test_evaluation_gives_whole_recordings_with_padding_marked(table):
    clips = prepare(table, copies=0)
    (batch,) = evaluation_batches(clips, np.array([5, 0]))
    assert batch.row.tolist() == [0, 5]
    assert batch.valid.sum(dim=1).tolist() == [clips.frames[0][0].shape[1], clips.frames[0][5].shape[1]]
    assert (batch.frames[0, :, ~batch.valid[0]] == 0).all()


def test_another_rate_is_refused(tmp_path, table):
    soundfile.write(tmp_path / "0.wav", np.zeros(8000), 8000)
    with pytest.raises(DataError, match="8000 Hz"):
        prepare(table)


def test_degraded_copies_keep_the_sounding_part_and_know_its_times(tmp_path):
    generator = np.random.default_rng(0)
    sound = np.concatenate([np.zeros(16000), 0.1 * generator.standard_normal(16000), np.zeros(8000)])
    soundfile.write(tmp_path / "a.wav", sound + 1e-5 * generator.standard_normal(40000), 16000)
    row = ("c/0", str(tmp_path / "a.wav"), "c/0", "c", "anger", "strong")
    table = pd.DataFrame([row], columns=["segment", "file", "speaker", "corpus", "category", "intensity"])
    clips = prepare(table, copies=1)
    assert clips.spans[0] == [(0.0, 2.5)]
    assert clips.spans[1][0] == pytest.approx((0.9, 2.1), abs=0.07)
    (batch,) = evaluation_batches(clips, np.array([0]))
    assert batch.time_s.shape == (1, clips.frames[0][0].shape[1])
    assert batch.time_s[0, 0] == pytest.approx(0.0, abs=0.02)
    assert batch.time_s[0, -1] == pytest.approx(2.5, abs=0.02)


def test_a_crop_keeps_the_times_of_its_frames(table):
    clips = prepare(table, copies=0)
    (batch,) = epoch_of(clips, np.array([5]), seed=3)
    step_s = np.diff(batch.time_s[0])
    assert batch.frames.shape[2] <= 20
    assert 0 <= batch.time_s[0, 0]
    assert batch.time_s[0, -1] <= 18000 / 16000
    np.testing.assert_allclose(step_s, 18000 / 16000 / clips.frames[0][5].shape[1], rtol=1e-3)
