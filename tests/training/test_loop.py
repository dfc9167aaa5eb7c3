"""The loop: what it learns, chooses, keeps, resumes and refuses."""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from mien.core.errors import ConfigError, DataError
from mien.training.checkpoint import read_weights
from mien.training.loop import LoopConfig, fit

PROGRAM = Path(__file__).with_name("small_task.py")
TASK = runpy.run_path(str(PROGRAM))
train, batches, accuracy, Task = (TASK[name] for name in ("train", "batches", "accuracy", "Task"))


def weights_of(fitted) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in fitted.objective.state_dict().items()}


def assert_same(first: dict, second: dict, *, within: float = 0.0) -> None:
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], rtol=0, atol=within, msg=name)


def start(job: dict, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), json.dumps(job)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_loop_learns_what_is_there_to_learn():
    fitted = train(None, config={"epochs": 30}, task={"dropout": 0.0})
    assert fitted.records[-1].loss < 0.7 * fitted.records[0].loss
    assert set(fitted.records[0].losses) == {"category", "size"}
    assert fitted.records[0].loss == pytest.approx(sum(fitted.records[0].losses.values()))
    assert accuracy(fitted.objective) > 0.8
    assert not fitted.objective.training


def test_it_is_plain_adamw_with_one_cycle_and_averaging():
    config = LoopConfig(epochs=3, learning_rate=0.02, weight_decay=0.1, average_decay=0.9)
    fitted = fit(Task(), batches, config=config, seed=3)
    twin = Task()
    torch.manual_seed(3)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.02, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=15, pct_start=0.2)
    average = torch.optim.swa_utils.AveragedModel(
        twin, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9), use_buffers=True
    )
    twin.train()
    for epoch in range(3):
        for batch in batches(epoch):
            optimizer.zero_grad()
            sum(twin.step(batch).values()).backward()
            nn.utils.clip_grad_norm_(twin.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(twin)
    got, wanted = weights_of(fitted), average.module.state_dict()
    # The average of the number of batches is no number of batches; ours stays one.
    assert int(got.pop("net.1.num_batches_tracked")) == 15
    del wanted["net.1.num_batches_tracked"]
    assert_same(got, wanted)


def test_accumulated_batches_equal_one_batch_of_all_rows():
    whole = [torch.cat([b.x for b in batches(0)]), torch.cat([b.target["half"] for b in batches(0)])]
    large = TASK["Batch"](whole[0], {"half": whole[1]}, None)
    config, calm = LoopConfig(epochs=3), {"dropout": 0.0, "normalize": False}
    one = fit(Task(**calm), lambda epoch: [large], config=config, seed=0)
    five = LoopConfig(epochs=3, accumulation_steps=5)
    parts = fit(Task(**calm), lambda epoch: batches(0), config=five, seed=0)
    assert_same(weights_of(one), weights_of(parts), within=1e-6)
    assert parts.records[0].loss == pytest.approx(one.records[0].loss, abs=1e-6)


def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(tmp_path):
    config = {"accumulation_steps": 2, "checkpoint_seconds": 0}
    calm = train(tmp_path / "calm", config=config, dev=accuracy)
    job = {"folder": str(tmp_path / "killed"), "config": config, "dev": True, "kill": [3, 2]}
    process = start(job)
    assert process.wait() == -signal.SIGKILL, process.stderr.read()
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    names = [file.stem for file in (tmp_path / "killed" / "checkpoints").glob("epoch-*.pt")]
    assert max(names) == "epoch-00002-step-0000001"
    torch.rand(5)  # whatever else this process draws must not matter
    resumed = train(tmp_path / "killed", config=config, dev=accuracy)
    assert_same(weights_of(calm), weights_of(resumed))
    assert_same(*(load_file(tmp_path / name / "weights.safetensors") for name in ("calm", "killed")))
    assert (calm.epoch, calm.score) == (resumed.epoch, resumed.score)
    for first, second in zip(calm.records, resumed.records, strict=True):
        assert (first.losses, first.dev, first.learning_rate) == (
            second.losses,
            second.dev,
            second.learning_rate,
        )
    lines = (tmp_path / "killed" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4]


def test_an_interrupted_run_goes_on_after_its_last_epoch(tmp_path):
    calm = train(None, config={})

    def interrupt(moment) -> None:
        if (moment.epoch, moment.step) == (3, 4):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, config={}, progress=interrupt)
    moments = []
    resumed = train(tmp_path, config={}, progress=moments.append)
    assert_same(weights_of(calm), weights_of(resumed))
    assert (moments[0].epoch, moments[0].step) == (3, 1)


def test_a_finished_run_is_not_repeated(tmp_path):
    first = train(tmp_path, config={})
    moments = []
    second = train(tmp_path, config={}, progress=moments.append)
    assert not moments
    assert_same(weights_of(first), weights_of(second))
    assert first.records == second.records
    assert_same(weights_of(first), read_weights(Task(), tmp_path / "weights.safetensors").state_dict())


