from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tests.features.voice import made_voice as voices

from mien.core.errors import DataError
from mien.features.voice.clip_checks import FULL_SCALE
from mien.features.voice.compare_frames import PITCH_HZ
from mien.features.voice.framing import fft_size, gauss, hop_samples, windowed_blocks
from mien.features.voice.geneva_frames import LONG_S, describe_frames, listen_for_pitch
from mien.features.voice.pitch_path import semitones, smooth_pitch
from mien.features.voice.shs import pitch_candidates
from mien.nets.descriptors.pitch_candidates import PitchCandidates

made_voice = cache(voices.made_voice)


def windowed(clip: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return all windowed 60-ms frames of a clip."""
    window = gauss(round(LONG_S * rate_hz))
    blocks = windowed_blocks([FULL_SCALE * clip], window, hop_samples(rate_hz))
    return np.concatenate([frames.copy() for _, frames in blocks])


def as_batch(clip: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(clip)[None], torch.tensor([clip.size])


def check_candidates(clip: np.ndarray, rate_hz: int) -> None:
    found = PitchCandidates(rate_hz)(*as_batch(clip))
    hz, voicing, quiet = listen_for_pitch(windowed(clip, rate_hz), rate_hz)
    np.testing.assert_array_equal(found.quiet[0].numpy(), quiet)
    same = np.isclose(found.hz[0].numpy(), hz, rtol=1e-4, atol=1e-3).all(axis=1)
    same &= np.isclose(found.voicing[0].numpy(), voicing, atol=1e-4).all(axis=1)
    # one sample in silence has a flat spectrum, of which rounding makes peaks
    assert same[~quiet].all()


def check_path(clip: np.ndarray, rate_hz: int) -> None:
    """Check that the path through the candidates is the pitch of egemaps."""
    found = PitchCandidates(rate_hz)(*as_batch(clip))
    hz, voicing = found.hz[found.valid].numpy(), found.voicing[found.valid].numpy()
    pitch_hz, _ = smooth_pitch(hz, voicing, np.array([0, len(hz)]))
    pitch_hz[found.quiet[found.valid].numpy()] = 0
    theirs = describe_frames([FULL_SCALE * clip], rate_hz).voiced[:, 0]
    assert (theirs > 0).mean() > 0.05
    np.testing.assert_allclose(semitones(pitch_hz), theirs, atol=1e-3)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_candidates_of_a_made_voice_are_those_of_numpy_and_so_is_the_path_through_them(rate_hz):
    clip = made_voice(rate_hz)
    check_candidates(clip, rate_hz)
    check_path(clip, rate_hz)


@pytest.mark.parametrize("corpus", ["emodb", "ravdess_speech"])
def test_candidates_of_real_clips_are_those_of_numpy_and_so_is_the_path_through_them(corpus, data_root: Path):
    files = sorted(file for file in (data_root / corpus).rglob("*") if file.suffix in (".wav", ".flac"))
    for file in files[:: len(files) // 3]:
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        check_candidates(samples.mean(axis=1), rate_hz)
        check_path(samples.mean(axis=1), rate_hz)


def test_another_range_of_pitch_and_its_scores_are_those_of_numpy():
    clip, rate_hz = made_voice(16000), 16000
    found = PitchCandidates(rate_hz, lowest_hz=PITCH_HZ[0], highest_hz=PITCH_HZ[1])(*as_batch(clip))
    frames = windowed(clip, rate_hz)
    magnitude = np.abs(np.fft.rfft(frames, fft_size(frames.shape[1]), axis=1)).astype(np.float32)
    theirs = pitch_candidates(magnitude, rate_hz=rate_hz, lowest_hz=PITCH_HZ[0], highest_hz=PITCH_HZ[1])
    np.testing.assert_allclose(found.hz[0].numpy(), theirs.hz, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.score[0].numpy(), theirs.score, rtol=1e-4, atol=1e-6)


def test_a_clip_alone_has_the_candidates_that_it_has_in_a_batch():
    clip, candidates = made_voice(16000), PitchCandidates(16000)
    samples = 0.3 * torch.randn(2, clip.size + 700, generator=torch.Generator().manual_seed(0))
    samples[0, : clip.size], samples[1, :9000] = torch.from_numpy(clip), torch.from_numpy(clip[:9000])
    together = candidates(samples, torch.tensor([clip.size, 9000]))
    for row, size in enumerate((clip.size, 9000)):
        alone = candidates(*as_batch(clip[:size]))
        count = int(together.valid[row].sum())
        for one, many in zip(alone, together, strict=True):
            torch.testing.assert_close(one[0], many[row, :count], rtol=1e-5, atol=1e-5)
    assert not together.hz[~together.valid].any()


def test_slopes_are_those_of_differences():
    time = torch.arange(700, dtype=torch.float64) / 8000
    tone = sum(torch.sin(2 * torch.pi * 170 * k * time) / k for k in range(1, 9))[None]
    noise = torch.randn(1, 700, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    samples = (0.1 * tone + 0.01 * noise).requires_grad_()
    candidates, length = PitchCandidates(8000).double(), torch.tensor([700])

    def first(samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(values[..., 0] for values in candidates(samples, length)[:3])

    assert first(samples)[0].detach().numpy() == pytest.approx(170, rel=0.01)
    assert torch.autograd.gradcheck(first, samples, eps=1e-7, atol=1e-3, rtol=1e-3, fast_mode=True)


def test_silence_has_no_candidates_and_slopes_of_zero():
    samples = torch.zeros(1, 1600, requires_grad=True)
    found = PitchCandidates(16000)(samples, torch.tensor([1600]))
    (found.hz.sum() + found.voicing.sum() + found.score.sum()).backward()
    assert not found.hz.any()
    assert found.quiet.all()
    assert not samples.grad.any()


def test_a_clip_shorter_than_a_frame_is_refused():
    with pytest.raises(DataError, match="expected 960 or more, one frame of 60 ms"):
        PitchCandidates(16000)(torch.zeros(1, 959), torch.tensor([959]))
