"""What a student pays for answering otherwise than its teacher: answers, doubt, values and features."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.core.errors import DataError
from mien.training.objectives.targets import weighted_mean, widen

LEAST_SPREAD = 1e-3
"""A feature that hardly varies is not blown up beyond a thousand times."""

NO_DOUBT = 1e-4
"""Nats below which doubts count as none; keeps the root's slope finite."""


@dataclass(frozen=True)
class TeacherAnswers:
    """Hold what a teacher said of N clips, member by member; NaN is what it did not say.

    Attributes:
        logits: `(N, M, K)` of K categories; K may be 0.
        values: `(N, M, D)` dimensions; D may be 0. None for no dimensions.
        features: `(N, F)` one vector per clip; None for none.

    Raises:
        DataError: the parts are not of the same clips and members.
    """

    logits: NDArray[np.float32]
    values: NDArray[np.float32] | None = None
    features: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        clips, members = self.logits.shape[:2]
        if self.values is not None and self.values.shape[:2] != (clips, members):
            raise DataError(
                f"Got values {self.values.shape} beside logits {self.logits.shape}, expected the same clips "
                "and members."
            )
        if self.features is not None and len(self.features) != clips:
            raise DataError(f"Got features of {len(self.features)} clips, expected {clips}, as of logits.")

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def members(self) -> int:
        """Number of opinions."""
        return int(self.logits.shape[1])


def answer_loss(
    student: Tensor, teacher: Tensor, *, temperature: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return how far each head's answer is from that of its own member: T² · KL(member ‖ head).

    Head m learns member m. So the mean of the heads keeps the aleatoric doubt and their disagreement the
    epistemic one, which a student of the members' mean loses. A high temperature shows the student how the
    teacher ranks what it holds unlikely; the factor T² keeps the gradient as large as at T = 1.

    Args:
        student: logits `(B, M, K)`.
        teacher: logits `(B, M, K)`; a member's answer with a NaN counts as not known.
        temperature: T, above 0.
        weight: `(B,)`, at least 0; None for 1 each.

    Returns:
        The mean over known answers, in nats; exactly 0 with a gradient where none is known.

    Raises:
        DataError: the student has another number of members or categories.

    Example:
        >>> student, teacher = torch.zeros(1, 2, 2), torch.tensor([[[0.0, 0.0], [torch.nan, 0.0]]])
        >>> float(answer_loss(student, teacher))
        0.0

    Source:
        G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015, section 2; one
        head per member: L. Tran et al., Hydra: Preserving Ensemble Diversity for Model Distillation, 2020.
    """
    check_members(student, teacher)
    known = ~torch.isnan(teacher).any(dim=2)  # (B, M)
    wanted = torch.log_softmax(torch.nan_to_num(widen(teacher)) / temperature, dim=2)
    said = torch.log_softmax(widen(student) / temperature, dim=2)
    divergence = (wanted.exp() * (wanted - said)).sum(dim=2)
    return temperature**2 * weighted_mean(divergence, known, weight)


def doubt_loss(student: Tensor, teacher: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return how far the heads' disagreement is from that of the members.

    Use it beside `answer_loss`, whose errors, small in each head, add up in their disagreement. Compared are
    square roots: disagreement is a mean square, and its root is as far from 0 as the answers are apart.

    Args:
        student: logits `(B, M, K)`.
        teacher: logits `(B, M, K)`; clips of which a member's answer is not known are left out.
        weight: `(B,)`, at least 0; None for 1 each.

    Returns:
        The mean squared difference of the roots of the mutual information, in nats; exactly 0 with a
        gradient where nothing is known.

    Raises:
        DataError: the student has another number of members or categories.

    Source:
        Mutual information: S. Depeweg et al., Decomposition of Uncertainty in Bayesian Deep Learning, ICML
        2018, eq. 2-4. The loss is our own.
    """
    check_members(student, teacher)
    known = ~torch.isnan(teacher).flatten(1).any(dim=1)  # (B,)
    wanted = _root(mutual_information(torch.nan_to_num(teacher)))
    return weighted_mean((_root(mutual_information(student)) - wanted).square(), known, weight)


def value_loss(student: Tensor, teacher: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of each head's values from those of its own member.

    Args:
        student: `(B, M, D)`, on the teacher's scale.
        teacher: `(B, M, D)`; NaN counts as not known.
        weight: `(B,)`, at least 0; None for 1 each.

    Raises:
        DataError: the student has another number of members or dimensions.
    """
    check_members(student, teacher)
    known = ~torch.isnan(teacher)
    error = (widen(student) - torch.nan_to_num(teacher)).square()
    return weighted_mean(error.flatten(1), known.flatten(1), weight)


def mutual_information(logits: Tensor) -> Tensor:
    """Return the members' disagreement: the entropy of their mean less their mean entropy.

    Args:
        logits: `(…, M, K)`.

    Returns:
        `(…)` nats, 0 to log K; the same as `epistemic` of `mien.prediction.doubt.split_doubt`.

    Example:
        >>> far_apart = torch.tensor([[[50.0, 0.0], [0.0, 50.0]]])
        >>> round(float(mutual_information(far_apart)), 4)
        0.6931
    """
    said = torch.log_softmax(widen(logits), dim=-1)
    mean = torch.logsumexp(said, dim=-2) - np.log(logits.shape[-2])  # log of the mean probability
    return ((said.exp() * (said - mean.unsqueeze(-2))).sum(dim=-1)).mean(dim=-1).clamp(min=0.0)


class FeatureMatch(nn.Module):
    """Predict the teacher's vector of a clip from the student's, by a linear map used in training only.

    Args:
        width: values of the student's vector.
        features: `(N, F)` the teacher's vectors of the training clips, which give the scale of each value;
            rows with a NaN are not known.

    Raises:
        DataError: no vector is known.

    Source:
        A. Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015, eq. 3, for one vector per clip.
    """

    def __init__(self, width: int, features: Tensor) -> None:
        super().__init__()
        known = features[~torch.isnan(features).any(dim=1)]
        if not len(known):
            raise DataError("Got no known feature vector, expected some; leave features out.")
        self.register_buffer("centre", known.mean(dim=0))
        self.register_buffer("spread", known.std(dim=0, correction=0).clamp(min=LEAST_SPREAD))
        self.predict = nn.Linear(width, features.shape[1])

    def forward(self, described: Tensor, features: Tensor, *, weight: Tensor | None = None) -> Tensor:
        """Return the mean squared error of standardized features over known clips.

        Args:
            described: the student's vectors `(B, width)`.
            features: the teacher's `(B, F)`.
            weight: `(B,)`, at least 0; None for 1 each.
        """
        known = ~torch.isnan(features).any(dim=1)
        wanted = (torch.nan_to_num(features) - self.centre) / self.spread
        return weighted_mean((self.predict(described) - wanted).square().mean(dim=1), known, weight)


def check_members(student: Tensor, teacher: Tensor) -> None:
    """Refuse answers of other members or categories than the teacher's.

    Raises:
        DataError: the shapes differ.
    """
    if student.shape != teacher.shape:
        of_student, of_teacher = tuple(student.shape[1:]), tuple(teacher.shape[1:])
        raise DataError(
            f"Got a student of (members, outputs) {of_student} for a teacher of {of_teacher}, expected the "
            "same: each head learns one member; build the student with as many heads."
        )


def _root(doubt: Tensor) -> Tensor:
    return (doubt + NO_DOUBT).sqrt()
