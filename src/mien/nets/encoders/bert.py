"""Words in, one vector per word piece out: BERT and its kin, also as sentence encoders."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig

from mien.core.errors import DataError, WeightsError
from mien.core.settings import Settings
from mien.nets.frames import Frames
from mien.nets.hub import first_line, quiet

CARD = {
    "title": "BERT and its kin: a transformer that reads a whole text at once",
    "paper": "J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, BERT, NAACL 2019; sentence encoders: N. Reimers, "
    "I. Gurevych, Sentence-BERT, EMNLP 2019; MiniLM: W. Wang et al., NeurIPS 2020",
    "year": 2019,
    "inputs": "texts",
    "outputs": "one vector per word piece",
    "variants": {
        "small": {"config": {}, "parameters": 495744},
        "tiny": {"config": {"width": 16, "layers": 2, "heads": 2, "inner": 32}, "parameters": 16848},
    },
    "padding": "masked",
    "weights": {"minilm": "minilm"},
    "departures": "networks and tokenizers of transformers; without a checkpoint, texts are cut into bytes; "
    "the pooling and norm of a sentence encoder are left to whoever uses the frames",
}

MODEL_TYPES = ("bert", "roberta", "distilbert", "xlm-roberta", "mpnet")
"""Kinds of checkpoint that are read; they differ in parts that `transformers` knows."""

_VOCABULARIES = ("tokenizer.json", "vocab*", "*.model")
_PAD, _START, _STOP, _FIRST_BYTE = 0, 1, 2, 3
# Sentence encoders are trained without it, so many checkpoints leave it out; it is never used here.
_NEVER_NEEDED = ("pooler.dense.weight", "pooler.dense.bias")


class Config(Settings):
    """Sizes of a network without a checkpoint, which reads bytes."""

    width: int = Field(128, ge=2, description="values per word piece")
    layers: int = Field(2, ge=1, description="transformer layers")
    heads: int = Field(2, ge=1, description="attention heads; a divisor of the width")
    inner: int = Field(512, ge=1, description="width inside the feed-forward parts")
    longest: int = Field(512, ge=8, description="most word pieces of a text")


class Bytes:
    """Cut texts into the bytes of UTF-8, between a start and a stop mark."""

    def __call__(self, texts: Sequence[str], *, max_length: int, **_: Any) -> dict[str, list[list[int]]]:
        """Return `input_ids` of each text, as a tokenizer of `transformers` does."""
        rows = [[_FIRST_BYTE + byte for byte in text.encode()][: max_length - 2] for text in texts]
        return {"input_ids": [[_START, *row, _STOP] for row in rows]}


class Bert(nn.Module):
    """Read texts of up to `longest` word pieces.

    Use the mean over word pieces of the last layer with a sentence encoder such as `minilm`; of a plain
    BERT, learn the mix of layers.

    Args:
        net: an encoder of `transformers`.
        tokenizer: its tokenizer.
        longest: most word pieces of a text, start and stop marks included.
    """

    modality = "words"
    frame_rate_hz = 0.0

    def __init__(self, net: Any, tokenizer: Any, longest: int) -> None:
        super().__init__()
        # The pooler takes no part in frames: weights that no gradient reaches.
        net.pooler = None
        self.net, self.longest = net, longest
        self._tokenizer = tokenizer
        self._pad = int(net.config.pad_token_id or 0)
        self.width = int(net.config.hidden_size)
        self.layer_count = int(net.config.num_hidden_layers) + 1

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return the word pieces of texts; a text of more than `longest` is cut off there.

        Args:
            texts: one or more; an empty text has its marks alone.

        Returns:
            int64 ids `(B, T)` and valid `(B, T)` bool.

        Raises:
            DataError: no text at all.
        """
        if not texts:
            raise DataError("Got no texts, expected at least one; pass some.")
        rows = self._tokenizer(list(texts), truncation=True, max_length=self.longest)["input_ids"]
        ids = torch.full((len(rows), max(len(row) for row in rows)), self._pad)
        valid = torch.zeros(ids.shape, dtype=torch.bool)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
            valid[number, : len(row)] = True
        return ids, valid

    def encode(self, x: Tensor, valid: Tensor) -> Frames:
        """Return one vector per word piece, of the last layer.

        Args:
            x: int64 ids `(B, T)`, as `tokenize` gives them.
            valid: `(B, T)` bool, True = real.

        Raises:
            DataError: shapes that differ, a text without word pieces, or one that is too long.
        """
        return Frames(self._run(x, valid, every_layer=False).last_hidden_state, valid, 0.0)

    def encode_layers(self, x: Tensor, valid: Tensor) -> tuple[Frames, ...]:
        """Return one vector per word piece, of the embedding and of each layer.

        Args:
            x: int64 ids `(B, T)`, as `tokenize` gives them.
            valid: `(B, T)` bool, True = real.

        Raises:
            DataError: shapes that differ, a text without word pieces, or one that is too long.
        """
        layers = self._run(x, valid, every_layer=True).hidden_states
        return tuple(Frames(values, valid, 0.0) for values in layers)

    def _run(self, x: Tensor, valid: Tensor, *, every_layer: bool) -> Any:
        self._check(x, valid)
        # some kinds number the positions by the ids that are not padding
        ids = x.masked_fill(~valid, self._pad)
        return self.net(input_ids=ids, attention_mask=valid.long(), output_hidden_states=every_layer)

    def _check(self, x: Tensor, valid: Tensor) -> None:
        if x.ndim != 2 or x.shape != valid.shape:
            raise DataError(
                f"Got ids {tuple(x.shape)} and valid {tuple(valid.shape)}, expected both as "
                "(texts, word pieces); take them from tokenize."
            )
        if x.shape[1] > self.longest:
            raise DataError(
                f"Got {x.shape[1]} word pieces, expected at most {self.longest}; cut the text, or take the "
                "ids from tokenize."
            )
        if not bool(valid.any(dim=1).all()):
            raise DataError("Got a text without word pieces, expected at least one; leave it out.")


