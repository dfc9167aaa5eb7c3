"""Factorisation against scikit-learn's, planted parts, and a cost that never rises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import non_negative_factorization

from mien.core.errors import ConfigError, DataError
from mien.features.factorisation.divergences import LOSSES, divergence
from mien.features.factorisation.multiplicative import Start, factorise


def positive(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.1, 1.0, shape)


def naive_divergence(value, model, loss):
    if loss == "euclidean":
        return 0.5 * (value - model) ** 2
    if loss == "kullback-leibler":
        return (value * np.log(value / model) if value else 0.0) - value + model
    return value / model - np.log(value / model) - 1


@pytest.mark.parametrize("loss", LOSSES)
def test_the_divergence_is_that_of_its_formula_cell_by_cell(loss):
    values, model = positive(3, 4), positive(3, 4, seed=1)
    expected = sum(naive_divergence(v, m, loss) for v, m in zip(values.flat, model.flat, strict=True))
    assert divergence(values, model, loss=loss) == pytest.approx(expected)
    assert divergence(values, values, loss=loss) == pytest.approx(0, abs=1e-12)


def test_nothing_costs_what_is_modelled_in_its_place():
    assert divergence(np.zeros(2), np.array([1.0, 3.0]), loss="kullback-leibler") == pytest.approx(4)


@pytest.mark.parametrize("loss", LOSSES)
def test_fifty_steps_are_those_of_scikit_learn(loss):
    values, bases, activations = positive(40, 60), positive(40, 5, seed=1), positive(5, 60, seed=2)
    ours = factorise(values, 5, loss=loss, start=Start(bases, activations), iterations=50, tolerance=0)
    w, h, _ = non_negative_factorization(
        values,
        W=bases.copy(),
        H=activations.copy(),
        n_components=5,
        init="custom",
        solver="mu",
        beta_loss="frobenius" if loss == "euclidean" else loss,
        tol=0,
        max_iter=50,
    )
    np.testing.assert_allclose(ours.bases @ ours.activations, w @ h, rtol=1e-9)
    assert ours.costs[-1] == pytest.approx(divergence(values, w @ h, loss=loss), rel=1e-9)


@settings(max_examples=40)
@given(
    loss=st.sampled_from(sorted(LOSSES)),
    sparsity=st.sampled_from([0.0, 0.1, 2.0]),
    length=st.integers(1, 3),
    known=st.integers(0, 2),
    seed=st.integers(0, 99),
    gain=st.sampled_from([1e-4, 1.0, 1e4]),
    has_silence=st.booleans(),
)
def test_the_cost_never_rises(loss, sparsity, length, known, seed, gain, has_silence):
    values = gain * positive(7, 9, seed=seed) ** 4
    if has_silence:
        values[:, 3:6] = 0
        values[2] = 0
    fixed = positive(length, 7, known, seed=seed + 1) if known else None
    found = factorise(
        values,
        2,
        loss=loss,
        sparsity=sparsity,
        fixed=fixed,
        length=length,
        iterations=30,
        tolerance=0,
        check_every=1,
        seed=seed,
    )
    assert len(found.costs) == 31
    assert (np.diff(found.costs) <= 1e-9 * found.costs[:-1]).all()
    assert min(found.bases.min(), found.activations.min()) >= 0


@pytest.mark.parametrize("loss", LOSSES)
def test_planted_parts_are_found_again(loss):
    # each part has bins, and frames, of its own: then there is one answer
    bases = np.kron(np.eye(3), positive(4, 1)) + 1e-6
    activations = np.kron(np.eye(3), positive(1, 10, seed=1)) + 1e-6
    found = factorise(bases @ activations, 3, loss=loss, iterations=2000, tolerance=0, seed=2)
    wanted = bases / bases.sum(axis=0)
    likeness = (
        wanted.T @ found.bases / np.outer(np.linalg.norm(wanted, axis=0), np.linalg.norm(found.bases, axis=0))
    )
    assert sorted(likeness.argmax(axis=1)) == [0, 1, 2]
    assert likeness.max(axis=1).min() > 0.999


def test_a_part_that_changes_as_it_goes_is_found_by_convolutive_bases_alone():
    pattern = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])  # a tone that rises: frame by frame, bin by bin
    values = np.zeros((3, 60))
    for begin in (2, 11, 20, 33, 47):
        values[:, begin : begin + 3] += pattern
    found = factorise(values + 1e-9, 1, length=3, iterations=500, tolerance=0, seed=1)
    plain = factorise(values + 1e-9, 1, iterations=500, tolerance=0, seed=1)
    assert found.bases.shape == (3, 3, 1)
    assert found.costs[-1] < 0.01 * plain.costs[-1]
    np.testing.assert_allclose(3 * found.bases[:, :, 0].T, pattern, atol=0.02)


def test_a_convolutive_model_of_one_frame_is_the_plain_one():
    values = positive(6, 8)
    plain = factorise(values, 2, fixed=positive(6, 1, seed=3), iterations=20)
    same = factorise(values, 2, fixed=positive(1, 6, 1, seed=3), length=1, iterations=20)
    np.testing.assert_array_equal(plain.bases, same.bases)


def test_fixed_bases_stay_and_the_others_move():
    fixed = positive(6, 2, seed=4)
    found = factorise(positive(6, 20), 3, fixed=fixed, iterations=20)
    np.testing.assert_array_equal(found.bases[:, :2], fixed)
    np.testing.assert_allclose(found.bases[:, 2:].sum(axis=0), 1)


@pytest.mark.parametrize("loss", LOSSES)
def test_more_sparsity_leaves_fewer_activations(loss):
    values = positive(20, 80)

    def active(sparsity):
        found = factorise(values, 8, loss=loss, sparsity=sparsity, iterations=400, tolerance=0).activations
        return np.mean(found > 1e-2 * found.max())

    assert active(0.0) > active(0.2) + 0.05


@pytest.mark.parametrize("loss", LOSSES)
def test_gain_scales_activations_and_changes_nothing_else(loss):
    values = positive(8, 12)
    soft = factorise(values, 2, loss=loss, sparsity=0.3, iterations=30)
    loud = factorise(1000 * values, 2, loss=loss, sparsity=0.3, iterations=30)
    np.testing.assert_allclose(loud.bases, soft.bases, rtol=1e-9)
    np.testing.assert_allclose(loud.activations, 1000 * soft.activations, rtol=1e-9)


def test_the_same_seed_gives_the_same_and_float32_stays():
    values = positive(8, 12).astype(np.float32)
    first, again, other = (factorise(values, 2, seed=seed, iterations=10) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.bases, again.bases)
    assert not np.allclose(first.bases, other.bases)
    assert first.bases.dtype == first.activations.dtype == np.float32


def test_it_stops_where_the_cost_stands_still_or_the_iterations_end():
    values = np.outer([1.0, 2.0], [1.0, 3.0])
    early = factorise(values, 1, iterations=500)
    assert early.converged
    assert early.iterations < 500
    late = factorise(positive(9, 9), 2, iterations=25, tolerance=0)
    assert (late.iterations, late.converged, len(late.costs)) == (25, False, 4)


def test_silence_has_no_activations():
    found = factorise(np.zeros((3, 4)), 1, fixed=positive(3, 1))
    assert not found.activations.any()
    assert np.isfinite(found.bases).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "kulback-leibler"}, "Did you mean `kullback-leibler`"),
        ({"rank": 0}, "Got rank 0 and 0 fixed bases"),
        ({"sparsity": -1}, "expected 0 or more; 0.1 is mild"),
        ({"length": 0}, "Got length=0, expected 1"),
        ({"iterations": -1}, "Got iterations=-1, expected 0"),
    ],
)
def test_options_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        factorise(**({"values": positive(3, 4), "rank": 1} | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": -positive(3, 4)}, "Got values that are negative"),
        ({"values": np.full((3, 4), np.nan)}, "not finite"),
        ({"values": positive(3)}, r"Got values of shape \(3,\)"),
        ({"fixed": positive(4, 1)}, "Got bases of 1 frames and 4 bins, expected 1 and 3"),
        ({"start": Start(positive(3, 2), positive(2, 4))}, "expected 1 and"),
    ],
)
def test_matrices_that_do_not_fit_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        factorise(**({"values": positive(3, 4), "rank": 1} | change))
