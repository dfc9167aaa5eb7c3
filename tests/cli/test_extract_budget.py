"""`mien extract … --budget-rtf`: a set chosen by what it tells, told, stored and applied."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.cli.extract_budget import Asked, columns_within
from mien.core.errors import ConfigError, InputError
from mien.features.extraction import extract_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write recordings of which the loud ones are glad, a row without a label each, and their table."""
    folder, time_s, rows = tmp_path_factory.mktemp("labelled"), np.arange(6400) / 16000, []
    for speaker, hz in zip("abcd", (110, 150, 190, 230), strict=True):
        for number, (label, level) in enumerate((("glad", 0.3), ("calm", 0.03), ("glad", 0.25), ("", 0.1))):
            name = f"{speaker}{number}.wav"
            soundfile.write(folder / name, level * np.sin(2 * np.pi * hz * time_s), 16000)
            rows.append({"file": name, "emotion": label, "speaker": speaker})
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def asked(folder):
    return Asked("egemaps", [folder / "rows.csv"], 1.0, target="emotion")


def ask(asked, out, *, named=False):
    return columns_within(asked, out, named=named, overwrite=False, quiet=True)


def test_a_set_is_chosen_told_stored_and_applied(mien, folder, asked, tmp_path):
    budget = ("--budget-rtf", 1, "--target", "emotion")
    done = mien("extract", "egemaps", folder / "rows.csv", *budget, "--out", "x.csv")
    assert done.returncode == 0, done.stderr
    assert "unweighted average recall (0.500 by chance)" in done.stdout
    assert "speaker-kfold, 4 folds, n = 12 of 4 speakers; intervals over speakers" in done.stdout
    assert "measured together on one core: 0." in done.stdout
    table = pd.read_csv(tmp_path / "x.csv")
    chosen = json.loads((tmp_path / "x.choice.json").read_text())
    assert list(table.columns[4:]) == chosen["columns"]
    assert len(table) == 16
    assert len(chosen["columns"]) < 88
    assert all(step["low"] <= step["score"] <= step["high"] for step in chosen["steps"])
    whole = extract_table("egemaps", folder / "rows.csv")[list(table.columns)]
    np.testing.assert_allclose(table.iloc[:, 4:], whole.iloc[:, 4:], rtol=1e-6)
    # its costs lead to the same choice again
    ask(replace(asked, costs=tmp_path / "x.choice.json"), tmp_path / "y.csv")
    again = json.loads((tmp_path / "y.choice.json").read_text())
    for name in ("steps", "frontier", "costs", "columns"):
        assert again[name] == chosen[name]
    applied = replace(asked, budget_rtf=None, target=None, choice=tmp_path / "x.choice.json")
    assert ask(applied, tmp_path / "z.csv") == tuple(chosen["columns"])
    new = mien("extract", "egemaps", folder / "a0.wav", "--choice", "x.choice.json", "--out", "z.csv")
    assert new.returncode == 0, new.stderr
    assert pd.read_csv(tmp_path / "z.csv").columns.tolist() == table.columns.tolist()


def test_rows_are_segments_where_a_table_has_times(folder, asked, tmp_path):
    table = pd.read_csv(folder / "rows.csv").assign(start=0.1, end=0.35)
    path = folder / "times.csv"
    table.to_csv(path, index=False)
    assert ask(replace(asked, paths=[path]), tmp_path / "x.csv")
    assert json.loads((tmp_path / "x.choice.json").read_text())["score"]["rows"] == 12


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": None}, "--target None, expected one table of labelled recordings"),
        ({"paths": []}, "Got --budget-rtf with 0 tables"),
        ({"target": "mood"}, "Got no `mood` in"),
        ({"budget_rtf": 1e-9}, "which the cheapest takes, "),
        ({"budget_rtf": None}, "without --budget-rtf"),
        ({"name": "nothing"}, "nothing"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(asked, tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        ask(replace(asked, **changes), tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())


def test_other_ways_to_name_columns_are_refused_beside_it(asked, tmp_path):
    for one, named in ((asked, True), (replace(asked, choice=tmp_path / "c.json"), False)):
        with pytest.raises(ConfigError, match="beside other ways to name columns"):
            ask(one, tmp_path / "x.csv", named=named)


def test_without_labels_or_speakers_nothing_can_be_chosen(folder, asked, tmp_path):
    for column in ("emotion", "speaker"):
        path = folder / "bare.csv"
        pd.read_csv(folder / "rows.csv").assign(**{column: None}).to_csv(path, index=False)
        with pytest.raises(ConfigError, match=f"Got no `{column}` in .*, expected labels and who speaks"):
            ask(replace(asked, paths=[path]), tmp_path / "x.csv")


def test_recordings_that_cannot_be_read_are_named(folder, asked, tmp_path):
    path = folder / "broken.csv"
    (folder / "empty.wav").write_bytes(b"")
    pd.read_csv(folder / "rows.csv").assign(file="empty.wav").to_csv(path, index=False)
    with pytest.raises(InputError, match=r"Got no labelled recording that can be read.*empty\.wav"):
        ask(replace(asked, paths=[path]), tmp_path / "x.csv")


def test_a_table_that_exists_is_refused_before_any_work(asked, tmp_path):
    (tmp_path / "x.csv").write_text("kept")
    with pytest.raises(ConfigError, match="replace it by --overwrite"):
        ask(asked, tmp_path / "x.csv")
