import math

import numpy as np
import pytest
import torch
from torch import nn

from mien.core import registry
from mien.core.errors import ConfigError, DataError
from mien.nets.frames import Frames
from mien.nets.layer_mix import LayerMix
from mien.nets.pooling import AttentiveStatistics, MeanPooling
from mien.training.batch import make_batch
from mien.training.supervised import Adaptation, Supervised, Task

NAN = float("nan")


class Layered(nn.Module):
    """A real encoder of few weights: an embedding, three layers and a norm, one frame per sample."""

    modality, width, layer_count, frame_rate_hz = "voice", 6, 4, 16000.0

    def __init__(self, dropout=0.0):
        super().__init__()
        self.embedding = nn.Linear(1, 6)
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        self.norm = nn.LayerNorm(6)
        self.dropout = nn.Dropout(dropout)
        self.passes = []

    def encode_layers(self, x, valid):
        self.passes.append(len(x))
        found = [self.dropout(self.embedding(x.unsqueeze(2)))]
        for layer in self.layers:
            found.append(torch.tanh(layer(found[-1])))
        found[-1] = self.norm(found[-1])
        return tuple(Frames(values, valid, 16000.0) for values in found)

    def encode(self, x, valid):
        return self.encode_layers(x, valid)[-1]


EMOTION = Task(count=3)
BOTH = {"emotion": EMOTION, "affect": Task(objective="squared-error", count=2, weight=0.5, hidden=4)}


def model(tasks=None, *, dropout=0.0, seed=0, **options):
    torch.manual_seed(seed)
    return Supervised(Layered(dropout), MeanPooling(), BOTH if tasks is None else tasks, **options)


def batch(items=6, *, weight=None, emotion=None, affect=None):
    generator = np.random.default_rng(0)
    clips = [generator.normal(size=generator.integers(4, 9)).astype(np.float32) for _ in range(items)]
    targets = {
        "emotion": np.arange(items) % 3 if emotion is None else emotion,
        "affect": generator.uniform(size=(items, 2)) if affect is None else affect,
    }
    return make_batch(clips, targets, row=np.arange(items), weight=weight)


def test_step_gives_each_task_its_weighted_loss():
    net, data = model(), batch()
    losses = net.step(data)
    outputs = net(data.x, data.valid)
    entropy = nn.functional.cross_entropy(outputs["emotion"][:, 0], data.targets["emotion"])
    error = (outputs["affect"][:, 0] - data.targets["affect"]).square().mean()
    torch.testing.assert_close(losses["emotion"], entropy)
    torch.testing.assert_close(losses["affect"], 0.5 * error)


def test_corpora_with_different_labels_share_a_batch_as_if_each_task_had_its_own():
    """The first three items know their emotion only, the others their affect only."""
    emotion = np.array([0, 1, 2, -1, -1, -1])
    affect = np.random.default_rng(1).uniform(size=(6, 2))
    affect[:3] = NAN
    net = model()
    together = net.step(batch(emotion=emotion, affect=affect))
    data = batch(emotion=emotion, affect=affect)
    outputs = net(data.x, data.valid)
    torch.testing.assert_close(
        together["emotion"],
        nn.functional.cross_entropy(outputs["emotion"][:3, 0], data.targets["emotion"][:3]),
    )
    sum(together.values()).backward()
    assert all(weight.grad is not None for weight in net.parameters())
    net.zero_grad()
    net.step(data)["emotion"].backward()
    alone = net.heads["affect"].members[0][1].weight.grad
    assert alone is None


def test_a_task_of_which_the_batch_knows_nothing_adds_nothing_and_moves_nothing():
    net = model(learned_weights=True)
    losses = net.step(batch(affect=np.full((6, 2), NAN)))
    assert losses["affect"] == 0
    sum(losses.values()).backward()
    assert net.log_variance["affect"].grad == 0
    assert all((weight.grad == 0).all() for weight in net.heads["affect"].parameters())
    assert net.log_variance["emotion"].grad != 0


def test_a_batch_without_a_tasks_targets_is_refused():
    data = make_batch([np.ones(4, np.float32)], {"emotoin": [1]}, row=[0])
    with pytest.raises(DataError, match="Got targets emotoin, expected also `emotion`"):
        model({"emotion": EMOTION}).step(data)


def test_members_have_their_own_loss_and_weights():
    net = model({"emotion": EMOTION}, members=2)
    weight = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    data = batch(weight=weight)
    logits = net(data.x, data.valid)["emotion"]
    assert logits.shape == (6, 2, 3)
    target = data.targets["emotion"]
    first = nn.functional.cross_entropy(logits[:3, 0], target[:3])
    second = nn.functional.cross_entropy(logits[3:, 1], target[3:])
    torch.testing.assert_close(net.step(data)["emotion"], (first + second) / 2)


def test_weights_for_another_number_of_members_are_refused():
    with pytest.raises(DataError, match="Got weights of 2 members, expected 3"):
        model(members=3).step(batch(weight=np.ones((6, 2))))


