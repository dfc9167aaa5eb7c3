"""What every objective promises, checked for each file in the folder."""

import pytest
import torch

from mien.core import registry
from mien.core.errors import DataError
from mien.training.objectives.targets import INDEX_KINDS

NAMES = registry.names("objectives")
COUNT = 4
VARIANTS = {
    "cross-entropy": [{}, {"soft": True}, {"focus": 2.0, "smoothing": 0.1, "class_weights": (1, 2, 3, 4)}],
    "heteroscedastic": [{}, {"beta": 0.0}],
    "triplet": [{"width": 8, "mining": mining} for mining in ("hard", "semihard", "all")],
    "contrastive": [{"width": 8}],
    "proxy": [{"categories": COUNT, "width": 8, "method": method} for method in ("anchor", "nca")],
}
CASES = [(name, options) for name in NAMES for options in VARIANTS.get(name, [{}])]
every = pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: str(value))


def built(name, options):
    torch.manual_seed(0)
    module = registry.find("objectives", name)
    return module.build(module.Config(**options))


def some_targets(objective, items, seed=1):
    generator = torch.Generator().manual_seed(seed)
    if objective.kind in INDEX_KINDS:
        return torch.arange(items) % COUNT
    target = torch.rand(items, COUNT, generator=generator)
    if objective.kind == "labels":
        return target.round()
    return target / target.sum(1, keepdim=True) if objective.kind == "distribution" else target


def some_outputs(objective, items, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(items, objective.outputs(COUNT), generator=generator).requires_grad_()


def unknown(target):
    return torch.full_like(target, float("nan") if target.is_floating_point() else -1)


def loss_and_gradient(objective, outputs, target, weight=None):
    outputs = outputs.detach().requires_grad_()
    loss = objective(outputs, target, weight)
    loss.backward()
    return loss.detach(), outputs.grad


def test_there_are_the_objectives_of_the_plan():
    assert set(NAMES) >= {
        "concordance",
        "contrastive",
        "cross-entropy",
        "heteroscedastic",
        "multi-label",
        "ordinal",
        "proxy",
        "squared-error",
        "triplet",
    }


@pytest.mark.parametrize("name", NAMES)
def test_card_says_where_it_comes_from(name):
    card = registry.find("objectives", name).CARD
    assert {"title", "paper", "year", "outputs", "departures"} <= set(card)


@every
def test_loss_is_one_finite_number_and_its_gradient_reaches_the_outputs(name, options):
    objective = built(name, options)
    loss, gradient = loss_and_gradient(objective, some_outputs(objective, 12), some_targets(objective, 12))
    assert loss.shape == ()
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0


@every
def test_where_nothing_is_known_the_loss_is_exactly_zero_and_pulls_nowhere(name, options):
    objective = built(name, options)
    outputs = some_outputs(objective, 6)
    loss, gradient = loss_and_gradient(objective, outputs, unknown(some_targets(objective, 6)))
    assert loss == 0
    assert torch.equal(gradient, torch.zeros_like(gradient))


@every
def test_an_empty_batch_is_one_in_which_nothing_is_known(name, options):
    objective = built(name, options)
    loss, _ = loss_and_gradient(objective, some_outputs(objective, 0), some_targets(objective, 0))
    assert loss == 0


@every
def test_the_order_of_items_does_not_matter(name, options):
    objective = built(name, options)
    outputs, target = some_outputs(objective, 12), some_targets(objective, 12)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    weight = torch.linspace(0.5, 2, 12)
    torch.testing.assert_close(
        objective(outputs[order], target[order], weight[order]), objective(outputs, target, weight)
    )


@every
@pytest.mark.parametrize("way", ["weight", "unknown"])
def test_an_item_without_weight_or_target_is_as_good_as_absent(name, options, way):
    objective = built(name, options)
    outputs, target = some_outputs(objective, 12), some_targets(objective, 12)
    weight = torch.ones(12)
    if way == "weight":
        weight[8:] = 0
    else:
        target[8:] = unknown(target)[8:]
    loss, gradient = loss_and_gradient(objective, outputs, target, weight)
    wanted, wanted_gradient = loss_and_gradient(objective, outputs[:8], target[:8])
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(gradient[:8], wanted_gradient)
    assert torch.equal(gradient[8:], torch.zeros_like(gradient[8:]))


@every
def test_weights_of_two_equal_no_weights(name, options):
    objective = built(name, options)
    if options.get("method") == "anchor":
        pytest.skip("proxy-anchor sums over the items of a proxy, so that weights act like copies")
    outputs, target = some_outputs(objective, 12), some_targets(objective, 12)
    torch.testing.assert_close(objective(outputs, target, torch.full((12,), 2.0)), objective(outputs, target))


@every
@pytest.mark.parametrize("level", [0.0, 5.0, -1e4])
@pytest.mark.parametrize("items", [1, 2, 12])
def test_constant_outputs_have_a_finite_loss_and_gradient(name, options, level, items):
    objective = built(name, options)
    outputs = torch.full((items, objective.outputs(COUNT)), level)
    loss, gradient = loss_and_gradient(objective, outputs, some_targets(objective, items))
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@every
def test_outputs_that_are_no_numbers_are_seen_in_the_loss(name, options):
    objective = built(name, options)
    outputs = some_outputs(objective, 12).detach()
    outputs[3] = float("nan")
    assert torch.isnan(objective(outputs, some_targets(objective, 12)))


@every
def test_sixteen_bits_and_autocast_change_nothing_but_the_rounding_of_the_input(name, options):
    objective = built(name, options)
    outputs, target = some_outputs(objective, 12).detach(), some_targets(objective, 12)
    for narrow in (torch.float16, torch.bfloat16):
        rounded = outputs.to(narrow)
        wanted = objective(rounded.float(), target)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = objective(rounded, target)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted)
        assert objective.read(rounded).dtype == torch.float32


