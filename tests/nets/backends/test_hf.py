"""Foreign checkpoints: tiny ones, built here and saved as transformers saves them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import mien
from mien.core.errors import InputError, WeightsError
from mien.core.files import sha256_of
from mien.prediction.predictor import Predictor, load_predictor

torch = pytest.importorskip("torch", reason="needs the extra `train`")
transformers = pytest.importorskip("transformers", reason="needs the extra `train`")

RAVDESS_LABELS = ["angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised"]
RATE_HZ = 16000


def tiny_config(labels: list[str], **more: object) -> "transformers.Wav2Vec2Config":
    """Return a wav2vec 2.0 of about 20,000 weights."""
    return transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8),
        conv_stride=(160, 2),
        conv_kernel=(400, 2),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **more,
    )


def save(model: "transformers.PreTrainedModel", folder: Path, extractor: object = None) -> Path:
    """Save a checkpoint whose answers differ from clip to clip, with its feature extractor."""
    for weights in model.parameters():
        if weights.dim() > 1:
            # As initialized, tiny networks answer nearly the same to everything: no test would bite.
            torch.nn.init.normal_(weights, std=0.3)
    model.save_pretrained(folder)
    (extractor or transformers.Wav2Vec2FeatureExtractor(do_normalize=True)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = transformers.Wav2Vec2ForSequenceClassification(tiny_config(RAVDESS_LABELS))
    return save(model, tmp_path_factory.mktemp("hub") / "tiny-classes")


@pytest.fixture(scope="module")
def regressor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint in the published layout of dimensional speech models."""
    from mien.nets.pooled_speech import PooledSpeechModel

    torch.manual_seed(1)
    config = tiny_config(["arousal", "dominance", "valence"], problem_type="regression")
    folder = save(PooledSpeechModel(config), tmp_path_factory.mktemp("hub") / "tiny-dimensions")
    rewrite(folder, architectures=["Wav2Vec2ForSpeechClassification"], pooling_mode="mean")
    return folder


