import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from mien.core.errors import ConfigError, DataError, InputError
from mien.features.text.vector_table import VectorTable
from mien.features.text.word_vectors import WordVectors

TABLE = VectorTable(["good", "bad", "!"], [[1, 0], [0, 1], [4, 4]])
TALK = [
    "the cat sat on the mat",
    "the dog sat on the rug",
    "a cat and a dog",
    "stocks fell",
    "stocks rose",
] * 40


def test_a_text_is_the_mean_of_its_known_words():
    found = WordVectors(TABLE).fit(["x"]).transform(["Good, bad unheard", "good good !", "unheard", ""])
    assert found.tolist() == [[0.5, 0.5], [2.0, pytest.approx(4 / 3)], [0, 0], [0, 0]]
    assert found.dtype == np.float32


def test_what_is_unknown_is_counted_and_marked():
    found = WordVectors(TABLE).fit(["x"]).coverage(["good, bad unheard", "unheard", ""])
    assert found["words"].tolist() == [4, 1, 0]
    assert found["known"].tolist() == [2, 0, 0]
    assert found["share"].tolist() == [0.5, 0, 0]
    assert found["nothing_known"].tolist() == [False, True, True]


def test_a_file_gives_the_same_as_the_table(tmp_path):
    TABLE.save(tmp_path / "v.npz")
    texts = ["good bad bad"]
    np.testing.assert_array_equal(
        WordVectors(tmp_path / "v.npz").fit(texts).transform(texts),
        WordVectors(TABLE).fit(texts).transform(texts),
    )


def test_words_of_like_neighbours_get_like_vectors():
    reader = WordVectors(width=20, epochs=40).fit(TALK)
    cat, dog, stocks = reader.transform(["cat", "dog", "stocks"])

    def cosine(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert cosine(cat, dog) > cosine(cat, stocks) + 0.05


def test_words_of_the_test_texts_are_never_learned():
    reader = WordVectors(width=5, epochs=1).fit(["good dog"])
    assert set(reader.table_.words) == {"good", "dog"}
    assert reader.coverage(["new words"])["nothing_known"].all()


def test_the_same_seed_gives_the_same_vectors_in_another_process():
    code = (
        "from mien.features.text.word_vectors import WordVectors; import numpy as np;"
        f"r = WordVectors(width=8, epochs=3).fit({TALK!r}); print(r.transform(['cat dog']).tobytes().hex())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = WordVectors(width=8, epochs=3).fit(TALK).transform(["cat dog"]).tobytes().hex()
    assert there.stdout == here + "\n"
    assert WordVectors(width=8, epochs=3, seed=1).fit(TALK).transform(["cat dog"]).tobytes().hex() != here


def test_a_clone_shares_the_table_and_not_what_was_learned():
    reader = WordVectors(TABLE).fit(["x"])
    again = clone(reader)
    assert again.vectors is TABLE
    with pytest.raises(ConfigError, match="call `fit`"):
        again.transform(["x"])


def test_options_and_texts_from_which_nothing_can_be_learned_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="width=0"):
        WordVectors(width=0).fit(["a"])
    with pytest.raises(DataError, match="no word that occurs 1 times in 2 texts"):
        WordVectors().fit(["", " "])
    with pytest.raises(DataError, match="no word that occurs 3 times"):
        WordVectors(least=3).fit(["a b"])
    with pytest.raises(InputError, match="check the path"):
        WordVectors(tmp_path / "absent.npz").fit(["a"])
