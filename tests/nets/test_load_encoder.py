"""Names that lead to an encoder, and what is said of those that do not."""

import json
import subprocess
import sys

import pytest
import torch
import transformers

from mien.core import registry
from mien.core.errors import ConfigError, WeightsError
from mien.nets.load_encoder import load_encoder, pretrained_encoders


@pytest.fixture
def folder(tmp_path):
    """Return a hub-style folder with a tiny HuBERT."""
    config = transformers.HubertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=(8, 8), conv_stride=(160, 2), conv_kernel=(400, 2), num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    transformers.HubertModel(config).save_pretrained(tmp_path / "hubert")
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(tmp_path / "hubert")
    return tmp_path / "hubert"


def change(folder, **changes):
    path = folder / "config.json"
    kept = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in kept.items() if value is not None}))


def test_every_public_name_belongs_to_one_component():
    found = pretrained_encoders()
    assert found["whisper-tiny"] == ("whisper", "whisper-tiny-en")
    listed = [name for component in registry.names("encoders") for name in weights_of(component)]
    assert sorted(listed) == sorted(found)


def weights_of(component):
    return registry.find("encoders", component).CARD.get("weights", {})


def test_a_folder_is_opened_by_its_model_type_with_and_without_the_prefix(folder):
    x, valid = 0.1 * torch.randn(1, 8000), torch.ones(1, 8000, dtype=torch.bool)
    first, second = load_encoder(str(folder)), load_encoder(f"hf:{folder}")
    assert not first.training
    assert torch.equal(first.encode(x, valid).values, second.encode(x, valid).values)


def test_a_component_gives_random_weights_of_its_default_size():
    encoder = load_encoder("whisper")
    assert (encoder.width, encoder.layer_count, encoder.training) == (384, 5, False)


def test_options_become_settings_of_a_component_with_random_weights():
    encoder = load_encoder("whisper", layers=1, pair_frames=True)
    assert (encoder.layer_count, encoder.frame_rate_hz) == (2, 25.0)
    with pytest.raises(ConfigError, match=r"Got layer, expected one of .*did you mean layers"):
        load_encoder("whisper", layer=1)


def test_options_that_an_encoder_does_not_take_are_refused_by_name(folder):
    with pytest.raises(ConfigError, match=r"Got option `layers` for encoder `.*hubert`, expected none"):
        load_encoder(str(folder), layers=1)
    with pytest.raises(ConfigError, match=r"`layer` for encoder `whisper-tiny`, expected one of .*`layers`"):
        load_encoder("whisper-tiny", layer=1)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"Did you mean `whisper-tiny`"):
        load_encoder("whisper-tin")


def test_a_folder_that_is_not_there_is_refused_with_what_is_wanted():
    with pytest.raises(ConfigError, match=r"a folder with config\.json, or hf:"):
        load_encoder("./no/such/folder")


def test_a_hub_name_is_not_fetched_unasked(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=r"--download"):
        load_encoder("hf:nobody/no-such-encoder-of-mien")


def test_a_hub_name_is_not_fetched_when_offline(monkeypatch):
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    with pytest.raises(WeightsError, match="unset MIEN_OFFLINE"):
        load_encoder("hf:nobody/no-such-encoder-of-mien", download=True)


def test_a_hub_name_with_spaces_is_no_hub_name():
    with pytest.raises(WeightsError, match="which is no folder"):
        load_encoder("hf:my checkpoint")


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"readable config\.json"):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_config_that_is_no_table_is_refused(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(WeightsError, match=r"readable config\.json"):
        load_encoder(str(folder))


def test_a_config_without_model_type_is_refused(folder):
    change(folder, model_type=None)
    with pytest.raises(WeightsError, match="without model_type"):
        load_encoder(str(folder))


def test_another_model_type_is_refused_with_the_known_ones(folder):
    change(folder, model_type="llama")
    with pytest.raises(WeightsError, match=r"`llama`.*hubert.*wavlm"):
        load_encoder(str(folder))


def test_corrupt_weights_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be opened as hubert"):
        load_encoder(str(folder))


def test_weights_of_another_size_than_the_config_says_are_refused(folder):
    change(folder, hidden_size=32)
    with pytest.raises(WeightsError):
        load_encoder(str(folder))


def test_pickled_weights_are_refused(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="hubert"):
        load_encoder(str(folder))


def test_without_torch_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from mien.core.errors import MissingExtra\n"
        "from mien.nets.load_encoder import load_encoder\n"
        "try:\n    load_encoder('whisper-tiny')\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'mien[train]'" in done.stdout
