import gzip

import numpy as np
import pytest
from gensim.models import KeyedVectors

from mien.core.errors import DataError, InputError
from mien.features.text.vector_table import VectorTable, read_vectors

WORDS = ["the", ",", "naïve", "😂"]
VALUES = np.arange(8, dtype=np.float32).reshape(4, 2) / 8
TABLE = VectorTable(WORDS, VALUES)


def check(found):
    assert found.words == tuple(WORDS)
    np.testing.assert_array_equal(found.values, VALUES)


def test_arrays_that_were_saved_are_read_again(tmp_path):
    TABLE.save(tmp_path / "v.npz")
    check(read_vectors(tmp_path / "v.npz"))


@pytest.mark.parametrize(("name", "binary"), [("v.txt", False), ("v.vec", False), ("v.bin", True)])
def test_files_that_gensim_writes_are_read(tmp_path, name, binary):
    vectors = KeyedVectors(2)
    vectors.add_vectors(WORDS, VALUES)
    vectors.save_word2vec_format(str(tmp_path / name), binary=binary)
    check(read_vectors(tmp_path / name))


def test_files_without_a_header_are_read_as_glove_writes_them(tmp_path):
    lines = "".join(f"{word} {a} {b}\n" for word, (a, b) in zip(WORDS, VALUES, strict=True))
    (tmp_path / "v.txt").write_text(lines, encoding="utf-8")
    check(read_vectors(tmp_path / "v.txt"))
    with gzip.open(tmp_path / "v.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write(lines)
    check(read_vectors(tmp_path / "v.txt.gz"))


def test_of_a_word_that_occurs_twice_the_first_row_counts():
    assert VectorTable(["a", "b", "a"], np.eye(3)).rows(["a", "a", "c"]) == [0, 0]


def test_what_is_no_table_is_refused():
    with pytest.raises(DataError, match="2 words and vectors of shape"):
        VectorTable(["a", "b"], [[1.0]])
    with pytest.raises(DataError, match="shape \\(0,\\)"):
        VectorTable([], [])
    with pytest.raises(DataError, match="vector of `b` that is not finite"):
        VectorTable(["a", "b"], [[1.0], [np.nan]])


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.npz", "v.vec.gz"])
@pytest.mark.parametrize("content", [b"", b"no vectors at all\nhere", b"\x00\xff" * 40])
def test_files_that_hold_something_else_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as word vectors"):
        read_vectors(tmp_path / name)


def test_other_endings_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected word vectors in \.npz"):
        read_vectors("model.kv")
    with pytest.raises(InputError, match="check the path"):
        read_vectors(tmp_path / "absent.txt")
    with pytest.raises(InputError, match=r"ends in \.npz"):
        TABLE.save(tmp_path / "v.txt")
