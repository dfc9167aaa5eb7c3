"""The wav2vec 2.0 family against transformers, clip by clip, and against itself in padded batches."""

import json

import pytest
import torch
import transformers

from mien.core.errors import ConfigError, WeightsError
from mien.core.settings import parse
from mien.nets.encoders.wav2vec2 import CARD, Config, SpeechTransformer, build
from mien.nets.load_encoder import load_encoder

TINY = CARD["variants"]["tiny"]["config"]
KINDS = [
    (family, norm, first)
    for family in ("wav2vec2", "hubert", "wavlm")
    for norm in ("group", "layer")
    for first in (False, True)
]


def tiny(family: str = "wav2vec2", norm: str = "group", first: bool = False, **more) -> SpeechTransformer:
    torch.manual_seed(0)
    return build(Config(**TINY, family=family, convolution_norm=norm, norm_first=first, **more)).eval()


def batch(*lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy tones with an offset, which normalization takes away."""
    torch.manual_seed(1)
    valid = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    pitch_hz = 150 * torch.arange(1, len(lengths) + 1)[:, None]
    tones = torch.sin(2 * torch.pi * pitch_hz * torch.arange(valid.shape[1]) / 16000)
    return (0.3 * tones + 0.1 * torch.randn(valid.shape) + 0.05) * valid, valid


def difference_between_alone_and_together(net, x, valid) -> float:
    worst = 0.0
    with torch.inference_mode():
        together = net.encode_layers(x, valid)
        for row, size in enumerate(valid.sum(1).tolist()):
            alone = net.encode_layers(x[row : row + 1, :size], valid[row : row + 1, :size])
            for one, many in zip(alone, together, strict=True):
                count = one.values.shape[1]
                worst = max(worst, float((one.values[0] - many.values[row, :count]).abs().max()))
    return worst


@pytest.mark.parametrize(("family", "norm", "first"), KINDS)
def test_every_layer_of_a_clip_is_that_of_transformers(family, norm, first):
    net = tiny(family, norm, first)
    x, valid = batch(12345)
    normal = (x - x.mean()) / (x.var(correction=0) + 1e-7).sqrt()
    with torch.inference_mode():
        ours = net.encode_layers(x, valid)
        theirs = net.network(normal, output_hidden_states=True)
    assert len(ours) == len(theirs.hidden_states)
    torch.testing.assert_close(ours[-1].values, theirs.last_hidden_state, atol=1e-4, rtol=0)
    for one, other in zip(ours[:-1], theirs.hidden_states, strict=False):
        torch.testing.assert_close(one.values, other, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("family", "norm", "first"), KINDS)
def test_a_clip_alone_equals_the_clip_in_a_padded_batch(family, norm, first):
    x, valid = batch(8000, 3001, 20000, 300)
    assert difference_between_alone_and_together(tiny(family, norm, first), x, valid) <= 1e-5


def test_transformers_itself_breaks_that_promise_so_the_check_can_fail():
    net = tiny()
    x, valid = batch(8000, 20000)
    with torch.inference_mode():
        together = net.network(x, attention_mask=valid).last_hidden_state[0]
        alone = net.network(x[:1, :8000]).last_hidden_state[0]
    assert (together[: len(alone)] - alone).abs().max() > 1e-3


def test_a_batch_normalized_position_convolution_keeps_the_promise():
    sizes = transformers.HubertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=(16,) * 7, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2,
        conv_pos_batch_norm=True,
    )  # fmt: skip
    torch.manual_seed(0)
    network = transformers.HubertModel(sizes)
    torch.nn.init.normal_(network.encoder.pos_conv_embed.batch_norm.bias)
    net = SpeechTransformer(network, normalize=True).eval()
    assert difference_between_alone_and_together(net, *batch(8000, 3001)) <= 1e-5


def test_gain_and_offset_do_not_matter_where_samples_are_normalized():
    x, valid = batch(8000, 6000)
    with torch.inference_mode():
        first, louder = (tiny().encode(y * valid, valid) for y in (x, 3 * x + 0.02))
        raw, raw_louder = (tiny(normalize=False).encode(y * valid, valid) for y in (x, 3 * x + 0.02))
    real = first.valid
    torch.testing.assert_close(first.values[real], louder.values[real], atol=2e-5, rtol=0)
    assert (raw.values - raw_louder.values)[real].abs().max() > 3e-4


def test_a_clip_shorter_than_one_frame_counts_as_one_frame():
    net = tiny()
    for size in (1, 9, 399):
        frames = net.encode(*batch(size))
        assert frames.values.shape[1] == 1
        assert torch.isfinite(frames.values).all()


def test_silence_gives_numbers():
    assert torch.isfinite(tiny().encode(torch.zeros(1, 8000), torch.ones(1, 8000).bool()).values).all()


def test_training_without_dropout_answers_as_evaluation_does():
    net = tiny(dropout=0.0)
    x, valid = batch(8000, 6000)
    torch.testing.assert_close(net.train().encode(x, valid).values, net.eval().encode(x, valid).values)


@pytest.fixture
def folder(tmp_path):
    """Return a saved classifier, whose encoder is to be read."""
    torch.manual_seed(0)
    sizes = tiny().network.config
    sizes.mask_time_prob = 0.05  # brings a weight that only training uses
    model = transformers.Wav2Vec2ForSequenceClassification(sizes)
    model.save_pretrained(tmp_path)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(tmp_path)
    return tmp_path


def tell(folder, **changes):
    """Change fields of a checkpoint's preprocessor settings."""
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_encoder_of_a_checkpoint_with_a_head_is_read(folder):
    x, valid = batch(9000)
    normal = (x - x.mean()) / (x.var(correction=0) + 1e-7).sqrt()
    model = transformers.Wav2Vec2ForSequenceClassification.from_pretrained(folder).wav2vec2.eval()
    with torch.inference_mode():
        ours = load_encoder(str(folder)).encode(x, valid).values
        torch.testing.assert_close(ours, model(normal).last_hidden_state, atol=1e-4, rtol=0)


def test_the_preprocessor_says_whether_samples_are_normalized(folder):
    assert load_encoder(str(folder)).normalize is True
    tell(folder, do_normalize=False)
    assert load_encoder(str(folder)).normalize is False


def test_settings_inside_a_processor_are_found(folder):
    told = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": told}))
    assert load_encoder(str(folder)).normalize is True


def test_a_checkpoint_that_does_not_say_it_is_refused(folder):
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"do_normalize.*preprocessor_config\.json"):
        load_encoder(str(folder))


