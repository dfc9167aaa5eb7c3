"""Tests of what a frozen encoder hears in labelled clips, and of the probe that learns from it."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mien.core.errors import DataError
from mien.core.registry import find
from mien.training.clip_training import ClipTraining
from mien.training.loop import fit
from mien.training.statistics import Heard, hear_clips
from mien.training.statistics_objective import StatisticsObjective, recognize_heard

SYSTEM = find("systems", "encoder-probe")
TINY = SYSTEM.CARD["variants"]["tiny"]["config"] | {"categories": 2}


def probe() -> torch.nn.Module:
    torch.manual_seed(0)
    return SYSTEM.build(SYSTEM.Config(**TINY)).eval()


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> pd.DataFrame:
    folder, generator = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    rows = []
    for number in range(4):
        sound = 0.1 * generator.standard_normal(8000 + 1000 * number)
        samples = np.concatenate([np.zeros(6000), sound, np.zeros(6000)])
        soundfile.write(folder / f"{number}.wav", samples, 16000)
        label = ("anger", "fear")[number % 2]
        rows.append((f"made/{number}", str(folder / f"{number}.wav"), "made", label, "strong"))
    return pd.DataFrame(rows, columns=["segment", "file", "corpus", "category", "intensity"])


def hear(table: pd.DataFrame, store, **changed) -> Heard:
    options = {"degraded_copies": 2, "seed": 0} | changed
    return hear_clips(
        table,
        probe(),
        system="encoder-probe",
        categories=["anger", "fear"],
        dimensions=["intensity"],
        store=store,
        **options,
    )


def test_the_recording_its_sounding_part_and_degraded_copies_are_heard(table, tmp_path):
    heard = hear(table, tmp_path / "heard.npy")
    net = probe()
    assert heard.statistics.shape == (4, 4, net.width)
    samples, _ = soundfile.read(table["file"][2], dtype="float32")
    with torch.inference_mode():
        whole = net.describe(torch.from_numpy(samples)[None], torch.tensor([samples.size]))[0]
    np.testing.assert_allclose(heard.statistics[0, 2], whole.numpy(), atol=1e-5)
    for first, second in ((0, 1), (1, 2), (2, 3)):
        assert np.abs(heard.statistics[first] - heard.statistics[second]).max() > 1e-3
    assert heard.category.tolist() == [0, 1, 0, 1]
    assert heard.dimensions.tolist() == [[1.0]] * 4


def test_a_clip_is_heard_alike_whatever_else_is_there_and_with_any_number_of_workers(table, tmp_path):
    heard = hear(table, tmp_path / "all.npy")
    fewer = hear(table.iloc[:2], tmp_path / "fewer.npy")
    spread_out = hear(table, tmp_path / "spread.npy", workers=2)
    np.testing.assert_allclose(heard.statistics[:, :2], fewer.statistics, atol=1e-6)
    np.testing.assert_allclose(heard.statistics, spread_out.statistics, atol=1e-6)


def test_what_was_heard_is_kept(table, tmp_path):
    first = hear(table, tmp_path / "heard.npy")
    gone = table.assign(file="not-there.wav")
    np.testing.assert_array_equal(hear(gone, tmp_path / "heard.npy").statistics, first.statistics)


def test_a_recording_of_another_rate_is_refused(table, tmp_path):
    soundfile.write(tmp_path / "fast.wav", np.zeros(8000), 44100)
    with pytest.raises(DataError, match="44100 Hz"):
        hear(table.assign(file=str(tmp_path / "fast.wav")), tmp_path / "heard.npy")


def made_heard(width: int) -> Heard:
    """Return statistics far from mean 0 in which two values tell the categories apart."""
    generator = np.random.default_rng(0)
    category = np.arange(60) % 2
    statistics = generator.standard_normal((3, 60, width)).astype(np.float32)
    statistics[:, :, :2] += 3 * category[:, None]
    table = pd.DataFrame({"corpus": "made", "category": category.astype(str)})
    return Heard(table, 5 + 0.1 * statistics, category, np.full((60, 1), np.nan))


def test_a_probe_learns_and_its_encoder_is_left_alone():
    net = probe()
    before = {name: values.clone() for name, values in net.encoder.state_dict().items()}
    heard, rows = made_heard(net.width), np.arange(40)
    config = ClipTraining(epochs=40, batch_size=10, learning_rate=2e-2)
    objective = StatisticsObjective(net, heard, rows, config=config, seed=0)
    known = (torch.from_numpy(heard.statistics[:, rows]) - net.centre) / net.scale
    assert known.mean().abs() < 1e-3
    assert known.std().item() == pytest.approx(1, abs=0.02)
    fitted = fit(objective, objective.batches, config=config, seed=0).objective.net
    category, dimension = recognize_heard(fitted, heard, np.arange(40, 60))
    assert category.shape == (20, 2, 2)
    assert dimension.shape == (20, 2, 1)
    assert (category.mean(axis=1).argmax(axis=1) == heard.category[40:]).mean() >= 0.9
    for name, values in fitted.encoder.state_dict().items():
        torch.testing.assert_close(values, before[name])


def test_an_epoch_holds_every_clip_once_and_the_same_seed_gives_the_same_batches():
    net = probe()
    config = ClipTraining(batch_size=16)
    objective = StatisticsObjective(net, made_heard(net.width), np.arange(40), config=config, seed=3)
    first, second, other = (list(objective.batches(epoch)) for epoch in (0, 0, 1))
    assert sorted(np.concatenate([batch.row for batch in first])) == list(range(40))
    assert len(first) == len(objective.batches(0)) == 3
    for one, same in zip(first, second, strict=True):
        assert torch.equal(one.statistics, same.statistics)
    assert first[0].row.tolist() != other[0].row.tolist()