def build(config: Config) -> Bert:
    """Return a network with random weights that reads bytes."""
    sizes = BertConfig(
        vocab_size=_FIRST_BYTE + 256,
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.inner,
        max_position_embeddings=config.longest,
        pad_token_id=_PAD,
    )
    return Bert(AutoModel.from_config(sizes), Bytes(), config.longest)


def load(path: Path) -> Bert:
    """Open a checkpoint with its tokenizer.

    Args:
        path: a folder with config.json, model.safetensors and tokenizer files, or the model.safetensors in
            it.

    Raises:
        WeightsError: no safetensors, no tokenizer, or a part of the network without trained weights.
    """
    folder = path if path.is_dir() else path.parent
    if not any(folder.glob("model*.safetensors")):
        raise WeightsError(
            f"Got no model.safetensors in `{folder}`, expected one; mien reads no pickled weights: save the "
            "checkpoint again with safetensors."
        )
    with quiet():
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        net, found = AutoModel.from_pretrained(
            folder, config=config, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
        tokenizer = _open_tokenizer(folder)
    missing = [key for key in sorted(found["missing_keys"]) if not key.endswith(_NEVER_NEEDED)]
    missing += [str(key[0]) for key in sorted(found["mismatched_keys"])]
    if missing:
        raise WeightsError(
            f"Got no trained weights for {len(missing)} parts of `{folder}` ({missing[0]}, …), expected all; "
            "fetch or save the checkpoint again."
        )
    return Bert(net, tokenizer, _longest(folder, config, tokenizer)).eval()


def _open_tokenizer(folder: Path) -> Any:
    """Open the tokenizer; without its vocabulary, transformers would make an empty one and say nothing."""
    reason = "no vocabulary"
    if any(path for pattern in _VOCABULARIES for path in folder.glob(pattern)):
        try:
            return AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
            reason = first_line(error)
    raise WeightsError(
        f"Got no readable tokenizer in `{folder}` ({reason}), expected tokenizer.json or a vocabulary beside "
        "the weights; fetch the whole checkpoint."
    )


def _longest(folder: Path, config: Any, tokenizer: Any) -> int:
    """Return how many word pieces a text may have: the least that any part of the checkpoint allows."""
    # These kinds number positions from behind the padding's own.
    taken = config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "mpnet") else 0
    limits = [int(config.max_position_embeddings) - taken, int(tokenizer.model_max_length)]
    sentences = folder / "sentence_bert_config.json"
    if sentences.is_file():
        limits.append(json.loads(sentences.read_text(encoding="utf-8")).get("max_seq_length") or limits[0])
    return min(limits)
