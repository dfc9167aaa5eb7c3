import numpy as np
import pytest
import torch
from torch.nn import functional

from mien.core.errors import ConfigError
from mien.training.objectives.cross_entropy import Config, build

NAN = float("nan")


@pytest.fixture
def outputs():
    return torch.randn(9, 4, generator=torch.Generator().manual_seed(0))


TARGET = torch.tensor([0, 1, 2, 3, 0, 1, -1, 2, 2])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("class_weights", [(), (1.0, 2.0, 0.5, 3.0)])
def test_equals_torch_where_torch_has_it(outputs, smoothing, class_weights):
    found = build(Config(smoothing=smoothing, class_weights=class_weights))(outputs, TARGET)
    weight = torch.tensor(class_weights) if class_weights else None
    wanted = functional.cross_entropy(
        outputs, TARGET, weight=weight, label_smoothing=smoothing, ignore_index=-1
    )
    torch.testing.assert_close(found, wanted)


def test_focal_loss_equals_its_formula_item_by_item(outputs):
    found = build(Config(focus=2.0))(outputs, TARGET)
    p = np.exp(outputs.numpy()) / np.exp(outputs.numpy()).sum(1, keepdims=True)
    losses = [-((1 - p[i, k]) ** 2) * np.log(p[i, k]) for i, k in enumerate(TARGET.tolist()) if k >= 0]
    assert float(found) == pytest.approx(np.mean(losses), rel=1e-5)


def test_soft_labels_equal_torch_and_a_row_with_any_nan_is_unknown(outputs):
    target = torch.softmax(torch.randn(9, 4, generator=torch.Generator().manual_seed(1)), dim=1)
    wanted = functional.cross_entropy(outputs[:8], target[:8])
    target[8, 2] = NAN
    torch.testing.assert_close(build(Config(soft=True))(outputs, target), wanted)


def test_certain_soft_labels_are_hard_labels(outputs):
    hard = torch.tensor([0, 1, 2, 3, 0, 1, 1, 2, 2])
    options = {"focus": 1.5, "smoothing": 0.1, "class_weights": (1.0, 2.0, 0.5, 3.0)}
    soft = functional.one_hot(hard, 4).float()
    torch.testing.assert_close(
        build(Config(soft=True, **options))(outputs, soft), build(Config(**options))(outputs, hard)
    )


def test_item_weights_act_like_copies_of_the_item(outputs):
    objective = build(Config(class_weights=(1.0, 2.0, 0.5, 3.0)))
    weight = torch.tensor([3.0, 1, 1, 1, 1, 1, 1, 1, 1])
    copied = torch.cat([outputs[:1], outputs[:1], outputs])
    torch.testing.assert_close(
        objective(outputs, TARGET, weight), objective(copied, torch.cat([TARGET[:1], TARGET[:1], TARGET]))
    )


def test_a_fully_recognized_item_has_a_finite_focal_gradient():
    outputs = torch.tensor([[200.0, 0.0]], requires_grad=True)
    build(Config(focus=0.5))(outputs, torch.tensor([0])).backward()
    assert torch.isfinite(outputs.grad).all()


def test_class_weights_for_another_number_of_classes_are_refused():
    with pytest.raises(ConfigError, match="Got 2 class_weights, expected one for each of 3 classes"):
        build(Config(class_weights=(1.0, 2.0))).outputs(3)
