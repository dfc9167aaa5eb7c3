"""Dawn against `transformers`, and what it says of encoders that it cannot take."""

from pathlib import Path

import pytest
import torch
import transformers

from mien.core.errors import ConfigError, WeightsError
from mien.core.settings import parse, read_recipe
from mien.systems.recognition.dawn import CARD, Config, Dawn, build
from mien.training.recipe import run
from mien.training.recipe_settings import Recipe
from mien.training.shipping import check_export

TINY = CARD["variants"]["tiny"]["config"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a hub-style folder with a tiny wav2vec 2.0 of three layers, normalized as the large ones are."""
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32,
        conv_dim=(8, 8), conv_stride=(160, 2), conv_kernel=(400, 2), num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, feat_extract_norm="layer",
        do_stable_layer_norm=True,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("encoder")
    transformers.Wav2Vec2Model(config).save_pretrained(path)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(path)
    return path


def dawn(**changed) -> Dawn:
    torch.manual_seed(1)
    return build(Config(**(TINY | changed)))


@pytest.mark.parametrize("layers", [2, 3])
def test_pooled_states_are_those_of_transformers_with_the_layers_above_cut_off(folder, layers):
    net = dawn(encoder=str(folder), sizes={}, layers=layers).eval()
    config = transformers.AutoConfig.from_pretrained(folder)
    config.num_hidden_layers = layers
    twin = transformers.Wav2Vec2Model.from_pretrained(folder, config=config).eval()
    samples = 0.2 * torch.randn(1, 12000) + 0.05
    normal = (samples - samples.mean()) / (samples.var(correction=0) + 1e-7).sqrt()
    with torch.inference_mode():
        wanted = twin(normal).last_hidden_state.mean(dim=1)
        got = net.describe(torch.nn.functional.pad(samples, (0, 3000)), torch.tensor([12000]))
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)


def test_the_convolutions_stay_as_they_were_and_everything_else_learns():
    net = dawn().train()
    before = {name: weight.clone() for name, weight in net.named_parameters()}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    logits, further = net(0.1 * torch.randn(4, 8000), torch.full((4,), 8000))
    (logits.square().sum() + further.square().sum()).backward()
    optimizer.step()
    same = {name for name, weight in net.named_parameters() if torch.equal(weight, before[name])}
    assert same == {name for name in before if "feature_extractor" in name}


def test_level_and_offset_of_a_recording_do_not_change_the_answer():
    net, samples = dawn().eval(), 0.1 * torch.randn(2, 8000)
    length = torch.tensor([8000, 8000])
    with torch.inference_mode():
        torch.testing.assert_close(
            net(samples, length)[0], net(3 * samples + 0.1, length)[0], atol=1e-4, rtol=0
        )


def test_more_layers_than_there_are_is_refused(folder):
    with pytest.raises(ConfigError, match="layers = 4, expected at most 3"):
        dawn(encoder=str(folder), sizes={}, layers=4)


def test_an_encoder_of_another_family_is_refused():
    with pytest.raises(ConfigError, match=r"`mel-recurrent`, expected one of the wav2vec 2\.0"):
        dawn(encoder="mel-recurrent", sizes={})


def test_weights_that_are_not_on_this_machine_are_refused_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=r"facebook/wav2vec2-large-robust.* or give a folder"):
        build(Config())


def test_base_sizes_that_normalize_over_the_whole_clip_are_exported_too():
    recipe = parse(Recipe, read_recipe("dawn", ['net.encoder="wav2vec2"', "net.layers=1"]))
    sizes = TINY["sizes"] | {"convolution_norm": "group", "norm_first": False}
    check_export(recipe.model_copy(update={"net": recipe.net | {"sizes": sizes}}))


def test_a_recipe_asks_the_hub_for_its_encoder_only_where_told_to(monkeypatch, tmp_path):
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    with pytest.raises(WeightsError, match="unset MIEN_OFFLINE"):
        run("dawn", [], data_root=tmp_path, out=tmp_path, download=True)
