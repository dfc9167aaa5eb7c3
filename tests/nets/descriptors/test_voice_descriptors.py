from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tests.features.voice import made_voice as voices

from mien.core.errors import ConfigError, DataError
from mien.features.choice import choose
from mien.features.voice import compare, egemaps
from mien.nets.descriptors.voice_descriptors import VoiceDescriptors

SETS = {"compare": compare, "egemaps": egemaps}
IN_STEPS = ("pcm_zcr", "spectralRollOff")
"""Columns without a slope."""

made_voice = cache(voices.made_voice)


@pytest.fixture(autouse=True)
def one_seed():
    torch.manual_seed(0)


def padded(clips: list[np.ndarray], more: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return clips side by side with noise behind them, and their lengths."""
    length = torch.tensor([clip.size for clip in clips])
    samples = 0.3 * torch.randn(len(clips), int(length.max()) + more)
    for row, clip in zip(samples, clips, strict=True):
        row[: clip.size] = torch.from_numpy(clip)
    return samples, length


def tones(samples: int, rate_hz: int) -> torch.Tensor:
    """Return two noisy tones in float64, `(2, samples)`."""
    time = torch.arange(samples, dtype=torch.float64) / rate_hz
    tone = 0.3 * torch.sin(2 * torch.pi * 180 * time) + 0.1 * torch.sin(2 * torch.pi * 1300 * time)
    return tone + 0.05 * torch.randn(2, samples, dtype=torch.float64)


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return differences in parts of the spread of each column."""
    return np.abs(ours - theirs) / theirs.std(axis=0)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050])
@pytest.mark.parametrize("name", SETS)
def test_frames_of_a_made_voice_are_those_of_numpy(name, rate_hz):
    clip = made_voice(rate_hz)
    describe = VoiceDescriptors(name, rate_hz=rate_hz)
    frames = describe(*padded([clip], more=999))
    theirs = SETS[name].extract([clip], rate_hz=rate_hz, level="lld")
    columns = [theirs.columns.index(column) for column in describe.columns]
    found = apart(frames.values[frames.valid].numpy(), theirs.values[:, columns])
    assert len(columns) == {"egemaps": 10, "compare": 59}[name]
    assert dict(zip(describe.columns, found.max(axis=0), strict=True)) == pytest.approx(
        dict.fromkeys(describe.columns, 0), abs=1e-4
    )
    assert frames.rate_hz == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("corpus", ["emodb", "ravdess_speech", "urdu"])