def test_another_rate_is_refused(folder):
    tell(folder, sampling_rate=8000)
    with pytest.raises(WeightsError, match="8000 Hz"):
        load_encoder(str(folder))


def test_a_checkpoint_without_a_whole_encoder_is_refused(folder):
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    kept = {name: value for name, value in load_file(path).items() if "encoder.layers.1." not in name}
    save_file(kept, path, metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"no trained weights for 16 parts"):
        load_encoder(str(folder))


def test_an_adapter_behind_the_encoder_is_refused(folder):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "add_adapter": True}))
    with pytest.raises(WeightsError, match="adapter"):
        load_encoder(str(folder))


@pytest.mark.parametrize("wrong", [{"heads": 3}, {"kernels": (10, 3)}, {"family": "wav2vec3"}])
def test_settings_that_do_not_fit_together_are_refused(wrong):
    with pytest.raises(ConfigError):
        parse(Config, {**TINY, **wrong})


@pytest.mark.parametrize(("family", "norm", "first"), KINDS)
def test_convolutions_of_a_batch_at_once_as_on_a_gpu_are_those_of_each_clip_alone(family, norm, first):
    net = tiny(family, norm, first)
    x, valid = batch(9000, 12345, 300)
    length = valid.sum(1)
    samples = net._prepare(x, valid, length)
    with torch.inference_mode():
        alone, real = net._locals(samples, length)
        together, also_real = net._convolve(samples, length)
    assert torch.equal(real, also_real)
    keep = real.unsqueeze(2)
    torch.testing.assert_close(alone * keep, together * keep, atol=1e-5, rtol=0)
