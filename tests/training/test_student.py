"""A student's losses come from the right rows, and its clips sound as those that the teacher heard."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import DataError
from mien.nets.encoders import mel_recurrent
from mien.nets.pooling import MeanPooling
from mien.training.adapters import CATEGORY, DIMENSIONS
from mien.training.batch import Batch, make_batch
from mien.training.clip_samples import ClipSamples
from mien.training.distillation import TeacherAnswers, answer_loss
from mien.training.student import DistillConfig, Student, StudentBatches, copy_of
from mien.training.supervised import Supervised, Task

MEMBERS, CLASSES, ROWS = 3, 2, 5
write_clips = runpy.run_path(str(Path(__file__).with_name("voices.py")))["write_clips"]


def small_net(members: int = MEMBERS, *, dimensions: int = 0) -> Supervised:
    torch.manual_seed(0)
    encoder = mel_recurrent.build(mel_recurrent.Config(bands=16, channels=(4, 4, 4, 4), width=8, dropout=0.0))
    tasks = {CATEGORY: Task(count=CLASSES)}
    tasks |= {DIMENSIONS: Task(objective="squared-error", count=dimensions)} if dimensions else {}
    return Supervised(encoder, MeanPooling(), tasks, members=members).eval()


def answers(*, dimensions: int = 0, features: int = 0) -> TeacherAnswers:
    generator = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return generator.standard_normal((ROWS, *shape)).astype(np.float32)

    values = some(MEMBERS, dimensions) if dimensions else None
    return TeacherAnswers(some(MEMBERS, CLASSES), values, some(features) if features else None)


def batch(rows: list[int], labels: list[int] | None = None) -> Batch:
    sounds = [
        0.1 * np.random.default_rng(row).standard_normal(4000 + 800 * row).astype(np.float32) for row in rows
    ]
    return make_batch(sounds, {CATEGORY: labels or [-1] * len(rows)}, row=rows)


def test_each_clip_is_compared_with_its_own_row_of_the_answers():
    net, known = small_net(), answers()
    student = Student(net, known, DistillConfig(doubt_weight=0, label_share=0))
    some = batch([4, 1])
    said = net(some.x, some.valid)[CATEGORY]
    wanted = answer_loss(said, torch.from_numpy(known.logits[[4, 1]]))
    assert float(student.step(some)[CATEGORY].detach()) == pytest.approx(float(wanted.detach()))


def test_clips_alone_cost_what_they_cost_in_a_padded_batch():
    student = Student(small_net(), answers(), DistillConfig(label_share=0))
    together = student.step(batch([0, 2]))
    alone = [student.step(batch([row])) for row in (0, 2)]
    for name, loss in together.items():
        mean = np.mean([float(one[name].detach()) for one in alone])
        assert float(loss.detach()) == pytest.approx(mean, rel=1e-4), name


def test_labels_count_only_where_they_are_known_and_take_their_share():
    student = Student(small_net(), answers(), DistillConfig(label_share=0.5, doubt_weight=0))
    assert set(student.step(batch([0, 1]))) == {CATEGORY}
    only_labels = Student(small_net(), answers(), DistillConfig(label_share=1.0, doubt_weight=0))
    losses = only_labels.step(batch([0, 1], [1, 0]))
    assert float(losses[CATEGORY].detach()) == 0.0
    net, some = small_net(), batch([0, 1], [1, 0])
    plain = net.step(some)[CATEGORY]
    assert float(losses["labels"].detach()) == pytest.approx(float(plain.detach()), rel=1e-5)


def test_each_clip_is_shared_between_its_label_and_its_teacher():
    shares = {share: DistillConfig(label_share=share, doubt_weight=0) for share in (0.0, 0.4, 1.0)}
    some = batch([0, 1, 2], [1, -1, 0])
    of = {share: Student(small_net(), answers(), config).step(some) for share, config in shares.items()}
    alone = Student(small_net(), answers(), shares[0.0]).step(batch([1]))[CATEGORY]
    assert float(of[1.0][CATEGORY].detach()) == pytest.approx(float(alone.detach()) / 3, rel=1e-4)
    for name, ends in ((CATEGORY, (0.0, 1.0)), ("labels", (None, 1.0))):
        low, high = (0.0 if end is None else float(of[end][name].detach()) for end in ends)
        assert float(of[0.4][name].detach()) == pytest.approx(0.6 * low + 0.4 * high, rel=1e-4)


def test_all_that_the_teacher_gives_is_learned_and_every_weight_gets_a_gradient():
    student = Student(
        small_net(dimensions=1).train(), answers(dimensions=1, features=4), DistillConfig(label_share=0.3)
    )
    losses = student.step(batch([0, 1, 2], [1, -1, 0]))
    assert set(losses) == {CATEGORY, "labels", "doubt", DIMENSIONS, "features"}
    sum(losses.values()).backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in student.parameters())
    grouped = {id(w) for group in student.parameter_groups(0.1) for w in group["params"]}
    assert grouped == {id(weight) for weight in student.parameters()}


def test_other_members_or_outputs_than_the_teachers_are_refused_before_training():
    with pytest.raises(
        DataError, match=r"student of \(members, outputs\) \(2, 2\) for a teacher of \(3, 2\)"
    ):
        Student(small_net(members=2), answers(), DistillConfig())
    with pytest.raises(DataError, match="Got dimensions of the teacher alone"):
        Student(small_net(), answers(dimensions=1), DistillConfig())


def test_a_copy_sounds_the_same_whenever_it_is_heard_and_batches_name_it(tmp_path):
    listed = pd.read_csv(write_clips(tmp_path, speakers=2, clips=1))
    files = [str(tmp_path / file) for file in listed["file"]]
    clips = ClipSamples(pd.DataFrame({"file": files, "start": 0.0, "end": np.nan}), longest_s=5)
    first, again = (copy_of(clips, 1, 2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(copy_of(clips, 1, 0, seed=3), clips.read(1))
    batches = StudentBatches(
        clips, np.arange(4), np.array([0, 1, -1, 0]), copies=2, batch_size=2, longest_crop_s=5, seed=3
    )
    found = [one for epoch in range(3) for one in batches(epoch)]
    assert len(batches(0)) == 2
    for one in found:
        for x, valid, row in zip(one.x, one.valid, one.row, strict=True):
            copy, clip = divmod(int(row), 4)
            np.testing.assert_array_equal(x[valid].numpy(), copy_of(clips, clip, copy, seed=3))
    assert {int(row) // 4 for one in found for row in one.row} == {0, 1, 2}