@pytest.mark.parametrize("config", [{"epochs": 5}, {"learning_rate": 0.3}])
def test_a_checkpoint_of_another_config_is_refused_by_name(tmp_path, config):
    train(tmp_path, config={"epochs": 1})
    with pytest.raises(ConfigError, match=f"another run.*{next(iter(config))}"):
        train(tmp_path, config={"epochs": 1, **config})


def test_a_checkpoint_of_another_system_is_refused_by_name(tmp_path):
    train(tmp_path, config={"epochs": 1})
    with pytest.raises(ConfigError, match=r"shape of net.1.bias \[8\] there, missing here"):
        train(tmp_path, config={"epochs": 1}, task={"normalize": False})


def test_what_changes_no_weight_may_differ_on_resume(tmp_path):
    first = train(tmp_path, config={})
    second = train(tmp_path, config={"checkpoint_every": 3, "checkpoint_seconds": 5})
    assert_same(weights_of(first), weights_of(second))


def test_two_processes_equal_one_and_stop_together(tmp_path):
    config, calm = {"accumulation_steps": 2, "checkpoint_seconds": 0}, {"dropout": 0.0, "normalize": False}
    alone = train(None, config=config, task=calm, dev=accuracy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    job = {"folder": str(tmp_path), "config": config, "task": calm, "dev": True, "break": True}
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "ACCELERATE_USE_CPU": "true"}
    both = [start(job, RANK=str(rank), LOCAL_RANK=str(rank), **world) for rank in range(2)]
    told = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert_same(weights_of(alone), load_file(tmp_path / "weights.safetensors"), within=1e-5)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["loss"] for record in records] == pytest.approx([r.loss for r in alone.records], abs=1e-5)


def scores(*values: float):
    """Return a dev function that gives these values in turn and notes the weights that it saw."""
    seen, left = [], list(values)

    def dev(objective) -> float:
        assert not objective.training
        seen.append({name: tensor.clone() for name, tensor in objective.state_dict().items()})
        return left.pop(0)

    return dev, seen


def test_the_weights_that_score_best_on_dev_are_taken(tmp_path):
    dev, seen = scores(0.1, 0.7, 0.7, 0.3)
    fitted = train(tmp_path, config={}, dev=dev)
    assert (fitted.epoch, fitted.score) == (2, 0.7)
    assert_same(weights_of(fitted), seen[1])
    names = {file.name for file in (tmp_path / "checkpoints").iterdir()}
    kept = {f"epoch-0000{n}-step-0000000.{end}" for n in (3, 4) for end in ("pt", "safetensors")}
    assert names == {*kept, "best-00002.safetensors"}
    assert_same(load_file(tmp_path / "checkpoints" / "best-00002.safetensors"), seen[1])


def test_training_stops_once_dev_has_not_risen_for_patience_epochs(tmp_path):
    dev, seen = scores(0.1, 0.7, 0.6, 0.7, 0.9)
    fitted = train(tmp_path, config={"epochs": 9, "patience": 2}, dev=dev)
    assert (len(seen), fitted.epoch) == (4, 2)
    again = train(tmp_path, config={"epochs": 9, "patience": 2}, dev=dev)
    assert (len(seen), again.epoch) == (4, 2)


def test_without_averaging_the_last_weights_are_taken():
    now, seen = [], {}

    class Watched(Task):
        def step(self, batch):
            now.append(batch)
            return super().step(batch)

    def keep(moment) -> None:
        seen.update({name: tensor.clone() for name, tensor in task.state_dict().items()})

    task = Watched()
    fit(task, batches, config=LoopConfig(epochs=2, average_decay=0), seed=0, progress=keep)
    assert_same(seen, task.state_dict())
    assert len(now) == 10


def test_patience_without_dev_is_refused():
    with pytest.raises(ConfigError, match="patience = 2 without dev"):
        train(None, config={"patience": 2})


def test_a_dev_score_that_is_no_number_stops():
    with pytest.raises(DataError, match="dev score that is no number in epoch 1"):
        train(None, config={}, dev=lambda objective: float("nan"))


def spoil(monkey: dict, *, epoch: int, index: int):
    """Return the task's batches with one value in one batch that is no number."""

    def spoiled(number: int):
        found = batches(number)
        if number == epoch:
            found[index].x[2, 0] = float("nan")
            monkey["rows"] = ", ".join(map(str, found[index].row))
        return found

    return spoiled


def test_a_loss_that_is_no_number_names_its_batch_and_keeps_the_last_checkpoint(tmp_path):
    told: dict = {}
    config = LoopConfig(epochs=4, average_decay=0.9, learning_rate=0.02)
    with pytest.raises(DataError) as caught:
        fit(Task(), spoil(told, epoch=2, index=1), config=config, seed=3, folder=tmp_path)
    message = str(caught.value)
    last = tmp_path / "checkpoints" / "epoch-00002-step-0000000.pt"
    assert f"loss category, size that is no number in epoch 3, step 2 (rows {told['rows']})" in message
    assert f"`{last}`" in message
    assert last.exists()
    repaired = fit(Task(), batches, config=config, seed=3, folder=tmp_path)
    assert_same(weights_of(repaired), weights_of(train(None, config={})))


