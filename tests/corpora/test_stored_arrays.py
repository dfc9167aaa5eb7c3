import numpy as np
import pytest

from mien.core.errors import DataError
from mien.corpora.stored_arrays import read_arrays, read_parts


def read(root, **shapes):
    return read_arrays(root, "toy.npz", shapes=shapes, title="Toy")


def test_arrays_come_back_as_they_were_stored(tmp_path):
    np.savez(tmp_path / "toy.npz", a=np.arange(6.0).reshape(2, 3), b=np.array(["x"]), other=np.zeros(1))
    found = read(tmp_path, a=(None, 3), b=(1,))
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 4)), r"of shape \(2, 4\), expected \(any, 3\)"),
        (np.zeros(3), r"of shape \(3,\), expected \(any, 3\)"),
        (np.array([[0.0, 1.0, np.nan]]), "with NaN or infinite values"),
        (np.array([[0.0, 1.0, np.inf]]), "with NaN or infinite values"),
    ],
)
def test_an_array_that_is_not_the_corpus_own_is_refused(tmp_path, array, message):
    np.savez(tmp_path / "toy.npz", a=array)
    with pytest.raises(DataError, match=message):
        read(tmp_path, a=(None, 3))


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "toy.npz", a=np.zeros(1))
    with pytest.raises(DataError, match="Got no array `b`"):
        read(tmp_path, a=(1,), b=(1,))


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "toy.npz", a=np.array([{"code": "runs"}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path, a=(1,))


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "toy.npz").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match=r"toy\.npz`, which cannot be read"):
        read(tmp_path, a=(1,))


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"Got no `toy\.npz`.*expected the folder of Toy"):
        read(tmp_path / "absent", a=(1,))


def test_parts_come_in_the_order_of_the_split_and_have_the_rows_of_the_labels(tmp_path):
    np.savez(tmp_path / "toy.npz", x_dev=np.zeros((1, 3)), x_train=np.ones((2, 3)))
    options = {"key": "x", "splits": ("train", "dev"), "shape": (None, 3), "title": "Toy"}
    train, dev = read_parts(tmp_path, "toy.npz", rows=[2, 1], **options)
    assert (train.sum(), dev.sum()) == (6, 0)
    with pytest.raises(DataError, match=r"Got \[2, 1\] rows of `x_\*`.*expected \[2, 2\] as the labels have"):
        read_parts(tmp_path, "toy.npz", rows=[2, 2], **options)
