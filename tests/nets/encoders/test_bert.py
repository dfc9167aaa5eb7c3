import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    DistilBertConfig,
    MPNetConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from mien.core.errors import DataError, WeightsError
from mien.core.weights import resolve
from mien.nets.encoders.bert import MODEL_TYPES, Config, build, load

SENTENCES = ["We won the final!", "", "He slammed the door and left without a word to any of us."]
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
KINDS = {
    "bert": BertConfig(vocab_size=40, max_position_embeddings=32, **SIZES),
    "roberta": RobertaConfig(vocab_size=40, max_position_embeddings=34, **SIZES),
    "xlm-roberta": XLMRobertaConfig(vocab_size=40, max_position_embeddings=34, **SIZES),
    "mpnet": MPNetConfig(vocab_size=40, max_position_embeddings=34, **SIZES),
    "distilbert": DistilBertConfig(
        vocab_size=40, max_position_embeddings=32, dim=16, n_layers=2, n_heads=2, hidden_dim=32
    ),
}


@pytest.fixture(scope="module")
def minilm_file() -> Path:
    try:
        return resolve("minilm")
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def minilm(minilm_file):
    return load(minilm_file)


def test_mean_over_frames_equals_plain_transformers(minilm, minilm_file):
    tokenizer = AutoTokenizer.from_pretrained(minilm_file.parent)
    plain = AutoModel.from_pretrained(minilm_file.parent).eval()
    with torch.inference_mode():
        frames = minilm.encode(*minilm.tokenize(SENTENCES))
        for row, sentence in enumerate(SENTENCES):
            wanted = plain(**tokenizer(sentence, return_tensors="pt")).last_hidden_state[0].mean(0)
            got = frames.values[row][frames.valid[row]].mean(0)
            assert (got - wanted).abs().max() <= 1e-5


def test_the_sentences_nearest_label_is_what_it_says(minilm):
    labels = ["joy", "anger", "sadness", "fear", "surprise", "disgust", "love"]
    told = {
        "We won the final and danced all night!": "joy",
        "My grandmother died yesterday and I cannot stop crying.": "sadness",
        "Someone is outside the door and I am afraid to move.": "fear",
        "The sandwich was covered in mould and smelled vile.": "disgust",
        "I never expected them to jump out and shout my name!": "surprise",
    }
    texts = [*told, *(f"This text expresses {label}." for label in labels)]
    with torch.inference_mode():
        frames = minilm.encode(*minilm.tokenize(texts))
    means = [values[real].mean(0) for values, real in zip(frames.values, frames.valid, strict=True)]
    unit = torch.nn.functional.normalize(torch.stack(means), dim=1)
    nearest = (unit[: len(told)] @ unit[len(told) :].T).argmax(1)
    assert [labels[number] for number in nearest] == list(told.values())


def test_minilm_reads_as_many_word_pieces_as_its_authors_say(minilm):
    assert minilm.longest == 256
    ids, valid = minilm.tokenize(["word " * 1000, "word"])
    assert ids.shape == (2, 256)
    assert valid.sum(1).tolist() == [256, 3]


def test_its_known_hash_guards_the_file_that_is_read(minilm_file):
    assert minilm_file.name == "model.safetensors"
    assert json.loads((minilm_file.parent / "config.json").read_text())["model_type"] == "bert"


@pytest.mark.parametrize("kind", MODEL_TYPES)
def test_each_kind_is_opened_from_a_folder_and_masks_its_padding(kind, minilm_file, tmp_path):
    torch.manual_seed(0)
    AutoModel.from_config(KINDS[kind]).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((minilm_file.parent / name).read_bytes())
    net = load(tmp_path)
    assert (net.width, net.layer_count, net.longest) == (16, 3, 32)
    ids = torch.randint(5, 40, (3, 32))
    valid = torch.arange(32) < torch.tensor([32, 4, 17])[:, None]
    with torch.inference_mode():
        together = net.encode(ids, valid)
        for row, length in enumerate((32, 4, 17)):
            alone = net.encode(ids[row : row + 1, :length], valid[row : row + 1, :length])
            assert (alone.values[0] - together.values[row, :length]).abs().max() <= 1e-5


def test_without_a_checkpoint_texts_are_read_as_bytes():
    net = build(Config(width=8, layers=1, inner=8, longest=8))
    ids, valid = net.tokenize(["aß", "", "longer than this"])
    assert ids[0][valid[0]].tolist() == [1, 3 + 97, 3 + 0xC3, 3 + 0x9F, 2]
    assert valid.sum(1).tolist() == [5, 2, 8]


def test_inputs_that_do_not_fit_say_what_is_wanted():
    net = build(Config(width=8, layers=1, inner=8, longest=8))
    real = torch.ones(1, 9, dtype=torch.bool)
    with pytest.raises(DataError, match="Got 9 word pieces, expected at most 8"):
        net.encode(torch.ones(1, 9, dtype=torch.long), real)
    with pytest.raises(DataError, match=r"Got ids \(1, 3\) and valid \(1, 9\)"):
        net.encode(torch.ones(1, 3, dtype=torch.long), real)
    with pytest.raises(DataError, match="without word pieces"):
        net.encode(torch.ones(1, 3, dtype=torch.long), torch.zeros(1, 3, dtype=torch.bool))
    with pytest.raises(DataError, match="Got no texts"):
        net.tokenize([])


def test_a_folder_that_lacks_a_part_is_refused(minilm_file, tmp_path):
    with pytest.raises(WeightsError, match=r"Got no model\.safetensors"):
        load(tmp_path)
    AutoModel.from_config(KINDS["bert"]).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="Got no readable tokenizer"):
        load(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((minilm_file.parent / name).read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(WeightsError, match=r"Got no trained weights for \d+ parts"):
        load(tmp_path)


def test_layers_differ_from_each_other(minilm):
    with torch.inference_mode():
        layers = minilm.encode_layers(*minilm.tokenize(SENTENCES[:1]))
    assert len(layers) == minilm.layer_count == 7
    assert np.unique([float(layer.values.abs().mean()) for layer in layers]).size == 7
