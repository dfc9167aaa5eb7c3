import pytest

from mien.studies.answerers import TunedAnswerer


@pytest.mark.parametrize("adapt", ["probe", "lora", "full"])
def test_an_adapted_encoder_counts_all_weights_and_tells_which_learn(adapt, tmp_path):
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    config = Wav2Vec2Config(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, conv_dim=(8, 8),
        conv_kernel=(400, 3), conv_stride=(320, 2), num_feat_extract_layers=2, num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, feat_extract_norm="layer", do_stable_layer_norm=True,
    )  # fmt: skip
    Wav2Vec2Model(config).save_pretrained(tmp_path / "tiny")
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "tiny")
    found = TunedAnswerer(str(tmp_path / "tiny"), adapt, 3).size()
    learning, whole = (int(word.replace(",", "")) for word in found.note.split()[:4:3])
    heads = 4 * 3 * (2 * 32 + 1)
    encoder = found.parameters - heads - 2  # two layers are mixed
    assert whole == found.parameters
    assert found.multiply_adds > encoder
    if adapt == "full":
        assert learning == whole
    else:
        low_rank = 0 if adapt == "probe" else 8 * (4 * (32 + 32) + 2 * (32 + 16))
        assert learning == heads + 2 + low_rank
