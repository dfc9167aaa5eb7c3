"""Lay mien's descriptors beside openSMILE's, number by number: goals Q1, Q2 and Q3.

Usage: python scripts/parity.py DATA REFERENCE [--every 6]

DATA holds one folder per corpus; REFERENCE is a Python in which openSMILE is installed (`make parity` makes
one). Frames are compared on every so many clips of EmoDB, RAVDESS, nEMO and Urdu, functionals on the same; a
linear support vector machine is trained on both sides' functionals of whole corpora. Written:
`docs/results/parity/<set>.md` and `.csv`.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from parity_report import write_report
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mien.core.registry import find

CORPORA = ("emodb", "ravdess-speech", "nemo", "urdu")
FOLDS = {"emodb": 10, "ravdess-speech": 8, "nemo": 9}
PITCH = {"egemaps": "F0semitoneFrom27.5Hz_sma3nz", "compare": "F0final_sma"}
VOICED = ("F0", "jitter", "shimmer", "HNR", "logHNR", "logRelF0", "F1", "F2", "F3")
"""Descriptors that are compared where both find voice."""


def main(data: Path, reference: Path, every: int) -> None:
    """Compare and write."""
    tables = {name: find("corpora", name).load(data / name.replace("-", "_")) for name in CORPORA}
    few = pd.concat([table.iloc[::every] for table in tables.values()], ignore_index=True)
    for name in PITCH:
        files = list(few["file"])
        theirs, version = describe_by_opensmile(name, files, reference)
        ours = describe_by_mien(name, files, *find("features", name).CARD["levels"])
        rows = pd.concat([compare_level(name, level, ours, theirs) for level in ours[0]], ignore_index=True)
        scores = [judge(name, one, tables[one], reference) for one in FOLDS] if name == "egemaps" else []
        write_report(name, rows, scores, facts={"clips": len(few), "opensmile": version, "every": every})


def describe_by_opensmile(
    name: str, files: list[str], reference: Path, *options: str
) -> tuple[list[dict], str]:
    """Return what openSMILE says of each file, and its version."""
    levels = find("features", name).CARD["levels"]
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder, "list.json"), Path(folder, "found.npz")
        listed.write_text(json.dumps([str(file) for file in files]))
        script = Path(__file__).with_name("opensmile_reference.py")
        subprocess.run([reference, script, name, listed, out, *options], check=True)
        found = np.load(out)
        wanted = ["functionals"] if options else list(levels)
        for level in wanted:
            if tuple(found[f"names.{level}"]) != levels[level]:
                raise SystemExit(f"Got other columns of openSMILE for {level} than mien has; see both.")
        clips = [{level: found[f"{number}.{level}"] for level in wanted} for number in range(len(files))]
        return clips, str(found["version"])


def describe_by_mien(name: str, files: list[str], *levels: str) -> list[dict]:
    """Return what mien says of each file, at some levels."""
    component, found = find("features", name), []
    for file in files:
        # read as openSMILE's side reads it: mien's own reader would take away a constant offset
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        clip = {}
        for level in levels:
            values = component.extract([samples.mean(axis=1)], rate_hz=rate_hz, level=level).values
            clip[level] = values[0] if level == "functionals" else values
        found.append(clip)
    return found


def compare_level(name: str, level: str, ours: list[dict], theirs: list[dict]) -> pd.DataFrame:
    """Return a row per column of a level: share of values within 1e-3, correlation, median error."""
    columns = find("features", name).CARD["levels"][level]
    left, right = [one[level] for one in ours], [one[level] for one in theirs]
    if [one.shape for one in left] != [one.shape for one in right]:
        raise SystemExit(f"Got other numbers of rows of {level} than openSMILE has, expected the same.")
    whole = np.stack if level == "functionals" else np.concatenate
    left, right = whole(left), whole(right)
    kept = np.ones(len(left), dtype=bool)
    rows = []
    if level == "lld":
        pitch = columns.index(PITCH[name])
        heard = (left[:, pitch] > 0, right[:, pitch] > 0)
        kept = heard[0] & heard[1]
        agree = float(np.mean(heard[0] == heard[1]))
        rows.append({"level": level, "name": "voiced or not", "values": len(left), "within": agree})
    for column, one in enumerate(columns):
        among = kept if level == "lld" and one.startswith(VOICED) else np.ones(len(left), dtype=bool)
        facts = {"level": level, "name": one, "values": int(among.sum())}
        rows.append(facts | errors(left[among, column], right[among, column]))
    return pd.DataFrame(rows)


def errors(left: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Return how two columns differ; an error is relative to the value, or to 1/1000 of the largest."""
    left, right = left.astype(float), right.astype(float)
    relative = np.abs(left - right) / np.maximum(np.abs(right), 1e-3 * np.abs(right).max() + 1e-12)
    same = np.ptp(left) == 0 or np.ptp(right) == 0
    return {
        "within": float(np.mean(relative <= 1e-3)),
        "r": float(relative.max() <= 1e-3) if same else float(np.corrcoef(left, right)[0, 1]),
        "median": float(np.median(relative)),
    }


def judge(name: str, corpus: str, table: pd.DataFrame, reference: Path) -> dict[str, object]:
    """Return the unweighted average recall of one linear machine on both sides' functionals."""
    table = table[table["category"].notna()]
    files = list(table["file"])
    theirs, _ = describe_by_opensmile(name, files, reference, "--functionals")
    ours = describe_by_mien(name, files, "functionals")
    found: dict[str, object] = {"corpus": corpus, "clips": len(table), "folds": FOLDS[corpus]}
    truth, speakers = table["category"].to_numpy(), table["speaker"].to_numpy()
    for side, clips in (("mien", ours), ("opensmile", theirs)):
        values = np.stack([clip["functionals"] for clip in clips])
        guess = np.empty(len(truth), dtype=object)
        for train, test in GroupKFold(FOLDS[corpus]).split(values, truth, speakers):
            machine = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
            guess[test] = machine.fit(values[train], truth[train]).predict(values[test])
        found[side] = round(100 * recall_score(truth, guess.astype(str), average="macro"), 2)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--every", type=int, default=6)
    given = parser.parse_args()
    main(given.data, given.reference, given.every)
