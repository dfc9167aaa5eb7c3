"""Tests of clips held as samples, and of the batches made of them."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mien.core.errors import DataError
from mien.training.sampled_clips import SampleBatches, SampledClips, sample_clips, whole_clips


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> pd.DataFrame:
    """Return six clips of noise between silent ends, from 1.0 to 1.6 s long."""
    folder, generator, rows = tmp_path_factory.mktemp("clips"), np.random.default_rng(0), []
    for number in range(6):
        sound = 0.1 * generator.standard_normal(8000 + 2000 * number)
        file = folder / f"{number}.wav"
        soundfile.write(file, np.concatenate([np.zeros(4000), sound, np.zeros(4000)]), 16000)
        label = ("anger", "neutral")[number % 2]
        rows.append((f"c/{number}", str(file), f"c/{number % 2}", "c", label, "strong"))
    return pd.DataFrame(rows, columns=["segment", "file", "speaker", "corpus", "category", "intensity"])


def sampled(table: pd.DataFrame, **changed) -> SampledClips:
    options = {
        "categories": ["anger", "neutral"],
        "dimensions": ["intensity"],
        "degraded_copies": 2,
        "seed": 1,
    }
    return sample_clips(table, **(options | changed))


def epoch_of(clips: SampledClips, *, seed: int = 0, epoch: int = 0, longest: int = 10000) -> SampleBatches:
    return SampleBatches(clips, np.arange(6), batch_size=4, longest=longest, seed=seed, epoch=epoch)


def test_copy_zero_is_the_recording_to_half_a_step_of_16_bits(table):
    clips = sampled(table)
    for row, file in enumerate(table["file"]):
        samples, _ = soundfile.read(file, dtype="float32")
        np.testing.assert_allclose(clips.read(row), samples, atol=0.51 / 32767)
    assert clips.category.tolist() == [0, 1] * 3
    assert clips.dimensions[:, 0].tolist() == [1.0] * 6


def test_further_copies_leave_the_silent_ends_out_and_differ(table):
    clips = sampled(table, degraded_copies=3)
    assert len(clips.samples) == 5
    for row in range(6):
        copies = [clips.samples[copy][row] for copy in (1, 2, 3, 4)]
        assert all(copy.size < clips.samples[0][row].size for copy in copies)
        assert len({copy.tobytes() for copy in copies}) > 1


def test_a_clips_copies_depend_on_its_place_and_the_seed_alone(table):
    clips, fewer, spread_out = sampled(table), sampled(table.iloc[:2]), sampled(table, workers=2)
    for copy in range(4):
        for row in range(6):
            np.testing.assert_array_equal(clips.samples[copy][row], spread_out.samples[copy][row])
        np.testing.assert_array_equal(clips.samples[copy][1], fewer.samples[copy][1])
    assert sampled(table, seed=2).samples[2][0].tobytes() != clips.samples[2][0].tobytes()


def test_a_recording_of_another_rate_is_refused(table, tmp_path):
    soundfile.write(tmp_path / "fast.wav", np.zeros(8000), 44100)
    with pytest.raises(DataError, match="44100 Hz"):
        sampled(table.assign(file=str(tmp_path / "fast.wav")))


def test_an_epoch_holds_every_clip_once_and_none_longer_than_allowed(table):
    batches = epoch_of(sampled(table))
    found = list(batches)
    assert sorted(np.concatenate([batch.row for batch in found])) == list(range(6))
    assert len(batches) == len(found) == 2
    assert all(batch.valid.sum(dim=1).max() <= 10000 for batch in found)


def test_training_hears_all_copies_and_judging_the_recordings_alone(table):
    clips = sampled(table)
    heard = {
        clip[: int(valid.sum())].numpy().tobytes()
        for epoch in range(30)
        for batch in epoch_of(clips, epoch=epoch, longest=10**6)
        for clip, valid in zip(batch.x, batch.valid, strict=True)
    }
    assert heard == {clips.read(row, copy=copy).tobytes() for row in range(6) for copy in range(4)}
    judged = {
        int(row): clip[valid].numpy()
        for batch in whole_clips(clips, np.array([4, 1]))
        for clip, valid, row in zip(batch.x, batch.valid, batch.row, strict=True)
    }
    assert sorted(judged) == [1, 4]
    for row, samples in judged.items():
        np.testing.assert_array_equal(samples, clips.read(row))


def test_an_epoch_can_be_repeated_and_the_next_one_is_another(table):
    clips = sampled(table)
    first, again, later = (
        torch.cat([batch.x.flatten() for batch in epoch_of(clips, epoch=epoch)]) for epoch in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert first.shape != later.shape or not torch.equal(first, later)