@every
def test_two_hundred_steps_on_free_outputs_halve_the_loss(name, options):
    objective = built(name, options)
    outputs, target = some_outputs(objective, 16), some_targets(objective, 16)
    floor = 0.0
    if objective.kind == "distribution":
        floor = float(-(target * target.log()).sum(1).mean())  # the entropy of the labels cannot be learned
    first = float(objective(outputs, target).detach()) - floor
    optimizer = torch.optim.Adam([outputs, *objective.parameters()], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss = objective(outputs, target)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) - floor < first / 2


@every
def test_read_gives_values_of_the_promised_shape_also_for_members(name, options):
    objective = built(name, options)
    width = objective.outputs(COUNT)
    outputs = torch.randn(5, 3, width, generator=torch.Generator().manual_seed(4))
    found = objective.read(outputs)
    torch.testing.assert_close(found[:, 1], objective.read(outputs[:, 1]))
    assert torch.isfinite(found).all()
    if objective.kind in ("category", "distribution", "ordinal"):
        assert found.shape == (5, 3, COUNT)
        assert (found >= 0).all()
        torch.testing.assert_close(found.sum(-1), torch.ones(5, 3))
    elif objective.kind == "labels":
        assert found.shape == (5, 3, COUNT)
        assert ((found >= 0) & (found <= 1)).all()
    else:
        assert found.shape == (5, 3, width)
    if objective.kind == "metric":
        torch.testing.assert_close(found.norm(dim=-1), torch.ones(5, 3))


@every
def test_targets_and_weights_of_another_shape_are_refused(name, options):
    objective = built(name, options)
    outputs, target = some_outputs(objective, 6), some_targets(objective, 6)
    with pytest.raises(DataError, match="expected"):
        objective(outputs, target[:1])
    with pytest.raises(DataError, match="expected"):
        objective(outputs, target.unsqueeze(1))
    with pytest.raises(DataError, match="one per item"):
        objective(outputs, target, torch.ones(6, 1))


@every
def test_targets_of_another_type_are_refused(name, options):
    objective = built(name, options)
    target = some_targets(objective, 6)
    other = target.long() if target.is_floating_point() else target.float()
    with pytest.raises(DataError, match="targets"):
        objective(some_outputs(objective, 6), other)
