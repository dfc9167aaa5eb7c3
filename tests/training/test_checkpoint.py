"""Checkpoints: whole or not there, two kept, refused when of another run."""

import logging

import pytest
import torch
from torch import nn

from mien.core.errors import ConfigError, WeightsError
from mien.training.checkpoint import Checkpoint, Checkpoints, read_weights, stored_weights, write_weights

RUN = {"learning_rate": 0.1, "shape of a": [2, 3]}


def make(epoch: int, *, step: int = 0, best_epoch: int = 0) -> Checkpoint:
    best = {"a": torch.full((2, 3), float(best_epoch))} if best_epoch else {}
    weights = {"a": torch.full((2, 3), float(10 * epoch + step))}
    return Checkpoint(epoch, step, weights, best, best_epoch, {"list": [1, (2.5, None)], "t": torch.ones(1)})


@pytest.fixture
def kept(tmp_path) -> Checkpoints:
    return Checkpoints(tmp_path / "deep" / "checkpoints", fingerprint=RUN)


def again(kept: Checkpoints, **changed) -> Checkpoints:
    return Checkpoints(kept.folder, fingerprint={**RUN, **changed})


def test_what_is_written_is_read_back(kept):
    kept.write(make(2, step=7, best_epoch=1))
    found = again(kept).read()
    assert (found.epoch, found.step, found.best_epoch) == (2, 7, 1)
    assert torch.equal(found.weights["a"], torch.full((2, 3), 27.0))
    assert torch.equal(found.best["a"], torch.full((2, 3), 1.0))
    assert found.state == {"list": [1, (2.5, None)], "t": torch.ones(1)}


def test_an_empty_folder_has_none(kept):
    assert kept.read() is None
    assert kept.last() is None


def test_the_last_two_are_kept_and_the_best_that_they_name(kept):
    for epoch, best in ((1, 1), (2, 2), (3, 2), (4, 4), (5, 4)):
        kept.write(make(epoch, best_epoch=best))
    names = sorted(file.name for file in kept.folder.iterdir())
    assert names == [
        "best-00004.safetensors",
        *(f"epoch-0000{epoch}-step-0000000.{end}" for epoch in (4, 5) for end in ("pt", "safetensors")),
    ]
    kept.write(make(6, best_epoch=6))
    assert {"best-00004.safetensors", "best-00006.safetensors"} < {f.name for f in kept.folder.iterdir()}


def test_within_an_epoch_and_after_it_sort_by_time(kept):
    for epoch, step in ((9, 12), (10, 0), (10, 3), (10, 11)):
        kept.write(make(epoch, step=step))
    found = kept.read()
    assert (found.epoch, found.step) == (10, 11)


def test_a_write_that_was_killed_leaves_the_one_before_and_is_cleaned_up(kept):
    kept.write(make(1))
    torch_part = kept.folder / ".epoch-00002-step-0000000.ab12.part.pt"
    weights_part = kept.folder / ".epoch-00002-step-0000000.cd34.part.safetensors"
    without_state = kept.folder / "epoch-00002-step-0000000.safetensors"
    for file in (torch_part, weights_part, without_state):
        file.write_bytes(b"half")
    assert again(kept).read().epoch == 1
    again(kept).write(make(3))
    assert not any(file.exists() for file in (torch_part, weights_part, without_state))


@pytest.mark.parametrize("end", ["pt", "safetensors"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(kept, end, caplog):
    kept.write(make(1))
    kept.write(make(2))
    (kept.folder / f"epoch-00002-step-0000000.{end}").write_bytes(b"PK\x03\x04 not a checkpoint")
    with caplog.at_level(logging.WARNING):
        assert again(kept).read().epoch == 1
    assert "epoch-00002-step-0000000.pt cannot be read" in caplog.text


def test_where_none_can_be_read_it_says_so(kept):
    kept.write(make(1))
    (kept.folder / "epoch-00001-step-0000000.pt").write_bytes(b"")
    with pytest.raises(WeightsError, match="no readable checkpoint"):
        kept.read()


def test_a_checkpoint_of_another_run_is_refused_by_what_differs(kept):
    kept.write(make(1))
    with pytest.raises(ConfigError, match=r"another run.*: learning_rate 0.1 there, 0.2 here\. "):
        again(kept, learning_rate=0.2).read()
    with pytest.raises(ConfigError, match=r"shape of b missing there, \[4\] here"):
        again(kept, **{"shape of b": [4]}).read()
    with pytest.raises(ConfigError, match="and 3 more"):
        again(kept, **{f"shape of {letter}": [1] for letter in "bcdefghi"}).read()


def test_nothing_of_a_checkpoint_is_run_when_it_is_read(kept):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('it ran')",))

    kept.write(make(1))
    torch.save({"fingerprint": RUN, "trap": Trap()}, kept.folder / "epoch-00002-step-0000000.pt")
    assert kept.read().epoch == 1


def test_weights_that_share_memory_are_stored_and_read(tmp_path):
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    write_weights(stored_weights(net), tmp_path / "w.safetensors")
    other = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    other[1].weight = other[0].weight
    read_weights(other, tmp_path / "w.safetensors")
    assert torch.equal(net[0].weight, other[1].weight)


def test_weights_of_another_network_are_refused(tmp_path):
    write_weights(stored_weights(nn.Linear(3, 2)), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="the weights of this network"):
        read_weights(nn.Linear(3, 4), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="the weights of this network"):
        read_weights(nn.Linear(3, 2), tmp_path / "none.safetensors")