def rewrite(folder: Path, **changes: object) -> None:
    """Change fields of a checkpoint's config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def tones(lengths_s: list[float]) -> list[np.ndarray]:
    """Return noisy tones of these lengths."""
    generator = np.random.default_rng(3)
    clips = []
    for number, length_s in enumerate(lengths_s):
        t = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
        tone = 0.3 * np.sin(2 * np.pi * (150 + 40 * number) * t) + 0.02 * generator.standard_normal(len(t))
        clips.append(tone.astype(np.float32))
    return clips


def test_a_classifier_speaks_the_shared_categories(classifier: Path) -> None:
    predictor = load_predictor(f"hf:{classifier}")
    assert isinstance(predictor, Predictor)
    assert predictor.summary.categories == (
        "anger", "neutral", "disgust", "fear", "happiness", "sadness", "surprise"
    )  # fmt: skip
    assert predictor.summary.dimensions == ()


def test_probabilities_are_those_of_transformers_with_calm_added_to_neutral(classifier: Path) -> None:
    clips = tones([1.0, 2.3])
    outputs = load_predictor(f"hf:{classifier}").predict(clips)
    model = transformers.Wav2Vec2ForSequenceClassification.from_pretrained(classifier).eval()
    for row, clip in enumerate(clips):
        normal = (clip - clip.mean()) / np.sqrt(clip.var() + 1e-7)
        with torch.inference_mode():
            p = model(torch.tensor(normal)[None]).logits.softmax(-1)[0].double().numpy()
        expected = [p[0], p[1] + p[5], p[2], p[3], p[4], p[6], p[7]]
        np.testing.assert_allclose(outputs.p[row, 0], expected, atol=1e-5)
    assert outputs.p.shape == (2, 1, 7)


def test_a_clip_alone_gives_the_same_answer_as_in_a_batch(classifier: Path, regressor: Path) -> None:
    clips = tones([1.0, 0.6, 1.0, 3.0, 1.0])
    for folder in (classifier, regressor):
        predictor = load_predictor(f"hf:{folder}")
        together = predictor.predict(clips)
        for values in (together.p, *together.dimensions.values()):
            assert values.size == 0 or np.abs(values[0] - values[2]).max() > 1e-4
        for row, clip in enumerate(clips):
            alone = predictor.predict([clip])
            np.testing.assert_allclose(alone.p[0], together.p[row], atol=1e-5)
            for name, values in together.dimensions.items():
                np.testing.assert_allclose(alone.dimensions[name][0], values[row], atol=1e-5)


def test_a_regression_keeps_plain_dimension_names_and_has_no_categories(regressor: Path) -> None:
    predictor = load_predictor(f"hf:{regressor}")
    assert predictor.summary.categories == ()
    assert predictor.summary.dimensions == ("arousal", "dominance", "valence")
    outputs = predictor.predict(tones([1.0, 2.0]))
    assert outputs.p.shape == (2, 1, 0)
    assert {name: values.shape for name, values in outputs.dimensions.items()} == dict.fromkeys(
        ("arousal", "dominance", "valence"), (2, 1)
    )


def test_the_pooled_head_is_dense_tanh_dense_on_the_mean_of_the_encoder(regressor: Path) -> None:
    clip = tones([1.5])[0]
    values = load_predictor(f"hf:{regressor}").predict([clip]).dimensions
    from safetensors.torch import load_file

    weights = load_file(regressor / "model.safetensors")
    encoder = transformers.Wav2Vec2Model.from_pretrained(regressor).eval()
    normal = (clip - clip.mean()) / np.sqrt(clip.var() + 1e-7)
    with torch.inference_mode():
        pooled = encoder(torch.tensor(normal)[None]).last_hidden_state.mean(1)[0]
        hidden = torch.tanh(weights["classifier.dense.weight"] @ pooled + weights["classifier.dense.bias"])
        expected = weights["classifier.out_proj.weight"] @ hidden + weights["classifier.out_proj.bias"]
    found = [float(values[name][0, 0]) for name in ("arousal", "dominance", "valence")]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_a_plain_regression_checkpoint_is_told_by_its_problem_type(tmp_path: Path) -> None:
    config = tiny_config(["activation", "engagement"], problem_type="regression")
    folder = save(transformers.Wav2Vec2ForSequenceClassification(config), tmp_path / "plain")
    assert load_predictor(f"hf:{folder}").summary.dimensions == ("arousal", "engagement")


def test_a_label_that_nobody_knows_keeps_its_own_name(tmp_path: Path) -> None:
    config = tiny_config(["Boredom", "HAP"])
    folder = save(transformers.Wav2Vec2ForSequenceClassification(config), tmp_path / "own")
    assert load_predictor(f"hf:{folder}").summary.categories == ("boredom", "happiness")


def test_licence_shelf_hash_and_limits_say_only_what_is_known(classifier: Path, tmp_path: Path) -> None:
    summary = load_predictor(f"hf:{classifier}").summary
    assert (summary.licence, summary.shelf, summary.name) == ("unknown", "research", "hf:tiny-classes")
    assert summary.sha256 == sha256_of(classifier / "model.safetensors")
    assert any("epistemic doubt is 0 by construction" in limit for limit in summary.limits)
    with pytest.raises(WeightsError, match="research shelf"):
        load_predictor(f"hf:{classifier}", licence="open")
    (classifier / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# Card\n")
    assert load_predictor(f"hf:{classifier}").summary.licence == "apache-2.0"


def test_a_checkpoint_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    folder = save(transformers.Wav2Vec2Model(tiny_config(["angry", "sad"])), tmp_path / "encoder")
    with pytest.raises(WeightsError, match="no trained weights"):
        load_predictor(f"hf:{folder}")


def test_pickled_weights_are_refused(classifier: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for name in ("config.json", "preprocessor_config.json"):
        (folder / name).write_bytes((classifier / name).read_bytes())
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"no model\.safetensors"):
        load_predictor(f"hf:{folder}")


@pytest.mark.parametrize("left", [0, 4, 600, 20_000])
def test_weights_that_were_cut_off_are_refused_by_name(classifier: Path, tmp_path: Path, left: int) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(classifier, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:left])
    with pytest.raises(WeightsError, match=r"checkpoint `.*cut` that transformers cannot open"):
        load_predictor(f"hf:{folder}")


def test_a_multi_label_checkpoint_is_refused(tmp_path: Path) -> None:
    config = tiny_config(["angry", "sad"], problem_type="multi_label_classification")
    folder = save(transformers.Wav2Vec2ForSequenceClassification(config), tmp_path / "multi")
    with pytest.raises(WeightsError, match="multi-label"):
        load_predictor(f"hf:{folder}")


def test_a_hub_name_is_not_fetched_when_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match="MIEN_OFFLINE"):
        load_predictor("hf:nobody/no-such-checkpoint-of-mien")


def test_a_missing_folder_is_named_with_the_remedy() -> None:
    with pytest.raises(WeightsError, match="is no folder"):
        load_predictor("hf:./no/such/folder")


def test_a_clip_of_two_channels_is_refused_by_shape(classifier: Path) -> None:
    with pytest.raises(InputError, match=r"\(2, 100\)"):
        load_predictor(f"hf:{classifier}").predict([np.zeros((2, 100), dtype=np.float32)])


def test_a_very_short_clip_is_answered(classifier: Path) -> None:
    p = load_predictor(f"hf:{classifier}").predict([np.zeros(10, dtype=np.float32)]).p
    assert np.isfinite(p).all()


def test_analyze_tabulates_classes_of_a_real_clip(classifier: Path, data_root: Path) -> None:
    clip = sorted((data_root / "emodb").rglob("*.wav")) + sorted((data_root / "ravdess_speech").rglob("*.*"))
    audio = next(path for path in clip if path.suffix in (".wav", ".flac", ".mp3", ".ogg", ".opus"))
    table = mien.analyze(audio, model=f"hf:{classifier}", segments="whole").table
    assert len(table) == 1
    p = table.filter(like="p.").iloc[0]
    assert len(p) == 7
    assert p.sum() == pytest.approx(1.0, abs=1e-3)
    assert table["epistemic.category"].iloc[0] == 0.0
    assert table["model"].iloc[0] == "hf:tiny-classes"


def test_analyze_tabulates_dimensions_of_a_made_tone(regressor: Path, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tones([4.0])[0], RATE_HZ)
    table = mien.analyze(path, model=f"hf:{regressor}", segments="windows").table
    assert {"arousal", "dominance", "valence"} <= set(table.columns)
    assert not any(column.startswith("p.") or column.endswith(".derived") for column in table.columns)
    assert isinstance(table, pd.DataFrame)
    assert table[["arousal", "dominance", "valence"]].notna().all(axis=None)


def tiny_family(kind: str) -> tuple["transformers.PreTrainedModel", object]:
    """Return a tiny network of another family, with its feature extractor."""
    labels = {
        "id2label": {0: "angry", 1: "happy", 2: "neutral"},
        "label2id": {"angry": 0, "happy": 1, "neutral": 2},
    }
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    convolutions = {"conv_dim": (8, 8), "conv_stride": (160, 2), "conv_kernel": (400, 2)}
    position = {
        "num_conv_pos_embeddings": 4,
        "num_conv_pos_embedding_groups": 2,
        "num_feat_extract_layers": 2,
    }
    if kind in ("Hubert", "WavLM"):
        config = getattr(transformers, f"{kind}Config")(**small, **convolutions, **position, **labels)
        extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
        return getattr(transformers, f"{kind}ForSequenceClassification")(config), extractor
    if kind == "Whisper":
        layers = {"encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 16}
        rest = {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "vocab_size": 51865}
        config = transformers.WhisperConfig(**layers, **rest, classifier_proj_size=8, **labels)
        return transformers.WhisperForAudioClassification(config), transformers.WhisperFeatureExtractor()
    config = transformers.ASTConfig(**small, max_length=256, **labels)
    return transformers.ASTForAudioClassification(config), transformers.ASTFeatureExtractor(max_length=256)


@pytest.mark.parametrize("kind", ["Hubert", "WavLM", "Whisper", "AST"])
def test_other_families_answer_alike_alone_and_in_a_batch(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(2)
    model, extractor = tiny_family(kind)
    predictor = load_predictor(f"hf:{save(model, tmp_path / 'other', extractor)}")
    assert predictor.summary.categories == ("anger", "happiness", "neutral")
    clips = tones([1.0, 2.2, 1.0])
    together = predictor.predict(clips).p
    assert together.shape == (3, 1, 3)
    assert np.abs(together[0] - together[2]).max() > 1e-4
    for row, clip in enumerate(clips):
        np.testing.assert_allclose(predictor.predict([clip]).p[0], together[row], atol=1e-5)


def test_a_spectrogram_network_hears_no_more_than_its_length(tmp_path: Path) -> None:
    model, extractor = tiny_family("AST")
    folder = save(model, tmp_path / "ast", extractor)
    assert load_predictor(f"hf:{folder}").summary.max_duration_s == 2.56


def test_without_torch_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from mien.core.errors import MissingExtra\n"
        "from mien.prediction.predictor import load_predictor\n"
        "try:\n    load_predictor('hf:nobody/nothing')\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'mien[train]'" in done.stdout
