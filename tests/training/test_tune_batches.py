import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from torch import nn

from mien.training.clip_samples import ClipSamples
from mien.training.fine_tune_settings import TuneTraining
from mien.training.tune_batches import TuneBatches, TuneData, answer, member_weights


class Loudness(nn.Module):
    """Answers with each clip's mean square, and remembers how large its batches were."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(1))
        self.sizes = []

    def forward(self, x, valid):
        self.sizes.append(len(x))
        power = (x * valid).square().sum(dim=1) / valid.sum(dim=1)
        return {"loudness": self.one * power[:, None, None]}


@pytest.fixture
def data(tmp_path) -> TuneData:
    lengths = [0.3 + 0.2 * (number % 5) for number in range(12)]
    for number, length in enumerate(lengths):
        size = int(16000 * length)
        level = 0.05 * (number + 1) * (-1.0) ** np.arange(size)
        soundfile.write(tmp_path / f"{number}.wav", level, 16000, subtype="FLOAT")
    files = [str(tmp_path / f"{number}.wav") for number in range(12)]
    table = pd.DataFrame({"file": files, "start": 0.0, "end": lengths})
    return TuneData(ClipSamples(table, longest_s=30.0), {"category": np.arange(12) % 3})


def batches(data: TuneData, **options) -> TuneBatches:
    config = TuneTraining(**{"batch_size": 4, "degraded_copies": 0, **options})
    return TuneBatches(data, np.arange(2, 12), np.ones((12, 2), np.float32), config, 7)


def test_an_epoch_holds_every_row_once_with_its_own_target_and_is_the_same_again(data):
    epoch = batches(data)(3)
    found = list(epoch)
    assert len(found) == len(epoch)
    rows = np.concatenate([batch.row for batch in found])
    assert sorted(rows) == list(range(2, 12))
    for batch in found:
        assert batch.targets["category"].tolist() == (batch.row % 3).tolist()
        assert batch.weight.shape == (len(batch), 2)
        levels = batch.x[:, 0].tolist()
        assert levels == pytest.approx([0.05 * (row + 1) for row in batch.row], abs=1e-4)
    again = list(batches(data)(3))
    assert all(torch.equal(one.x, two.x) for one, two in zip(found, again, strict=True))


def test_long_clips_are_cropped_and_some_are_degraded(data):
    assert max(batch.x.shape[1] for batch in batches(data, longest_crop_s=0.2)(0)) == 3200
    plain = {int(row): x for batch in batches(data)(0) for row, x in zip(batch.row, batch.x, strict=True)}
    worse = {
        int(row): x
        for batch in batches(data, degraded_copies=1)(0)
        for row, x in zip(batch.row, batch.x, strict=True)
    }
    changed = [
        row
        for row in plain
        if plain[row].shape != worse[row].shape or not torch.equal(plain[row], worse[row])
    ]
    assert 0 < len(changed)


def test_descriptions_come_in_one_of_their_versions(data):
    described = np.stack([np.full((12, 2, 3), copy, np.float32) for copy in range(3)])
    described += np.arange(12, dtype=np.float32)[:, None, None] * 10
    found = list(batches(TuneData(data.clips, data.targets, described))(0))
    copies = {int(batch.x[i, 0, 0]) - 10 * int(row) for batch in found for i, row in enumerate(batch.row)}
    assert copies <= {0, 1, 2}
    assert len(copies) > 1


def test_answers_come_in_the_order_of_the_rows_whatever_the_batches(data):
    net, rows = Loudness(), np.array([11, 0, 5, 3])
    found = answer(net, data, rows)["loudness"]
    assert found.shape == (4, 1, 1)
    assert found.ravel().tolist() == pytest.approx([(0.05 * (row + 1)) ** 2 for row in rows], rel=1e-3)


def test_rare_categories_weigh_more_and_members_differ():
    classes, rows = np.array([0] * 16 + [1] * 4), np.arange(20)
    one = member_weights(classes, rows, members=1, balance=0.5, seed=0)
    assert one.shape == (20, 1)
    assert one[-1, 0] / one[0, 0] == pytest.approx(2.0)
    assert one.mean() == pytest.approx(1.0)
    even = member_weights(classes, rows, members=1, balance=1.0, seed=0)
    assert even[:16].sum() == pytest.approx(even[16:].sum())
    many = member_weights(classes, rows, members=3, balance=0.0, seed=0)
    assert many.min() >= 0.25
    assert many.max() <= 1.75
    assert not np.allclose(many[:, 0], many[:, 1])