def test_a_gradient_that_is_no_number_stops_before_it_reaches_the_weights():
    class Cliff(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.place = nn.Parameter(torch.zeros(1))

        def step(self, batch):
            return {"root": self.place.abs().sqrt().sum()}  # its slope at 0 is no number

    task = Cliff()
    with pytest.raises(DataError, match="gradient that is no number in epoch 1, step 1"):
        fit(task, lambda epoch: [torch.ones(2)], config=LoopConfig(epochs=1), seed=0)
    assert float(task.place.detach()) == 0.0


def test_out_of_memory_names_what_to_lower(tmp_path):
    class Greedy(Task):
        def step(self, batch):
            return {"size": super().step(batch)["size"] + torch.empty(10**15).sum()}

    with pytest.raises(
        ConfigError, match=r"out of memory in epoch 1, step 1.* 6 rows.*batch_size.*longest_crop_s"
    ):
        fit(Greedy(), batches, config=LoopConfig(epochs=1), seed=0)


def test_another_error_of_the_objective_is_not_disguised():
    class Wrong(Task):
        def step(self, batch):
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        fit(Wrong(), batches, config=LoopConfig(epochs=1), seed=0)


def test_groups_of_weights_have_their_own_rates():
    class Grouped(Task):
        def parameter_groups(self, learning_rate):
            slow = {"params": list(self.net[0].parameters()), "lr": 0.0}
            return [slow, {"params": list(self.net[1:].parameters())}]

    before, task = Grouped().state_dict(), Grouped()
    fit(task, batches, config=LoopConfig(epochs=1), seed=0)
    assert torch.equal(before["net.0.weight"], task.state_dict()["net.0.weight"])
    assert not torch.equal(before["net.4.weight"], task.state_dict()["net.4.weight"])


def test_a_weight_in_no_group_is_an_error_unless_it_is_frozen():
    class Forgetful(Task):
        def parameter_groups(self, learning_rate):
            return [{"params": list(self.net[4].parameters())}]

    with pytest.raises(ConfigError, match=r"without net.0.weight.* \(4 in all\)"):
        fit(Forgetful(), batches, config=LoopConfig(epochs=1), seed=0)
    task = Forgetful()
    task.net[:2].requires_grad_(False)
    frozen = task.net[0].weight.clone()
    fit(task, batches, config=LoopConfig(epochs=1), seed=0)
    assert torch.equal(frozen, task.net[0].weight)


def test_an_objective_without_anything_to_train_is_refused():
    with pytest.raises(ConfigError, match="all frozen"):
        fit(Task().requires_grad_(False), batches, config=LoopConfig(epochs=1), seed=0)


@pytest.mark.parametrize("losses", [torch.zeros(()), {}, {"each": torch.zeros(6)}])
def test_a_step_that_gives_no_named_losses_is_refused(losses):
    class Odd(Task):
        def step(self, batch):
            return losses

    with pytest.raises(ConfigError, match="expected a dict of named losses"):
        fit(Odd(), batches, config=LoopConfig(epochs=1), seed=0)


def test_an_epoch_without_batches_is_an_error():
    with pytest.raises(DataError, match="no batch in epoch 1"):
        fit(Task(), lambda epoch: [], config=LoopConfig(epochs=1), seed=0)


def test_epochs_without_a_length_are_counted_and_give_the_same_weights():
    config = LoopConfig(epochs=2)
    known = fit(Task(), batches, config=config, seed=0)
    counted = fit(Task(), lambda epoch: (batch for batch in batches(epoch)), config=config, seed=0)
    assert_same(weights_of(known), weights_of(counted))


def test_bf16_computes_otherwise_and_learns_too():
    whole = train(None, config={"epochs": 30}, task={"dropout": 0.0})
    half = train(None, config={"epochs": 30, "mixed_precision": "bf16"}, task={"dropout": 0.0})
    assert not torch.equal(whole.objective.net[0].weight, half.objective.net[0].weight)
    assert half.objective.net[0].weight.dtype == torch.float32
    assert half.records[-1].loss < 0.7 * half.records[0].loss


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU can do it")
def test_fp16_without_a_gpu_is_refused():
    with pytest.raises(ConfigError, match="fp16 without a GPU"):
        train(None, config={"mixed_precision": "fp16"})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["no", "bf16", "fp16"])
def test_it_trains_on_a_gpu(precision, tmp_path):
    fitted = train(tmp_path, config={"epochs": 30, "mixed_precision": precision}, task={"dropout": 0.0})
    assert fitted.objective.net[0].weight.is_cuda
    assert fitted.records[-1].loss < fitted.records[0].loss
