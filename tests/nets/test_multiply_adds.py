import pytest
import torch
from torch import nn
from torch.nn import functional

from mien.core.registry import find
from mien.nets.multiply_adds import TEXT, count_bytes, count_multiply_adds, count_one_clip, count_parameters


class Attention(nn.Module):
    def forward(self, x):
        return functional.scaled_dot_product_attention(x, x, x)


@pytest.mark.parametrize(
    ("net", "shape", "wanted"),
    [
        (nn.Linear(10, 7), (3, 10), 3 * 10 * 7),
        (nn.Sequential(nn.Linear(10, 7), nn.ReLU(), nn.Linear(7, 2)), (1, 10), 10 * 7 + 7 * 2),
        (nn.Conv1d(2, 4, 3, padding=1), (1, 2, 100), 100 * 4 * 2 * 3),
        (nn.LSTM(8, 16, batch_first=True), (1, 20, 8), 20 * 4 * 16 * (8 + 16)),
        (nn.GRU(8, 16, batch_first=True), (1, 20, 8), 20 * 3 * 16 * (8 + 16)),
        (Attention(), (1, 2, 30, 8), 2 * (30 * 30 * 8) * 2),
    ],
    ids=["linear", "two layers", "convolution", "lstm", "gru", "attention"],
)
def test_multiply_adds_of_known_torch_networks_are_exact(net, shape, wanted):
    assert count_multiply_adds(net, torch.zeros(shape)) == wanted


def test_parameters_are_counted_once_and_the_trained_ones_apart():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    net.append(net[0])
    net[1].weight.requires_grad_(False)
    assert count_parameters(net) == (4 * 4 + 4) + (4 * 3 + 3)
    assert count_parameters(net, trained=True) == (4 * 4 + 4) + 3


def test_counting_leaves_the_way_torch_computes_as_it_was():
    before = torch.backends.mkldnn.enabled
    count_multiply_adds(nn.Linear(2, 2), torch.zeros(1, 2))
    assert torch.backends.mkldnn.enabled == before


def test_bytes_are_those_of_weights_and_buffers():
    assert count_bytes(nn.BatchNorm1d(3)) == 4 * (4 * 3) + 8


def voice_embedding(width):
    module = find("encoders", "voice-embedding")
    return module.build(module.Config(width=width)).eval()


def products(width):
    """Return the multiply-adds of three recurrences over 160 frames of 40 bands, and of the output."""
    return 160 * 4 * width * ((40 + width) + 4 * width) + width * width


def test_a_tiny_encoder_counts_as_its_layers_do():
    tiny, wider = voice_embedding(16), voice_embedding(32)
    assert count_parameters(tiny) == 8336
    assert count_one_clip(wider) - count_one_clip(tiny) == products(32) - products(16)


def test_a_text_counts_as_twenty_words():
    assert len(TEXT.split()) == 20
