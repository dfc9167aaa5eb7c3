import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from mien.core import registry
from mien.core.errors import WeightsError
from mien.training.adapters import build_tuned, describing, whole_net
from mien.training.export import export_onnx
from mien.training.fine_tune_settings import NetConfig
from mien.training.tuned_net import TunedNet


def tuned(
    name: str, *, adapt: str = "full", categories: int = 3, scales=((1, 7), (0, 1)), **settings
) -> TunedNet:
    torch.manual_seed(0)
    module = registry.find("encoders", name)
    longer = {"positions": 600} if name == "whisper" else {}
    tiny = module.CARD["variants"]["tiny"]["config"]
    encoder = module.build(module.Config(**tiny | longer | settings)).eval()
    config = NetConfig(encoder=name, adapt=adapt, members=2)
    net = build_tuned(describing(encoder), config, categories=categories, dimensions=len(scales))
    return TunedNet(whole_net(net, encoder, config), scales).eval()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("whisper", {}),
        ("whisper", {"pair_frames": True}),
        ("mel-recurrent", {}),
        ("voice-embedding", {}),
        ("wav2vec2", {"family": "wav2vec2"}),
        (
            "wav2vec2",
            {"family": "hubert", "normalize": False, "norm_first": True, "convolution_norm": "layer"},
        ),
        ("wav2vec2", {"family": "wavlm"}),
    ],
)
def test_the_graph_answers_as_the_network_does_at_every_length(name, settings, tmp_path):
    net = tuned(name, **settings)
    names = ["valence", "arousal"]
    export_onnx(net, tmp_path / "m.onnx", temperature=2.0, dimensions=names, squash=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    generator = np.random.default_rng(0)
    for lengths in ([8000], [12345, 8001], [30001, 16000, 9999, 8000]):
        samples = np.zeros((len(lengths), max(lengths)), np.float32)
        for row, length in enumerate(lengths):
            samples[row, :length] = generator.uniform(-0.2, 0.2, length)
        given = {"samples": samples, "length": np.array(lengths)}
        logits, valence, arousal = session.run(["category_logits", *names], given)
        with torch.no_grad():
            wanted, values = net(torch.from_numpy(samples), torch.tensor(lengths))
        np.testing.assert_allclose(logits, wanted.numpy() / 2.0, atol=1e-5)
        np.testing.assert_allclose(np.stack([valence, arousal], axis=2), values.numpy(), atol=1e-5)
        assert logits.shape == (len(lengths), 2, 3)


def test_ratings_alone_leave_no_categories(tmp_path):
    net = tuned("mel-recurrent", categories=0, scales=((1, 7),))
    export_onnx(net, tmp_path / "m.onnx", temperature=1.0, dimensions=["valence"], squash=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    samples = np.full((2, 9000), 0.01, np.float32)
    logits, valence = session.run(None, {"samples": samples, "length": np.array([9000, 8000])})
    assert logits.shape == (2, 2, 0)
    assert valence.shape == (2, 2)
    assert ((valence >= 1) & (valence <= 7)).all()


class Sorting(nn.Module):
    """Looks at the numbers themselves, which no graph can follow."""

    def forward(self, samples, length):
        longest = int(length.max())
        return samples[:, None, :2] * longest, samples[:, None, :0]


def test_a_graph_that_has_lost_the_length_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="expected samples and length"):
        export_onnx(Sorting(), tmp_path / "m.onnx", temperature=1.0, dimensions=[])


class Fixed(nn.Module):
    """Remembers the length of the clip that it was traced with."""

    def forward(self, samples, length):
        longest = int(samples.shape[1])
        return samples[:, None, :2] * longest * length[:, None, None], samples[:, None, :0]


def test_a_graph_that_differs_from_its_network_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"differs by.*whisper-tiny"):
        export_onnx(Fixed(), tmp_path / "m.onnx", temperature=1.0, dimensions=[])


class Forgetful(nn.Module):
    """Hears as much of a clip as it was traced with; its answers differ by little."""

    def forward(self, samples, length):
        energy = samples[:, : int(samples.shape[1])].square().mean(dim=1) + 0.0 * length
        return 0.1 * energy[:, None, None].expand(-1, 1, 2), samples[:, None, :0]


def test_a_graph_whose_small_answers_differ_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"differs by \S+e-05 in answers that vary by 0\.000"):
        export_onnx(Forgetful(), tmp_path / "m.onnx", temperature=1.0, dimensions=[])


class Decomposing(nn.Module):
    """Takes singular values, for which ONNX has no operation."""

    def forward(self, samples, length):
        values = torch.linalg.svdvals(samples[:, :16].unflatten(1, (4, 4))) * length[:, None]
        return values[:, None], samples[:, None, :0]


def test_a_network_that_no_graph_can_hold_is_refused_with_another_to_take(tmp_path):
    with pytest.raises(WeightsError, match=r"cannot be written as ONNX.*take another encoder"):
        export_onnx(Decomposing(), tmp_path / "m.onnx", temperature=1.0, dimensions=[])