def test_predict_gives_probabilities_per_member_and_leaves_the_mode_alone():
    net = model({"emotion": Task(count=3, dropout=0.5)}, members=2, dropout=0.5).train()
    net.encoder.norm.eval()
    data = batch()
    first, second = (net.predict(data.x, data.valid)["emotion"] for _ in range(2))
    assert first.shape == (6, 2, 3)
    torch.testing.assert_close(first.sum(-1), torch.ones(6, 2))
    assert torch.equal(first, second)
    assert not first.requires_grad
    assert net.training
    assert not net.encoder.norm.training


def test_heteroscedastic_tasks_give_mean_and_deviation():
    net = model({"affect": Task(objective="heteroscedastic", count=2)})
    data = batch()
    read = net.predict(data.x, data.valid)["affect"]
    assert read.shape == (6, 1, 4)
    assert (read[..., 2:] > 0).all()


def test_samples_differ_by_draw_and_need_one_pass_of_the_encoder():
    net = model({"emotion": Task(count=3, hidden=8, dropout=0.5)}, dropout=0.5)
    data = batch()
    samples = net.predict_samples(data.x, data.valid, draws=7)["emotion"]
    assert samples.shape == (6, 7, 3)
    torch.testing.assert_close(samples.sum(-1), torch.ones(6, 7))
    assert net.encoder.passes == [6]
    assert (samples.std(dim=1) > 0).all()


def test_samples_of_the_encoder_run_on_copies_of_the_batch():
    net = model({"emotion": EMOTION}, dropout=0.3)
    data = batch()
    samples = net.predict_samples(data.x, data.valid, draws=5, encoder_dropout=True)["emotion"]
    assert samples.shape == (6, 5, 3)
    assert net.encoder.passes == [30]
    assert (samples.std(dim=1) > 0).all()


def test_samples_are_the_dropped_forward_passes_item_by_item():
    """With one draw of one item the result is that of the head in training mode at the same seed."""
    net = model({"emotion": Task(count=3, dropout=0.5)}, members=2)
    data = batch(1)
    samples = net.predict_samples(data.x, data.valid, draws=1, seed=5)["emotion"]
    described = net.eval().describe(data.x, data.valid)
    torch.manual_seed(5)
    wanted = net.heads["emotion"].train()(described).softmax(-1)
    torch.testing.assert_close(samples, wanted[:, :2].detach())


def test_mean_of_many_samples_of_a_linear_task_is_the_prediction_without_dropout():
    net = model({"affect": Task(objective="squared-error", count=2, dropout=0.3)})
    data = batch()
    mean = net.predict_samples(data.x, data.valid, draws=4000)["affect"].mean(dim=1)
    torch.testing.assert_close(mean, net.predict(data.x, data.valid)["affect"][:, 0], atol=0.05, rtol=0)


def test_samples_depend_on_the_seed_alone_and_leave_torchs_generator_alone():
    net = model({"emotion": Task(count=3, dropout=0.5)})
    data = batch()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = net.predict_samples(data.x, data.valid, draws=3, seed=2)["emotion"]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(net.predict_samples(data.x, data.valid, draws=3, seed=2)["emotion"], first)
    assert not torch.equal(net.predict_samples(data.x, data.valid, draws=3, seed=3)["emotion"], first)


def test_where_nothing_is_dropped_samples_are_refused():
    data = batch()
    with pytest.raises(ConfigError, match="Got no dropout in the head of emotion"):
        model({"emotion": EMOTION}, dropout=0.5).predict_samples(data.x, data.valid, draws=2)
    with pytest.raises(ConfigError, match="without dropout layers"):
        model({"emotion": EMOTION}).predict_samples(data.x, data.valid, draws=2, encoder_dropout=True)


def test_layers_learn_at_their_own_rates_and_the_heads_come_first():
    net = model(adaptation=Adaptation(encoder_rate=0.1, layer_decay=0.5), learned_weights=True)
    groups = {group["name"]: group for group in net.parameter_groups(1.0)}
    rates = {name: group["lr"] for name, group in groups.items()}
    assert rates == pytest.approx(
        {"heads": 1.0, "encoder 3": 0.1, "encoder 2": 0.05, "encoder 1": 0.025, "encoder 0": 0.0125}
    )
    assert next(iter(groups)) == "heads"
    encoder = net.encoder
    assert {id(w) for w in groups["encoder 0"]["params"]} == {id(w) for w in encoder.embedding.parameters()}
    top = [*encoder.layers[2].parameters(), *encoder.norm.parameters()]
    assert {id(w) for w in groups["encoder 3"]["params"]} == {id(w) for w in top}


