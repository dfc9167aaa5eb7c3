import pytest
import torch

from mien.core.errors import ConfigError, WeightsError
from mien.nets.encoders.mel_recurrent import BothWays, Config, build, load, save
from mien.nets.load_encoder import load_encoder

TINY = Config(bands=16, channels=(4, 4, 4, 4), width=8)


def test_one_frame_comes_every_64_ms():
    net = build(Config())
    assert net.frame_rate_hz == pytest.approx(1 / 0.064)
    frames = net.encode(torch.randn(1, 32_000), torch.ones(1, 32_000, dtype=torch.bool))
    assert frames.values.shape == (1, 31, 128)


def test_both_ways_equals_a_packed_bidirectional_gru():
    torch.manual_seed(0)
    ours, reference = BothWays(6), torch.nn.GRU(6, 3, batch_first=True, bidirectional=True)
    for name, weights in ours.forwards.named_parameters():
        getattr(reference, name).data.copy_(weights)
    for name, weights in ours.backwards.named_parameters():
        getattr(reference, f"{name}_reverse").data.copy_(weights)
    values, lengths = torch.randn(3, 9, 6), torch.tensor([9, 1, 5])
    valid = torch.arange(9) < lengths[:, None]
    packed = torch.nn.utils.rnn.pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
    wanted, _ = torch.nn.utils.rnn.pad_packed_sequence(reference(packed)[0], batch_first=True)
    torch.testing.assert_close(ours(values, valid), wanted)


def test_the_first_frame_knows_what_comes_last():
    torch.manual_seed(0)
    net = build(TINY).eval()
    clip = 0.1 * torch.randn(1, 32_000)
    other = clip.clone()
    other[:, 30_000:] *= -0.5
    real = torch.ones(1, 32_000, dtype=torch.bool)
    with torch.inference_mode():
        difference = net.encode(clip, real).values[0, 0] - net.encode(other, real).values[0, 0]
    assert difference.abs().max() > 1e-6


def test_a_clip_shorter_than_one_window_has_one_frame():
    frames = build(TINY).eval().encode(torch.randn(1, 3), torch.ones(1, 3, dtype=torch.bool))
    assert frames.values.shape == (1, 1, 8)
    assert torch.isfinite(frames.values).all()


def test_what_was_saved_opens_by_folder_and_answers_the_same(tmp_path):
    net = build(TINY).eval()
    save(net, tmp_path)
    clip, real = torch.randn(1, 16_000), torch.ones(1, 16_000, dtype=torch.bool)
    for opened in (load(tmp_path), load(tmp_path / "model.safetensors"), load_encoder(str(tmp_path))):
        assert not opened.training
        assert opened.config == net.config
        assert torch.equal(opened.encode(clip, real).values, net.encode(clip, real).values)


def test_a_folder_that_lacks_a_part_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"expected config\.json and model\.safetensors"):
        load(tmp_path)
    save(build(TINY), tmp_path)
    settings = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(settings.replace('"width": 8', '"width": 10'))
    with pytest.raises(WeightsError, match="save it again"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(settings.replace('"width"', '"widht"'))
    with pytest.raises(ConfigError, match="did you mean width"):
        load(tmp_path)
