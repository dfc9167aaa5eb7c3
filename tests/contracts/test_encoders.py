"""What every encoder promises, checked at its tiny variants for each file in the folder."""

import pytest
import torch

from mien.core import registry
from mien.core.weights import known_weights
from mien.nets.frames import Frames

NAMES = registry.names("encoders")
TINY = [
    f"{name}/{variant}"
    for name in NAMES
    for variant in registry.find("encoders", name).CARD["variants"]
    if variant.startswith("tiny")
]
CLIPS = [16000, 9000, 40000, 2500]
"""Lengths of the voice batch in samples."""
TEXTS = [7, 3, 12, 1]
"""Lengths of the words batch in word pieces; the ids lie in 5 to 29, so a tiny vocabulary has 30 or more."""


def tiny(case: str, seed: int = 0) -> torch.nn.Module:
    name, _, variant = case.partition("/")
    encoder = registry.find("encoders", name)
    torch.manual_seed(seed)
    return encoder.build(encoder.Config(**encoder.CARD["variants"][variant]["config"])).eval()


def batch_for(net: torch.nn.Module, lengths: list[int] | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a padded batch of noisy tones or random word pieces, and which of it is real."""
    generator = torch.Generator().manual_seed(1)
    lengths = lengths or (CLIPS if net.modality == "voice" else TEXTS)
    valid = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    if net.modality == "words":
        return torch.randint(5, 30, valid.shape, generator=generator) * valid, valid
    pitch_hz = 150 * torch.arange(1, len(lengths) + 1)[:, None]
    tones = torch.sin(2 * torch.pi * pitch_hz * torch.arange(valid.shape[1]) / 16000)
    noise = torch.randn(valid.shape, generator=generator)
    return (0.2 * tones + 0.05 * noise) * valid, valid


def numbers_of(frames: Frames) -> torch.Tensor:
    return frames.values[frames.valid]


def test_every_encoder_has_a_tiny_variant():
    assert NAMES
    assert [case.partition("/")[0] for case in TINY if case.endswith("/tiny")] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_card_states_the_parameter_count_of_each_variant(name):
    encoder = registry.find("encoders", name)
    assert {"title", "paper", "year", "inputs", "outputs", "padding", "departures"} <= set(encoder.CARD)
    assert encoder.CARD["padding"] in ("masked", "equal-length")
    for variant in encoder.CARD["variants"].values():
        with torch.device("meta"):  # counts weights without filling them
            net = encoder.build(encoder.Config(**variant["config"]))
        assert sum(p.numel() for p in net.parameters()) == variant["parameters"]


@pytest.mark.parametrize("name", NAMES)
def test_public_names_lead_to_known_weights_and_the_encoder_can_load(name):
    encoder = registry.find("encoders", name)
    assert set(encoder.CARD.get("weights", {}).values()) <= set(known_weights())
    assert callable(encoder.load)
    assert isinstance(encoder.MODEL_TYPES, tuple)


@pytest.mark.parametrize("name", TINY)
def test_layers_run_from_the_embedding_to_what_encode_gives(name):
    net = tiny(name)
    x, valid = batch_for(net)
    with torch.inference_mode():
        layers, last = net.encode_layers(x, valid), net.encode(x, valid)
    assert len(layers) == net.layer_count >= 2
    for frames in (*layers, last):
        assert frames.values.shape == (len(x), last.valid.shape[1], net.width)
        assert frames.values.dtype == torch.float32
        assert torch.equal(frames.valid, last.valid)
        assert frames.rate_hz == net.frame_rate_hz
        assert torch.isfinite(frames.values).all()
    torch.testing.assert_close(layers[-1].values, last.values)


@pytest.mark.parametrize("name", TINY)
def test_valid_frames_come_first_and_are_as_many_as_the_rate_says(name):
    net = tiny(name)
    x, valid = batch_for(net)
    found = net.encode(x, valid).valid
    assert found.dtype == torch.bool
    assert not (found[:, 1:] & ~found[:, :-1]).any()
    if net.modality == "words":
        assert net.frame_rate_hz == 0.0
        assert torch.equal(found, valid)
    else:
        wanted = valid.sum(1) / 16000 * net.frame_rate_hz
        assert (found.sum(1) - wanted).abs().max() <= 3
        assert found.sum(1).min() >= 1


@pytest.mark.parametrize("name", TINY)
def test_alone_equals_the_same_in_a_padded_batch_in_every_layer(name):
    net = tiny(name)
    x, valid = batch_for(net)
    with torch.inference_mode():
        together = net.encode_layers(x, valid)
        for row, size in enumerate(valid.sum(1).tolist()):
            alone = net.encode_layers(x[row : row + 1, :size], valid[row : row + 1, :size])
            for one, many in zip(alone, together, strict=True):
                count = int(one.valid.sum())
                assert count == int(many.valid[row].sum())
                assert (one.values[0, :count] - many.values[row, :count]).abs().max() <= 1e-5


@pytest.mark.parametrize("name", TINY)
def test_what_lies_in_the_padding_changes_nothing(name):
    net = tiny(name)
    x, valid = batch_for(net)
    other = torch.where(valid, x, torch.full_like(x, 7 if net.modality == "words" else 0.9))
    with torch.inference_mode():
        difference = numbers_of(net.encode(x, valid)) - numbers_of(net.encode(other, valid))
    assert difference.abs().max() <= 1e-5


@pytest.mark.parametrize("name", TINY)
def test_different_inputs_give_different_frames(name):
    net = tiny(name)
    x, valid = batch_for(net)
    with torch.inference_mode():
        frames = net.encode(x, valid)
    pooled = [values[real].mean(0) for values, real in zip(frames.values, frames.valid, strict=True)]
    assert torch.pdist(torch.stack(pooled)).min() > 1e-5


@pytest.mark.parametrize("name", TINY)
def test_gradients_reach_every_trainable_weight(name):
    net = tiny(name).train()
    values = numbers_of(net.encode(*batch_for(net)))
    # random signs: the plain sum of a normalized layer has no slope
    (values * torch.randn(values.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    without = [
        key
        for key, p in net.named_parameters()
        if p.requires_grad and (p.grad is None or not torch.any(p.grad != 0))
    ]
    assert without == []


@pytest.mark.parametrize("name", TINY)
def test_same_seed_gives_the_same_network_and_another_seed_another(name):
    nets = [tiny(name, seed) for seed in (3, 3, 4)]
    first, second, other = (numbers_of(net.encode(*batch_for(net))) for net in nets)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", TINY)
def test_saved_and_loaded_encoder_answers_the_same(name, tmp_path):
    net, other = tiny(name, 0), tiny(name, 1)
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    x, valid = batch_for(net)
    assert torch.equal(numbers_of(net.encode(x, valid)), numbers_of(other.encode(x, valid)))
