"""What a student pays: the heads learn the members, what is not known adds nothing, twins agree."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import rel_entr, softmax
from torch import Tensor, nn

from mien.core.errors import DataError
from mien.prediction.doubt import split_doubt
from mien.training.distillation import (
    FeatureMatch,
    TeacherAnswers,
    answer_loss,
    doubt_loss,
    mutual_information,
    value_loss,
)

CLIPS, MEMBERS, CLASSES, WIDTH = 400, 4, 3, 6


def logits(*shape: int, seed: int = 0, spread: float = 2.0) -> Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted(seed: int) -> tuple[Tensor, Tensor]:
    """Return clips and the answers of members that agree where the last value is low and not where high."""
    x = torch.randn(CLIPS, WIDTH, generator=torch.Generator().manual_seed(seed))
    shared = logits(WIDTH, CLASSES, seed=100)
    own = logits(MEMBERS, WIDTH, CLASSES, seed=101, spread=1.0)
    apart = torch.sigmoid(2 * x[:, -1:, None])  # (B, 1, 1)
    return x, (x @ shared)[:, None] + 2 * apart * torch.einsum("bw,mwk->bmk", x, own)


class Small(nn.Module):
    def __init__(self, members: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(nn.Linear(WIDTH, 64), nn.Tanh())
        self.heads = nn.ModuleList(nn.Linear(64, CLASSES) for _ in range(members))

    def forward(self, x: Tensor) -> Tensor:
        described = self.trunk(x)
        return torch.stack([head(described) for head in self.heads], dim=1)


def taught(wanted_of, members: int = MEMBERS) -> Tensor:
    """Return what a student of planted members says of clips that it did not hear."""
    net, (x, teacher) = Small(members), planted(1)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(250):
        optimizer.zero_grad()
        said, wanted = net(x), wanted_of(teacher)
        (answer_loss(said, wanted) + doubt_loss(said, wanted)).backward()
        optimizer.step()
    with torch.no_grad():
        return net(planted(2)[0])


def doubts(answers: Tensor):
    return split_doubt(answers.double().softmax(dim=2).numpy())


@pytest.fixture(scope="module")
def hydra() -> Tensor:
    """What a student of all members says of clips that it did not hear."""
    return taught(lambda answers: answers)


def test_heads_that_learn_members_keep_both_doubts_on_new_clips(hydra):
    student, teacher = doubts(hydra), doubts(planted(2)[1])
    assert np.corrcoef(student.epistemic, teacher.epistemic)[0, 1] > 0.9
    assert np.corrcoef(student.aleatoric, teacher.aleatoric)[0, 1] > 0.9


def test_each_head_answers_as_its_own_member_more_than_as_any_other(hydra):
    student, (_, teacher) = hydra.softmax(dim=2), planted(2)
    gaps = (student[:, :, None] - teacher.softmax(dim=2)[:, None]).abs().mean(dim=(0, 3))
    assert gaps.argmin(dim=1).tolist() == list(range(MEMBERS))


def test_heads_that_learn_the_mean_alone_lose_what_the_members_disagree_on():
    def mean_of(answers: Tensor) -> Tensor:
        return answers.softmax(dim=2).mean(dim=1, keepdim=True).log().expand_as(answers)

    student, teacher = doubts(taught(mean_of)), doubts(planted(2)[1])
    assert student.epistemic.mean() < 0.1 * teacher.epistemic.mean()
    assert np.corrcoef(student.epistemic, teacher.epistemic)[0, 1] < 0.7


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_loss_of_answers_is_the_mean_divergence_times_the_squared_temperature(temperature):
    student, teacher = logits(5, 2, 3), logits(5, 2, 3, seed=1)
    p, q = (softmax(one.double().numpy() / temperature, axis=2) for one in (teacher, student))
    wanted = temperature**2 * rel_entr(p, q).sum(axis=2).mean()
    assert float(answer_loss(student, teacher, temperature=temperature)) == pytest.approx(wanted, rel=1e-4)


def test_the_squared_temperature_keeps_the_gradient_as_large():
    teacher, sizes = 0.1 * logits(8, 2, 3, seed=1), []
    for temperature in (1.0, 10.0):
        student = torch.zeros(8, 2, 3, requires_grad=True)
        answer_loss(student, teacher, temperature=temperature).backward()
        sizes.append(float(student.grad.norm()))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


def test_disagreement_is_that_of_the_prediction_tables():
    answers = logits(50, 4, 5)
    wanted = doubts(answers).epistemic
    np.testing.assert_allclose(mutual_information(answers).numpy(), wanted, atol=1e-5)


def test_the_loss_of_doubt_is_nothing_for_members_in_another_order_and_something_for_others():
    teacher = logits(6, 4, 3)
    assert float(doubt_loss(teacher.flip(1), teacher)) == pytest.approx(0.0, abs=1e-8)
    assert float(doubt_loss(teacher.mean(dim=1, keepdim=True).expand_as(teacher), teacher)) > 0.01


@pytest.mark.parametrize("loss", [answer_loss, doubt_loss, value_loss])
def test_what_the_teacher_did_not_say_adds_nothing_and_no_gradient(loss):
    student, teacher = logits(4, 2, 3).requires_grad_(), logits(4, 2, 3, seed=1)
    partly = teacher.clone()
    partly[2:] = torch.nan
    got = loss(student, partly)
    got.backward()
    assert float(got.detach()) == pytest.approx(float(loss(student[:2], teacher[:2]).detach()), rel=1e-6)
    assert not student.grad[2:].any()
    assert student.grad[:2].any()


@pytest.mark.parametrize("loss", [answer_loss, doubt_loss, value_loss])
def test_where_nothing_is_known_the_loss_is_zero_with_a_gradient(loss):
    student = logits(2, 2, 3).requires_grad_()
    got = loss(student, torch.full((2, 2, 3), torch.nan))
    got.backward()
    assert float(got.detach()) == 0.0
    assert torch.isfinite(student.grad).all()


@given(st.floats(0.1, 10), st.integers(0, 50))
def test_a_weight_that_all_clips_share_changes_nothing_and_one_of_zero_leaves_out(weight, seed):
    student, teacher = logits(4, 2, 3, seed=seed), logits(4, 2, 3, seed=seed + 1)
    alike = answer_loss(student, teacher, weight=torch.full((4,), weight))
    assert float(alike) == pytest.approx(float(answer_loss(student, teacher)), rel=1e-4)
    without = answer_loss(student, teacher, weight=torch.tensor([1.0, 1.0, 0.0, 0.0]))
    assert float(without) == pytest.approx(float(answer_loss(student[:2], teacher[:2])), rel=1e-4)


def test_equal_doubt_of_certain_members_has_a_gradient_that_is_a_number():
    student = torch.zeros(2, 3, 4, requires_grad=True)
    doubt_loss(student, torch.zeros(2, 3, 4)).backward()
    assert torch.isfinite(student.grad).all()


@pytest.mark.parametrize("loss", [answer_loss, doubt_loss, value_loss])
def test_another_number_of_members_is_refused(loss):
    with pytest.raises(DataError, match=r"Got a student of \(members, outputs\) \(3, 4\) for a teacher of"):
        loss(logits(2, 3, 4), logits(2, 5, 4))


def test_features_are_matched_on_their_own_scale_and_unknown_ones_left_out():
    torch.manual_seed(0)
    x = torch.randn(200, 5)
    features = x @ torch.randn(5, 3) * torch.tensor([1.0, 100.0, 0.01]) + 7
    features[150:] = torch.nan
    match = FeatureMatch(5, features)
    optimizer = torch.optim.Adam(match.parameters(), 0.05)
    before = float(match(x, features).detach())
    for _ in range(300):
        optimizer.zero_grad()
        match(x, features).backward()
        optimizer.step()
    assert before > 0.5
    assert float(match(x, features).detach()) < 0.01
    assert float(match(x[150:], features[150:]).detach()) == 0.0
    with pytest.raises(DataError, match="no known feature vector"):
        FeatureMatch(5, torch.full((2, 3), torch.nan))


def test_a_table_whose_parts_are_of_other_clips_is_refused():
    answers = np.zeros((4, 2, 3), np.float32)
    with pytest.raises(DataError, match="the same clips and members"):
        TeacherAnswers(answers, np.zeros((4, 3, 1), np.float32))
    with pytest.raises(DataError, match="features of 5 clips, expected 4"):
        TeacherAnswers(answers, None, np.zeros((5, 2), np.float32))
