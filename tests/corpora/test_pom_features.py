import numpy as np
import pytest

from mien.core.errors import DataError
from mien.corpora import pom_features


@pytest.fixture(scope="module")
def root(data_root):
    return data_root / "pom_features"


@pytest.fixture(scope="module")
def table(root):
    return pom_features.load(root)


@pytest.fixture(scope="module")
def stored(root):
    with np.load(root / "pom_av.npz") as arrays:
        return dict(arrays)


def test_parts_are_those_of_its_read_me(table):
    assert table["split"].value_counts().to_dict() == {"train": 600, "test": 203, "dev": 100}
    assert len([name for name in table if name.startswith("trait_")]) == 17


def test_rows_of_features_are_those_of_the_table(root, table, stored):
    found = pom_features.features(root)
    assert {name: one.shape for name, one in found.items()} == {
        "voice": (903, 20, 43),
        "face": (903, 20, 41),
    }
    for split in ("train", "dev", "test"):
        rows = (table["split"] == split).to_numpy()
        np.testing.assert_array_equal(found["voice"][rows], stored[f"audio_{split}"])
        np.testing.assert_array_equal(found["face"][rows], stored[f"video_{split}"])
        np.testing.assert_array_equal(
            table.loc[rows, list(pom_features.TRAITS)], stored[f"y_{split}"].astype(np.float64)
        )


def test_more_than_half_of_the_faces_are_empty_as_its_card_warns(root):
    empty = (pom_features.features(root)["face"] == 0).all(axis=(1, 2))
    assert empty.sum() == 486
    assert any("486 of the 903" in trap for trap in pom_features.CARD["traps"])


def test_one_mean_is_off_the_scale_as_its_card_warns(table):
    traits = table.set_index("segment")[list(pom_features.TRAITS)]
    off = traits.stack()[lambda values: (values < 1) | (values > 7)]
    assert off.index.tolist() == [("pom_features/test-117", "trait_8")]
    assert off.iloc[0] == pytest.approx(0.667, abs=0.001)
    assert any("off the scale: 0.67 for trait_8" in trap for trap in pom_features.CARD["traps"])


def test_arrays_with_other_rows_than_the_ratings_are_refused(tmp_path, stored):
    np.savez(tmp_path / "pom_av.npz", **stored | {"audio_dev": stored["audio_dev"][1:]})
    with pytest.raises(
        DataError, match=r"Got \[600, 99, 203\] rows of `audio_\*`.*expected \[600, 100, 203\]"
    ):
        pom_features.features(tmp_path)


def test_another_number_of_traits_is_refused(tmp_path, stored):
    np.savez(tmp_path / "pom_av.npz", **stored | {"y_dev": stored["y_dev"][:, 1:]})
    with pytest.raises(DataError, match=r"`y_dev`.* of shape \(100, 16\), expected \(any, 17\)"):
        pom_features.load(tmp_path)
