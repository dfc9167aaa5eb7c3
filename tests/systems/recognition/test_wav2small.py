"""Wav2Small against the numbers of its paper and a naive twin of its pooling."""

import numpy as np
import torch

from mien.systems.recognition.wav2small import CARD, Config, Wav2Small, build

TINY = CARD["variants"]["tiny"]["config"]


def tiny(**changed) -> Wav2Small:
    torch.manual_seed(0)
    return build(Config(**(TINY | changed))).eval()


def test_the_network_of_the_paper_has_72_thousand_numbers_with_its_fixed_fourier_transform():
    net = build(Config(categories=0, dimensions=3))
    learned = sum(weight.numel() for weight in net.parameters())
    convolutions = 9 * 13 + 6 * 9 * 13 * 13 + 7 * 2 * 13
    assert learned == convolutions + 2 * (169 * 169 + 169) + 3 * (169 + 1)
    assert net.front_end.dft.numel() == 4224
    assert round((learned + 4224) / 1000) == 72


def test_pooling_is_each_values_mean_weighted_by_its_own_attention_over_time():
    net, samples = tiny(), 0.1 * torch.randn(1, 4000, generator=torch.Generator().manual_seed(1))
    heard = []
    net.value.register_forward_hook(lambda layer, inputs, output: heard.append(inputs[0][0].detach().numpy()))
    with torch.inference_mode():
        pooled = net.describe(samples, torch.tensor([4000]))[0].numpy()
    frames = heard[0]
    assert frames.shape[0] == -(-((4000 - 256) // 128 + 1) // 2)
    weights = {name: value.detach().numpy() for name, value in net.named_parameters()}
    values = frames @ weights["value.weight"].T + weights["value.bias"]
    scores = frames @ weights["attention.weight"].T + weights["attention.bias"]
    for one in range(frames.shape[1]):
        share = np.exp(scores[:, one]) / np.exp(scores[:, one]).sum()
        np.testing.assert_allclose(pooled[one], (share * values[:, one]).sum(), atol=1e-5)


def test_the_recording_level_does_not_change_the_answer():
    net, samples = tiny(), 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(2))
    length = torch.tensor([8000, 8000])
    with torch.inference_mode():
        for loud, quiet in zip(net(samples, length), net(0.01 * samples, length), strict=True):
            torch.testing.assert_close(loud, quiet, atol=1e-4, rtol=1e-3)


def test_either_kind_of_output_may_be_left_out():
    samples, length = torch.randn(2, 4000), torch.tensor([4000, 3000])
    logits, further = tiny(categories=0, dimensions=3)(samples, length)
    assert (logits.shape, further.shape) == ((2, 2, 0), (2, 2, 3))
    logits, further = tiny(dimensions=0)(samples, length)
    assert (logits.shape, further.shape) == ((2, 2, 7), (2, 2, 0))
