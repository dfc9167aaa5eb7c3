"""The log of epochs."""

import json

import pytest

from mien.training.run_log import EpochRecord, RunLog


def record(epoch: int, dev: float | None = None) -> EpochRecord:
    return EpochRecord(epoch, 1.5, {"category": 1.0, "hint": 0.5}, 0.01 / epoch, 2.0, dev)


def test_each_epoch_is_one_line(tmp_path):
    log = RunLog(tmp_path)
    log.add(record(1))
    log.add(record(2, dev=0.7))
    first, second = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert first == {
        "epoch": 1,
        "loss": 1.5,
        "losses": {"category": 1.0, "hint": 0.5},
        "learning_rate": 0.01,
        "seconds": 2.0,
        "dev": None,
    }
    assert second["dev"] == 0.7


def test_a_resume_takes_back_the_lines_of_later_epochs_and_half_lines(tmp_path):
    log = RunLog(tmp_path)
    for epoch in (1, 2, 3):
        log.add(record(epoch))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"epoch": 4, "lo')
    resumed = RunLog(tmp_path, records=[record(1)])
    resumed.add(record(2))
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]


def test_without_a_folder_the_records_stay_in_memory():
    log = RunLog(None, tensorboard=True)
    log.add(record(1))
    assert log.records == [record(1)]
    log.close()


def test_tensorboard_gets_every_number(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = RunLog(tmp_path, tensorboard=True)
    log.add(record(1))
    log.add(record(2, dev=0.7))
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss/hint")] == [(1, 0.5), (2, 0.5)]
    assert [event.step for event in events.Scalars("dev")] == [2]
    assert {"loss", "learning_rate", "seconds"} < set(events.Tags()["scalars"])
