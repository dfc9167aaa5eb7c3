"""What a teacher hears, and how a student's frames are laid beside it."""

import numpy as np
import pytest
import soundfile
import torch

from mien.core.errors import DataError, WeightsError
from mien.training.clips import Batch
from mien.training.teacher import Hint, hear, heard_at, principal_components


@pytest.fixture(scope="module")
def emodb_files(data_root) -> list[str]:
    return [str(data_root / "emodb" / "audio" / name) for name in ("03a01Fa.flac", "03a01Nc.flac")]


def test_whisper_hears_one_row_per_40_ms_and_tells_clips_apart(emodb_files):
    pytest.importorskip("faster_whisper")
    first, second = hear(emodb_files, weights="whisper-tiny-en")
    for rows, file in ((first, emodb_files[0]), (second, emodb_files[1])):
        assert rows.shape == (-(-soundfile.info(file).frames // 640), 384)
        assert np.isfinite(rows).all()
        assert rows.std(axis=0).min() > 0
    assert np.abs(first.mean(axis=0) - second.mean(axis=0)).max() > 0.1


def test_hearing_follows_time(emodb_files, tmp_path):
    pytest.importorskip("faster_whisper")
    samples, _ = soundfile.read(emodb_files[0])
    later = tmp_path / "later.wav"
    soundfile.write(later, np.concatenate([np.zeros(16000), samples]), 16000)
    plain, shifted = hear([emodb_files[0], str(later)], weights="whisper-tiny-en")
    plain, shifted = plain.astype(np.float32), shifted.astype(np.float32)[25 : 25 + len(plain)]
    same = [np.corrcoef(a, b)[0, 1] for a, b in zip(plain[3:-3], shifted[3:-3], strict=True)]
    wrong = [np.corrcoef(a, b)[0, 1] for a, b in zip(plain[3:-13], shifted[13:-3], strict=True)]
    assert np.mean(same) > np.mean(wrong) + 0.1


def test_a_clip_that_is_too_long_is_refused(tmp_path):
    pytest.importorskip("faster_whisper")
    soundfile.write(tmp_path / "long.wav", np.zeros(31 * 16000), 16000)
    with pytest.raises(DataError, match=r"Got a clip of 31.0 s, expected at most 30 s"):
        hear([str(tmp_path / "long.wav")], weights="whisper-tiny-en")


def test_an_unknown_teacher_is_refused_with_the_nearest_name():
    pytest.importorskip("faster_whisper")
    with pytest.raises(WeightsError, match="whisper-tiny-en"):
        hear([], weights="whisper-tiny")


def test_heard_at_takes_the_row_of_the_time():
    heard = [np.arange(10, dtype=np.float16)[:, None].repeat(2, axis=1)]
    time_s = np.array([[0.0, 0.03, 0.05, 0.39, 7.0]], np.float32)
    batch = Batch(torch.zeros(1, 16, 5), torch.ones(1, 5, dtype=torch.bool), np.array([0]), time_s)
    assert heard_at(heard, batch, stride=1)[0, :, 0].tolist() == [0, 0, 1, 9, 9]
    assert heard_at(heard, batch, stride=2)[0, :, 0].tolist() == [0, 1, 9]


@pytest.fixture
def heard() -> list[np.ndarray]:
    """Return three clips of a teacher whose six values have two causes; the third clip is another."""
    generator = np.random.default_rng(0)
    mixing = generator.standard_normal((2, 6))
    clips = [generator.standard_normal((200, 2)) @ mixing + 5.0 for _ in range(2)]
    return [*(clip.astype(np.float16) for clip in clips), np.full((200, 6), 100, np.float16)]


def test_principal_components_hold_what_varies_and_ignore_other_clips(heard):
    mean, projection = principal_components(heard, np.array([0, 1]), components=2)
    assert projection.shape == (6, 2)
    torch.testing.assert_close(mean, torch.full((6,), 5.0), atol=0.3, rtol=0)
    values = (torch.from_numpy(np.concatenate(heard[:2])).float() - mean) @ projection
    assert float(values.var(dim=0).mean()) == pytest.approx(1.0, rel=0.02)
    assert abs(float(np.corrcoef(values.T.numpy())[0, 1])) < 0.05


def test_a_hint_is_learned_and_padding_does_not_count(heard):
    mean, projection = principal_components(heard, np.array([0, 1]), components=2)
    torch.manual_seed(0)
    hint = Hint(6, mean=mean, projection=projection)
    wanted = torch.from_numpy(np.stack(heard[:2])).float()
    described, valid = wanted - 5.0, torch.ones(2, 200, dtype=torch.bool)
    valid[1, 50:] = False
    before = hint.loss(described, valid, wanted)
    spoiled = torch.where(valid.unsqueeze(2), wanted, torch.tensor(1e3))
    torch.testing.assert_close(hint.loss(described, valid, spoiled), before)
    optimizer = torch.optim.Adam(hint.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss = hint.loss(described, valid, wanted)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.05 * float(before.detach())
