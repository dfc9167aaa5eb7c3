import numpy as np
import pytest
import torch
from torch import nn

from mien.core import registry
from mien.core.errors import ConfigError
from mien.nets.encoders import bert
from mien.training.adapters import (
    CATEGORY,
    DIMENSIONS,
    Described,
    add_lora,
    build_tuned,
    describing,
    layer_shares,
    merge_lora,
    whole_net,
)
from mien.training.batch import pad
from mien.training.fine_tune_settings import NetConfig


def tiny(name: str) -> nn.Module:
    torch.manual_seed(0)
    module = registry.find("encoders", name)
    return module.build(module.Config(**module.CARD["variants"]["tiny"]["config"])).eval()


def sounds() -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(0)
    return pad([generator.uniform(-0.1, 0.1, size).astype(np.float32) for size in (9000, 16000)])


def test_a_description_is_mean_and_deviation_of_each_layer_over_real_frames():
    encoder = tiny("whisper")
    x, valid = sounds()
    with torch.no_grad():
        found = describing(encoder).eval().describe(x, valid)
        layers = encoder.encode_layers(x, valid)
    for place, frames in enumerate(layers):
        real = frames.values[0][frames.valid[0]]
        wanted = torch.cat([real.mean(dim=0), real.std(dim=0, correction=0)])
        torch.testing.assert_close(found[0, place], wanted, atol=2e-3, rtol=1e-3)


def test_a_probe_answers_the_same_from_descriptions_and_from_samples():
    encoder, config = tiny("whisper"), NetConfig(encoder="whisper", members=3)
    front = describing(encoder).eval()
    x, valid = sounds()
    with torch.no_grad():
        described = front.describe(x, valid)
        front.described.fit(torch.randn(20, *described.shape[1:]))
        net = build_tuned(front.described, config, categories=4, dimensions=2).eval()
        short = net(described, torch.ones(described.shape[:2], dtype=torch.bool))
        whole = whole_net(net, encoder, config)(x, valid)
    for task, shape in ((CATEGORY, (2, 3, 4)), (DIMENSIONS, (2, 3, 2))):
        assert whole[task].shape == shape
        torch.testing.assert_close(whole[task], short[task])
    assert sum(layer_shares(net)) == pytest.approx(1, abs=0.01)


def test_descriptions_are_brought_to_one_scale_and_constant_values_stay_finite():
    described = Described(2, 3)
    values = torch.randn(50, 2, 3) * torch.tensor([1.0, 100.0, 0.0]) + 5
    described.fit(values)
    layers = described.encode_layers(values, torch.ones(50, 2, dtype=torch.bool))
    assert layers[0].values.shape == (50, 1, 3)
    stacked = torch.stack([frames.values[:, 0] for frames in layers], dim=1)
    torch.testing.assert_close(stacked.mean(dim=0), torch.zeros(2, 3), atol=1e-4, rtol=0)
    assert bool(torch.isfinite(stacked).all())
    assert float(stacked.std(dim=0)[:, 1].max()) == pytest.approx(0.97, abs=0.02)


@pytest.mark.parametrize("name", ["whisper", "mel-recurrent", "wav2vec2"])
def test_low_rank_additions_change_nothing_at_first_and_are_merged_without_a_trace(name):
    pytest.importorskip("peft")
    encoder, (x, valid) = tiny(name), sounds()
    before = encoder.encode(x, valid).values
    count = sum(weight.numel() for weight in encoder.parameters())
    names = list(encoder.state_dict())
    add_lora(encoder, NetConfig(encoder=name, adapt="lora", rank=2))
    torch.testing.assert_close(encoder.eval().encode(x, valid).values, before)
    learned = {key for key, weight in encoder.named_parameters() if weight.requires_grad}
    assert learned
    assert all("lora_" in key for key in learned)
    with torch.no_grad():
        for key, weight in encoder.named_parameters():
            if "lora_B" in key:
                weight.normal_(std=0.1)
        changed = encoder.encode(x, valid).values
        assert not torch.allclose(changed, before)
        merged = merge_lora(encoder)
        torch.testing.assert_close(merged.encode(x, valid).values, changed, atol=1e-4, rtol=1e-4)
    assert list(merged.state_dict()) == names
    assert sum(weight.numel() for weight in merged.parameters()) == count


def test_the_lower_layers_learn_more_slowly_when_every_weight_learns():
    front = describing(tiny("whisper"))
    net = build_tuned(
        front, NetConfig(encoder="x", adapt="full", layer_decay=0.5), categories=2, dimensions=0
    )
    rates = {group["name"]: group["lr"] for group in net.parameter_groups(1.0)}
    assert rates["heads"] == 1.0
    assert rates["encoder 2"] == 2 * rates["encoder 1"] == 4 * rates["encoder 0"]


def test_a_probe_trains_nothing_of_the_encoder():
    net = build_tuned(Described(3, 8), NetConfig(encoder="x"), categories=2, dimensions=0)
    assert not [weight for weight in net.encoder.parameters() if weight.requires_grad]


def test_an_encoder_of_words_and_one_without_linear_layers_are_refused():
    words = bert.build(bert.Config(**bert.CARD["variants"]["tiny"]["config"]))
    with pytest.raises(ConfigError, match="expected one of speech"):
        describing(words)
    pytest.importorskip("peft")
    with pytest.raises(ConfigError, match="without linear layers"):
        add_lora(nn.Sequential(nn.Conv1d(1, 1, 1)), NetConfig(encoder="x"))


def test_the_encoder_that_was_given_stays_as_it_was():
    encoder = tiny("mel-recurrent")
    assert describing(encoder).encoder is not encoder