@pytest.mark.parametrize("frozen", [False, True])
def test_groups_hold_every_trainable_weight_once(frozen):
    proxy = Task(objective="proxy", options={"categories": 3, "width": 4}, count=3)
    net = model({**BOTH, "near": proxy}, mix=LayerMix(4), adaptation=Adaptation(frozen=frozen))
    groups = net.parameter_groups(0.01)
    found = [id(weight) for group in groups for weight in group["params"]]
    assert sorted(found) == sorted(id(w) for w in net.parameters() if w.requires_grad)
    rates = {group["name"]: group["lr"] for group in groups}
    assert rates["objective near"] == pytest.approx(1.0)
    torch.optim.AdamW(groups, lr=0.01)


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("network.encoder.layers.3.attention.q_proj.weight", 4),
        ("net.encoder.layer.0.output.dense.bias", 1),
        ("network.feature_extractor.conv_layers.5.conv.weight", 0),
        ("blocks.2.norm.weight", 3),
    ],
)
def test_layers_are_known_by_their_number_whatever_the_family_calls_them(name, depth):
    from mien.training.supervised import _depths

    assert _depths([name])[name] == depth


def test_a_frozen_encoder_never_changes_or_drops_anything():
    net = model(dropout=0.5, adaptation=Adaptation(frozen=True)).train()
    before = [weight.clone() for weight in net.encoder.parameters()]
    data = batch()
    optimizer = torch.optim.SGD(net.parameter_groups(0.1), lr=0.1)
    sum(net.step(data).values()).backward()
    optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.encoder.parameters(), strict=True))
    assert torch.equal(net.describe(data.x, data.valid), net.describe(data.x, data.valid))
    assert net.heads.training


def test_all_layers_are_mixed_where_a_mix_is_given():
    net, data = model({"emotion": EMOTION}, mix=LayerMix(4)), batch()
    layers = net.encoder.encode_layers(data.x, data.valid)
    mixed = torch.stack([frames.values for frames in layers]).mean(dim=0)  # equal shares at first
    torch.testing.assert_close(net.describe(data.x, data.valid), MeanPooling()(mixed, data.valid))


def test_learned_weights_find_the_scale_of_each_task():
    """Where exp(-s) · loss + s / 2 is least, exp(s) is twice the loss."""
    net = model({"emotion": EMOTION}, learned_weights=True, adaptation=Adaptation(frozen=True))
    for weight in net.heads.parameters():
        weight.requires_grad_(False)
    data = batch()
    loss = float(net.step(data)["emotion"].detach())
    optimizer = torch.optim.Adam([net.log_variance["emotion"]], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        net.step(data)["emotion"].backward()
        optimizer.step()
    assert math.exp(float(net.log_variance["emotion"].detach())) == pytest.approx(2 * loss, rel=1e-3)


def test_smallest_batch_is_what_the_most_demanding_task_needs():
    assert model().smallest_batch == 1
    assert model({"affect": Task(objective="concordance", count=2)}).smallest_batch == 4


@pytest.mark.parametrize(
    ("tasks", "options", "message"),
    [
        ({}, {}, "Got no tasks"),
        ({"a.b": EMOTION}, {}, "Got task `a.b`"),
        ({"values": EMOTION}, {}, "Got task `values`"),
        ({"x": Task(objective="cros-entropy", count=2)}, {}, "Did you mean `cross-entropy`"),
        ({"x": Task(options={"focuss": 2.0}, count=2)}, {}, "Got focuss, expected one of"),
        ({"x": Task(objective="proxy", options={"categories": 2}, count=3)}, {}, "expected 3"),
        (
            {"x": Task(objective="heteroscedastic", count=1)},
            {"learned_weights": True},
            "Got learned weights with task `x`",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(tasks, options, message):
    with pytest.raises(ConfigError, match=message):
        model(tasks, **options)


def test_saved_and_loaded_models_answer_the_same(tmp_path):
    net, other, data = model(seed=0), model(seed=1), batch()
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    for name, value in net.predict(data.x, data.valid).items():
        torch.testing.assert_close(other.predict(data.x, data.valid)[name], value)


def test_a_real_encoder_learns_two_tasks_from_items_that_know_only_one_each():
    recurrent = registry.find("encoders", "mel-recurrent")
    torch.manual_seed(0)
    encoder = recurrent.build(recurrent.Config(**recurrent.CARD["variants"]["tiny"]["config"]))
    net = Supervised(
        encoder,
        AttentiveStatistics(encoder.width),
        {"pitch": Task(count=2), "level": Task(objective="concordance", count=1)},
    )
    generator = np.random.default_rng(0)
    high, level = np.arange(16) % 2, generator.uniform(0.02, 0.5, 16)
    time_s = np.arange(8000) / 16000
    clips = [
        (loud * np.sin(2 * np.pi * (200 + 1500 * is_high) * time_s)).astype(np.float32)
        for is_high, loud in zip(high, level, strict=True)
    ]
    targets = {
        "pitch": np.where(np.arange(16) < 8, high, -1),
        "level": np.where(np.arange(16) < 8, NAN, level)[:, None],
    }
    data = make_batch(clips, targets, row=np.arange(16))
    optimizer = torch.optim.AdamW(net.parameter_groups(0.01), lr=0.01)
    first = {name: float(loss.detach()) for name, loss in net.step(data).items()}
    for _ in range(60):
        losses = net.step(data)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert float(losses["pitch"].detach()) < first["pitch"] / 2
    assert float(losses["level"].detach()) < first["level"] / 2
