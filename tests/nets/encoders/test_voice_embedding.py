import numpy as np
import pytest
import torch

from mien.core.errors import WeightsError
from mien.core.weights import resolve
from mien.nets.encoders.voice_embedding import Config, build, count_spans, load

STORED = {
    # Resemblyzer 0.1.4 with librosa 0.10.2: VoiceEncoder.embed_utterance of normalize_volume(chirp, -30)
    (40000, 0.2): {183: 0.275774, 173: 0.228425, 127: 0.186867, 45: 0.17569, 187: 0.171105, 11: 0.16876},
    (16000, 0.01): {218: 0.22632, 20: 0.21519, 64: 0.206407, 124: 0.204601, 89: 0.200351, 25: 0.188472},
}


def chirp(samples: int, level: float) -> torch.Tensor:
    t = np.arange(samples) / 16000
    tones = np.sin(2 * np.pi * (120 + 40 * t) * t) + 0.5 * np.sin(2 * np.pi * 700 * t) * np.sin(
        2 * np.pi * 3 * t
    )
    return torch.from_numpy((level * tones).astype(np.float32))


@pytest.fixture(scope="module")
def trained() -> torch.nn.Module:
    try:
        return load(resolve("voice-embedding"))
    except WeightsError as error:
        pytest.skip(str(error))


def test_it_answers_as_resemblyzer_does(trained):
    for (samples, level), stored in STORED.items():
        clip = chirp(samples, level)[None]
        with torch.inference_mode():
            spans = trained.encode(clip, torch.ones_like(clip, dtype=torch.bool)).values[0]
        mean = spans.mean(0) / spans.mean(0).norm()
        assert torch.topk(mean, 6).indices.tolist() == list(stored)
        assert mean[list(stored)].tolist() == pytest.approx(list(stored.values()), abs=1e-5)


def test_every_span_is_a_unit_vector_without_negative_values(trained):
    clip = chirp(100_000, 0.1)[None]
    with torch.inference_mode():
        values = trained.encode(clip, torch.ones_like(clip, dtype=torch.bool)).values
    assert values.shape == (1, 7, 256)
    torch.testing.assert_close(values.norm(dim=2), torch.ones(1, 7))
    assert values.min() >= 0


def test_the_level_of_a_quiet_clip_does_not_matter(trained):
    clips = torch.stack([chirp(30_000, 0.003), chirp(30_000, 0.0003)])
    with torch.inference_mode():
        first, second = trained.encode(clips, torch.ones_like(clips, dtype=torch.bool)).values
    torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)


def spans_by_hand(samples: int) -> int:
    """Count spans of 160 frames of 10 ms, one every 77, that are heard to 75 %, but at least one."""
    frames = samples // 160 + 1
    starts = list(range(0, max(1, frames - 160 + 77 + 1), 77))
    heard = [(samples - 160 * start) / 25600 for start in starts]
    return len(starts) - (len(starts) > 1 and heard[-1] < 0.75)


def test_spans_are_counted_as_by_hand():
    lengths = [1, 159, 160, 12320, 25599, 25600, 31519, 31520, *range(26000, 90000, 1237)]
    assert count_spans(torch.tensor(lengths)).tolist() == [spans_by_hand(length) for length in lengths]


def test_silence_gives_finite_numbers_and_slopes():
    net = build(Config(width=8))
    clip = torch.zeros(1, 20_000, requires_grad=True)
    values = net.encode(clip, torch.ones(1, 20_000, dtype=torch.bool)).values
    values.sum().backward()
    assert torch.isfinite(values).all()
    assert torch.isfinite(clip.grad).all()


def test_other_files_are_refused_with_what_to_install(tmp_path):
    torch.save({"model_state": {"lstm.weight_ih_l0": torch.zeros(2, 2)}}, tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("no weights")
    for name in ("other.pt", "text.pt", "absent.pt"):
        with pytest.raises(WeightsError, match=r"pip install --no-deps Resemblyzer==0\.1\.4"):
            load(tmp_path / name)


class Shell:
    def __reduce__(self):
        return (__import__("os").mkdir, ("never",))


def test_code_in_a_weights_file_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model_state": Shell()}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError):
        load(tmp_path / "evil.pt")
    assert not (tmp_path / "never").exists()


def test_clips_of_one_speaker_are_more_alike_than_of_two(trained, data_root):
    from sklearn.metrics import roc_auc_score

    from mien import embed
    from mien.corpora import nemo

    if not (data_root / "nemo").is_dir():
        pytest.skip("no nEMO")
    table = nemo.load(data_root / "nemo").groupby("speaker").sample(6, random_state=0)
    found = embed("voice-embedding", table[["file", "speaker"]])
    assert found.failures.empty
    values = found.values / np.linalg.norm(found.values, axis=1, keepdims=True)
    upper = np.triu_indices(len(values), 1)
    speakers = found.table["speaker"].to_numpy()
    same = np.equal.outer(speakers, speakers)[upper]
    assert roc_auc_score(same, (values @ values.T)[upper]) > 0.9
