import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError, WeightsError
from mien.nets.embedder import Embedder
from mien.nets.layer_mix import LayerMix
from mien.nets.load_encoder import load_encoder


def clips_of(lengths):
    generator = np.random.default_rng(0)
    return [generator.normal(0, 0.1, length).astype(np.float32) for length in lengths]


@pytest.fixture(scope="module")
def embedder(tiny_encoder):
    return Embedder(str(tiny_encoder))


@settings(max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 9000), min_size=1, max_size=8),
    batch_s=st.sampled_from([0.01, 0.5, 60.0]),
)
def test_frames_are_those_of_each_clip_alone_in_the_order_given(embedder, lengths, batch_s):
    embedder.batch_s = batch_s
    clips = clips_of(lengths)
    for clip, answer in zip(clips, embedder.frames(clips), strict=True):
        x = torch.from_numpy(clip)[None]
        with torch.inference_mode():
            wanted = embedder.encoder.encode(x, torch.ones_like(x, dtype=torch.bool)).values[0].numpy()
        assert np.abs(answer - wanted).max() <= 1e-5


def test_batches_hold_clips_of_like_length_within_the_padded_seconds(tiny_encoder, monkeypatch):
    embedder, shapes = Embedder(str(tiny_encoder), batch_s=1.0), []
    encode = embedder.encoder.encode

    def watched(x, valid):
        shapes.append(tuple(x.shape))
        return encode(x, valid)

    monkeypatch.setattr(embedder.encoder, "encode", watched)
    embedder.frames(clips_of([4000, 20_000, 3000, 4000, 5000, 3500]))
    assert shapes == [(1, 20_000), (3, 5000), (2, 3500)]


def test_an_input_that_fails_does_so_alone(tiny_encoder, monkeypatch):
    embedder = Embedder(str(tiny_encoder))
    encode = embedder.encoder.encode

    def choosy(x, valid):
        if x.shape[1] > 5000:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB\nand more")
        return encode(x, valid)

    monkeypatch.setattr(embedder.encoder, "encode", choosy)
    short, long, other = embedder.frames(clips_of([3000, 9000, 4000]))
    assert (short.shape, other.shape) == ((3, 8), (4, 8))
    assert isinstance(long, DataError)
    assert "out of memory" in str(long)
    assert "lower --batch-seconds" in str(long)
    assert "\n" not in str(long)


def test_layers_by_number_last_and_mix_are_those_of_the_encoder(tiny_encoder):
    net, clip = load_encoder(str(tiny_encoder)), clips_of([8000])[0]
    x = torch.from_numpy(clip)[None]
    with torch.inference_mode():
        layers = net.encode_layers(x, torch.ones_like(x, dtype=torch.bool))
        mixed = LayerMix(net.layer_count)(layers)
    wanted = {"last": layers[-1], "mix": mixed, 0: layers[0], "1": layers[1]}
    for layer, frames in wanted.items():
        (got,) = Embedder(str(tiny_encoder), layer=layer).frames([clip])
        np.testing.assert_allclose(got, frames.values[0].numpy(), atol=1e-6)


@pytest.mark.parametrize("layer", ["3", "-1", "first", 7])
def test_a_layer_that_is_not_there_is_refused(tiny_encoder, layer):
    with pytest.raises(ConfigError, match="expected last, mix or a number from 0 to 2"):
        Embedder(str(tiny_encoder), layer=layer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "gpu"}, "Got device `gpu`, expected one of cpu, cuda, auto"),
        ({"batch_s": 0.0}, "Got batches of 0 s"),
        ({"licence": "opne"}, "Did you mean `open`"),
    ],
)
def test_wrong_options_are_refused(tiny_encoder, options, message):
    with pytest.raises(ConfigError, match=message):
        Embedder(str(tiny_encoder), **options)


def test_a_gpu_that_is_not_there_is_refused_and_auto_does_without(tiny_encoder):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match="torch finds no GPU here"):
        Embedder(str(tiny_encoder), device="cuda")
    assert Embedder(str(tiny_encoder), device="auto").device == "cpu"


def test_a_demand_for_open_weights_refuses_a_folder_of_unknown_licence(tiny_encoder):
    with pytest.raises(WeightsError, match=r"from the research shelf \(unknown\), expected the open shelf"):
        Embedder(str(tiny_encoder), licence="open")


def test_a_component_without_weights_is_the_same_each_time():
    clip = clips_of([8000])[0]
    first, second = (Embedder("mel-recurrent", licence="open").frames([clip])[0] for _ in range(2))
    assert np.array_equal(first, second)
