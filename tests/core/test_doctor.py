import pytest

from mien.core import doctor
from mien.core.optional import EXTRAS
from mien.core.weights import known_weights


@pytest.fixture(scope="module")
def rows():
    return doctor.report()


def test_every_row_has_the_same_fields(rows):
    for row in rows:
        assert list(row) == ["area", "name", "ok", "value", "note"]
        assert isinstance(row["ok"], bool)


def test_python_mien_and_the_base_packages_are_there(rows):
    found = {row["name"] for row in rows if row["ok"]}
    assert {"python", "mien", "processors", "numpy", "onnxruntime", "av", "libsndfile"} <= found


def test_every_extra_says_what_it_enables(rows):
    extras = {row["name"]: row for row in rows if row["area"] == "extra"}
    assert set(extras) == set(EXTRAS)
    for name, row in extras.items():
        assert row["note"].startswith(EXTRAS[name].enables)
        assert row["ok"] or "pip install" in row["note"]


def test_all_known_weights_are_looked_for(rows):
    weights = {row["name"]: row for row in rows if row["area"] == "weights"}
    assert set(weights) == set(known_weights())
    assert weights["silero-vad"]["ok"]


def test_weights_with_another_hash_are_reported_not_raised(monkeypatch, tmp_path):
    tampered = {"net": doctor.known_weights()["silero-vad"].__class__("net", (), ("0" * 64,), "MIT", "open")}
    monkeypatch.setattr(doctor, "known_weights", lambda: tampered)
    row = next(one for one in doctor.report() if one["name"] == "net")
    assert not row["ok"]
    assert "no usable weights" in row["note"]


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(doctor, "is_installed", lambda module: module != "torch")
    row = next(one for one in doctor.report() if one["name"] == "train")
    assert not row["ok"]
    assert row["value"] == "lacks torch"
    assert "pip install 'mien[train]'" in row["note"]
