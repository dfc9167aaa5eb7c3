"""Saved codebooks give the same bags; a file that is none is refused."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, InputError
from mien.features.bags import Bags, Terms, Weighting, Words


def tables(seed=0):
    generator = np.random.default_rng(seed)
    voice = pd.DataFrame(generator.normal(size=(90, 3)), columns=["f0", "loudness", "hnr"])
    voice.insert(0, "segment", np.repeat(["a", "b", "c"], 30))
    voice.insert(1, "start", np.tile(0.01 * np.arange(30), 3))
    text = pd.DataFrame({"segment": ["a", "b", "c"], "start": 0.0, "text": ["ja ja", "nein", "jein Käse"]})
    return [voice, text]


def bags():
    return Bags(
        [
            Words(size=7, assign=2, gaussian=1.5),
            Words("pca", ("f0", "hnr"), size=4, components=3, context=2),
            Terms(),
        ],
        weighting=Weighting(log=True, idf=True, norm="length"),
        window_s=0.1,
        hop_s=0.05,
        seed=3,
    )


def test_loaded_codebooks_give_the_same_bags(tmp_path):
    made = bags().fit(tables())
    made.save(tmp_path / "book.npz")
    loaded = Bags.load(tmp_path / "book.npz")
    pd.testing.assert_frame_equal(made.transform(tables(1)), loaded.transform(tables(1)))
    loaded.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "book.npz").read_bytes()


def test_what_is_saved_needs_no_pickle(tmp_path):
    bags().fit(tables()).save(tmp_path / "book.npz")
    with np.load(tmp_path / "book.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fU" for name in stored.files)


def test_nothing_learned_and_another_suffix_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="call `fit`"):
        Bags().save(tmp_path / "book.npz")
    with pytest.raises(ConfigError, match=r"ending in \.npz"):
        bags().fit(tables()).save(tmp_path / "book.json")


def without(name):
    def change(arrays):
        del arrays[name]

    return change


def of_version_9(arrays):
    arrays["about"] = np.array(str(arrays["about"]).replace('"bags": 1', '"bags": 9'))


def narrowed(arrays):
    arrays["0.words"] = arrays["0.words"][:, :2]


def shortened(arrays):
    arrays["rarities"] = arrays["rarities"][:3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("about"), "expected codebooks"),
        (without("1.offset"), "expected codebooks"),
        (of_version_9, "version 9"),
        (narrowed, "do not fit its columns"),
        (shortened, "rarities do not fit"),
    ],
)
def test_damaged_files_are_refused(tmp_path, change, message):
    bags().fit(tables()).save(tmp_path / "book.npz")
    with np.load(tmp_path / "book.npz") as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(InputError, match=message):
        Bags.load(tmp_path / "bad.npz")


def test_files_of_another_kind_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("text.npz", "empty.npz"):
        with pytest.raises(InputError, match="expected codebooks"):
            Bags.load(tmp_path / name)
    with pytest.raises(InputError, match="does not exist"):
        Bags.load(tmp_path / "none.npz")