@pytest.mark.parametrize("name", SETS)
def test_frames_and_functionals_of_real_clips_are_those_of_numpy(name, corpus, data_root: Path):
    files = sorted(file for file in (data_root / corpus).rglob("*") if file.suffix in (".wav", ".flac"))
    read = [soundfile.read(file, dtype="float32", always_2d=True) for file in files[:: len(files) // 6]]
    rate_hz = read[0][1]
    clips = [samples.mean(axis=1) for samples, rate in read if rate == rate_hz]
    describe = VoiceDescriptors(name, rate_hz=rate_hz)
    samples, length = padded(clips)
    frames = describe(samples, length)
    theirs = SETS[name].extract(clips, rate_hz=rate_hz, level="lld")
    columns = [theirs.columns.index(column) for column in describe.columns]
    found = apart(frames.values[frames.valid].numpy(), theirs.values[:, columns])
    steps = np.array([any(word in column for word in IN_STEPS) for column in describe.columns])
    assert found[:, ~steps].max() <= 1e-4
    # where a share of the power ends on the edge of a bin, rounding says which bin it is
    assert (found <= 1e-4).mean() >= 0.99
    assert found.max() <= 0.1
    numbers = describe.functionals(samples, length).numpy()
    whole = SETS[name].extract(clips, rate_hz=rate_hz)
    wanted = whole.values[:, [whole.columns.index(column) for column in describe.functional_columns]]
    assert len(describe.functional_columns) == {"egemaps": 17, "compare": 118}[name]
    smooth = [not any(word in column for word in IN_STEPS) for column in describe.functional_columns]
    np.testing.assert_allclose(numbers[:, smooth], wanted[:, smooth], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numbers, wanted, rtol=1e-2, atol=1e-5)


def test_changes_of_compare_are_its_own():
    clip = made_voice(16000)
    describe = VoiceDescriptors("compare", rate_hz=16000, with_changes=True)
    changes = describe(*padded([clip])).values[0, :, 59:].numpy()
    theirs = compare.extract([clip], rate_hz=16000, level="lld_de")
    columns = [theirs.columns.index(column) for column in describe.columns[59:]]
    # numpy gives two rows more, of what follows the end
    assert apart(changes, theirs.values[: len(changes), columns]).max() <= 1e-4


def test_changes_of_egemaps_are_the_deltas_that_can_be_chosen_by_name():
    clip = made_voice(16000)
    describe = VoiceDescriptors("egemaps", rate_hz=16000, with_changes=True)
    ours = describe(*padded([clip])).values[0].numpy()
    chosen = choose(egemaps.CARD, "lld", descriptors=[column for column in describe.columns])
    theirs = chosen.of(egemaps.extract([clip], rate_hz=16000, level="lld"))
    assert theirs.columns == describe.columns
    assert apart(ours, theirs.values).max() <= 1e-4


@pytest.mark.parametrize("name", SETS)
def test_a_clip_alone_is_the_same_as_in_a_padded_batch(name):
    whole = made_voice(16000)
    clips = [whole, whole[:960], whole[5000:20000], whole[:1500]]
    describe = VoiceDescriptors(name, rate_hz=16000, with_changes=True)
    samples, length = padded(clips, more=5000)
    together, numbers = describe(samples, length), describe.functionals(samples, length)
    scale = together.values[together.valid].std(dim=0)
    for row, clip in enumerate(clips):
        one = torch.from_numpy(clip)[None], torch.tensor([clip.size])
        alone = describe(*one)
        count = int(together.valid[row].sum())
        assert alone.valid.shape == (1, count)
        assert ((alone.values[0] - together.values[row, :count]) / scale).abs().max() <= 1e-5
        torch.testing.assert_close(describe.functionals(*one)[0], numbers[row], rtol=1e-5, atol=1e-5)
    assert not together.values[~together.valid].any()


@pytest.mark.parametrize("name", SETS)
def test_slopes_of_frames_and_functionals_are_those_of_differences(name):
    describe = VoiceDescriptors(name, rate_hz=8000, with_changes=True).double()
    samples, length = tones(900, 8000).requires_grad_(), torch.tensor([900, 640])
    frames = [n for n, column in enumerate(describe.columns) if not any(word in column for word in IN_STEPS)]
    numbers = [
        n
        for n, column in enumerate(describe.functional_columns)
        if not any(word in column for word in IN_STEPS)
    ]
    options = {"eps": 1e-7, "atol": 1e-3, "rtol": 1e-3, "fast_mode": True}
    assert torch.autograd.gradcheck(lambda x: describe(x, length).values[..., frames], samples, **options)
    assert torch.autograd.gradcheck(lambda x: describe.functionals(x, length)[:, numbers], samples, **options)


@pytest.mark.parametrize("name", SETS)
def test_every_column_but_those_that_move_in_steps_has_a_slope(name):
    describe = VoiceDescriptors(name, rate_hz=8000)
    samples = tones(1600, 8000).float().requires_grad_()
    values = describe(samples, torch.tensor([1600, 1600])).values
    for number, column in enumerate(describe.columns):
        total = values[..., number].sum()
        if any(word in column for word in IN_STEPS):
            assert (
                not total.requires_grad or not torch.autograd.grad(total, samples, retain_graph=True)[0].any()
            )
        else:
            (slope,) = torch.autograd.grad(total, samples, retain_graph=True)
            assert slope.any(), column


@pytest.mark.parametrize("name", SETS)
def test_silence_has_numbers_and_slopes(name):
    describe = VoiceDescriptors(name, rate_hz=8000, with_changes=True)
    samples = torch.zeros(2, 4000)
    samples[1, 2000:] = 0.1 * torch.randn(2000)
    samples.requires_grad_()
    length = torch.tensor([4000, 4000])
    values = describe(samples, length).values
    numbers = describe.functionals(samples, length)
    (values.sum() + numbers.sum()).backward()
    assert values.isfinite().all()
    assert numbers.isfinite().all()
    assert samples.grad.isfinite().all()
    theirs = SETS[name].extract([samples[1].detach().numpy()], rate_hz=8000, level="lld")
    columns = [theirs.columns.index(column) for column in describe.set.columns]
    found = apart(values[1, :, : len(columns)].detach().numpy(), theirs.values[:, columns])
    assert (found <= 1e-4).mean() >= 0.999


def test_a_gain_is_found_that_gives_a_wanted_loudness():
    clip = torch.from_numpy(made_voice(16000))[None]
    describe = VoiceDescriptors("egemaps", rate_hz=16000)
    place, length = describe.functional_columns.index("loudness_sma3_amean"), torch.tensor([clip.shape[1]])
    wanted = describe.functionals(0.4 * clip, length)[0, place]
    gain = torch.tensor(1.0)
    for _ in range(6):
        gain = gain.detach().requires_grad_()
        missed = describe.functionals(gain * clip, length)[0, place] - wanted
        (slope,) = torch.autograd.grad(missed, gain)
        gain = gain - missed / slope
    assert gain.item() == pytest.approx(0.4, rel=1e-4)


def test_mixed_precision_changes_nothing():
    describe = VoiceDescriptors("compare", rate_hz=16000)
    samples, length = padded([made_voice(16000)])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed, numbers = describe(samples, length), describe.functionals(samples, length)
    assert torch.equal(mixed.values, describe(samples, length).values)
    assert torch.equal(numbers, describe.functionals(samples, length))


def test_nothing_is_learned_and_nothing_is_saved():
    describe = VoiceDescriptors("compare", rate_hz=16000)
    assert list(describe.parameters()) == []
    assert describe.state_dict() == {}


def test_what_cannot_be_described_is_refused_and_says_why():
    describe = VoiceDescriptors("egemaps", rate_hz=16000)
    samples = torch.zeros(2, 16000)
    with pytest.raises(ConfigError, match="Did you mean `egemaps`"):
        VoiceDescriptors("egemap", rate_hz=16000)
    with pytest.raises(ConfigError, match="Got 4000 Hz, expected 8000 or more"):
        VoiceDescriptors("egemaps", rate_hz=4000)
    with pytest.raises(DataError, match="expected 960 or more, one frame of 60 ms"):
        describe(samples, torch.tensor([16000, 959]))
    with pytest.raises(DataError, match="no more than the row has"):
        describe(samples, torch.tensor([16000, 16001]))
    with pytest.raises(DataError, match=r"expected \(clips, samples\) and \(clips,\)"):
        describe(samples, torch.tensor([16000]))
    with pytest.raises(DataError, match="not finite"):
        describe(samples / 0, torch.tensor([16000, 16000]))
    with pytest.raises(ConfigError, match=r"Got descriptors in torch\.float16"):
        describe.half()(samples, torch.tensor([16000, 16000]))
