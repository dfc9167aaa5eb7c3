"""Lay the Geneva set of mien beside openSMILE's, number by number: goals Q1 and Q3.

Usage: python scripts/parity.py DATA REFERENCE [--every 6]

DATA holds one folder per corpus; REFERENCE is a Python in which openSMILE is installed (`make parity` makes
one). Frames are compared on every so many clips of EmoDB, RAVDESS, nEMO and Urdu, functionals on the same; a
linear support vector machine is trained on both sides' functionals of whole corpora. Written:
`docs/results/parity/egemaps.md` and `.json`.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mien.core.registry import find
from mien.features.voice import egemaps
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD

CORPORA = ("emodb", "ravdess-speech", "nemo", "urdu")
JUDGED = ("emodb", "ravdess-speech", "nemo")
FOLDS = {"emodb": 10, "ravdess-speech": 8, "nemo": 9}
OUT = Path("docs", "results", "parity")
SPECTRAL = 10
WHY = {
    "F": "roots of an ill-conditioned predictor: rounding in the last place moves weak ones",
    "logRelF0-H1-A3": "another harmonic is the strongest where the formant differs",
    "HNRdBACF": "another peak of the autocorrelation is taken in 2 of 1000 voiced frames",
    "jitterLocal": "a period boundary falls on another sample in 1 of 1000 frames",
    "shimmerLocaldB": "a period boundary falls on another sample in 1 of 1000 frames",
}


def main(data: Path, reference: Path, every: int) -> None:
    """Compare and write."""
    tables = {name: find("corpora", name).load(data / name.replace("-", "_")) for name in CORPORA}
    few = pd.concat([table.iloc[::every] for table in tables.values()], ignore_index=True)
    theirs, version = describe_by_opensmile(list(few["file"]), reference)
    ours = describe_by_mien(list(few["file"]), "lld", "functionals")
    frames = compare_frames([one["lld"] for one in ours], [one["lld"] for one in theirs])
    functionals = compare_functionals(
        np.stack([one["functionals"] for one in ours]), np.stack([one["functionals"] for one in theirs])
    )
    scores = [judge(name, tables[name], reference) for name in JUDGED]
    write(frames, functionals, scores, facts={"clips": len(few), "opensmile": version, "every": every})


def describe_by_opensmile(files: list[str], reference: Path, *options: str) -> tuple[list[dict], str]:
    """Return what openSMILE says of each file, and its version."""
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder, "list.json"), Path(folder, "found.npz")
        listed.write_text(json.dumps([str(file) for file in files]))
        script = Path(__file__).with_name("opensmile_reference.py")
        subprocess.run([reference, script, listed, out, *options], check=True)
        found = np.load(out)
        names = {"functionals": FUNCTIONALS} if options else {"lld": LLD, "functionals": FUNCTIONALS}
        for level, columns in names.items():
            if tuple(found[f"names.{level}"]) != columns:
                raise SystemExit(f"Got other columns of openSMILE for {level} than mien has; see both.")
        clips = [{level: found[f"{number}.{level}"] for level in names} for number in range(len(files))]
        return clips, str(found["version"])


def describe_by_mien(files: list[str], *levels: str) -> list[dict]:
    """Return what mien says of each file, at some levels."""
    found = []
    for file in files:
        # read as openSMILE's side reads it: mien's own reader would take away a constant offset
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        clip = {}
        for level in levels:
            described = egemaps.extract([samples.mean(axis=1)], rate_hz=rate_hz, level=level)
            clip[level] = described.values if level == "lld" else described.values[0]
        found.append(clip)
    return found


def compare_frames(ours: list[np.ndarray], theirs: list[np.ndarray]) -> pd.DataFrame:
    """Return a row per descriptor: share of frames within 1e-3, correlation, median error."""
    if [len(one) for one in ours] != [len(one) for one in theirs]:
        raise SystemExit("Got other numbers of frames than openSMILE has, expected the same.")
    left, right = np.concatenate(ours), np.concatenate(theirs)
    voiced = (left[:, SPECTRAL] > 0) & (right[:, SPECTRAL] > 0)
    rows = [{"name": "voiced or not", "frames": len(left), "within": agreement(left, right)}]
    for column, name in enumerate(LLD):
        kept = np.ones(len(left), dtype=bool) if column < SPECTRAL else voiced
        rows.append(
            {"name": name, "frames": int(kept.sum()), **errors(left[kept, column], right[kept, column])}
        )
    return pd.DataFrame(rows)


def agreement(left: np.ndarray, right: np.ndarray) -> float:
    """Return the share of frames on which both find voice, or neither."""
    return float(np.mean((left[:, SPECTRAL] > 0) == (right[:, SPECTRAL] > 0)))


def errors(left: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Return how two columns differ; an error is relative to the value, or to 1/1000 of the largest."""
    left, right = left.astype(float), right.astype(float)
    relative = np.abs(left - right) / np.maximum(np.abs(right), 1e-3 * np.abs(right).max() + 1e-12)
    same = np.ptp(left) == 0 or np.ptp(right) == 0
    return {
        "within": float(np.mean(relative <= 1e-3)),
        "r": 1.0 if same else float(np.corrcoef(left, right)[0, 1]),
        "median": float(np.median(relative)),
    }


def compare_functionals(ours: np.ndarray, theirs: np.ndarray) -> pd.DataFrame:
    """Return a row per functional: share of clips within 1e-3, correlation, median error."""
    return pd.DataFrame(
        [
            {"name": name, "clips": len(ours), **errors(ours[:, column], theirs[:, column])}
            for column, name in enumerate(FUNCTIONALS)
        ]
    )


def judge(name: str, table: pd.DataFrame, reference: Path) -> dict[str, object]:
    """Return the unweighted average recall of one linear machine on both sides' functionals."""
    table = table[table["category"].notna()]
    files = list(table["file"])
    theirs, _ = describe_by_opensmile(files, reference, "--functionals")
    ours = describe_by_mien(files, "functionals")
    found: dict[str, object] = {"corpus": name, "clips": len(table), "folds": FOLDS[name]}
    truth, speakers = table["category"].to_numpy(), table["speaker"].to_numpy()
    for side, clips in (("mien", ours), ("opensmile", theirs)):
        values = np.stack([clip["functionals"] for clip in clips])
        guess = np.empty(len(truth), dtype=object)
        for train, test in GroupKFold(FOLDS[name]).split(values, truth, speakers):
            machine = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
            guess[test] = machine.fit(values[train], truth[train]).predict(values[test])
        found[side] = round(100 * recall_score(truth, guess.astype(str), average="macro"), 2)
    return found


def write(frames: pd.DataFrame, functionals: pd.DataFrame, scores: list, *, facts: dict) -> None:
    """Write the tables as Markdown and JSON."""
    OUT.mkdir(parents=True, exist_ok=True)
    good = int((functionals["r"] >= 0.99).sum())
    text = [
        "# eGeMAPSv02: mien beside openSMILE",
        "",
        f"Made by `make parity DATA=<folder of corpora>`: {facts['clips']} clips, every {facts['every']}th "
        f"of EmoDB, RAVDESS, nEMO and Urdu, against openSMILE {facts['opensmile']}.",
        "",
        f"- Q1, frames: voice or not agrees on {100 * frames['within'][0]:.2f} % (goal 99 %).",
        f"- Q1, functionals: r at least .99 for {good} of 88 (goal 85); median of the median relative "
        f"errors {100 * functionals['median'].median():.4f} %, the largest "
        f"{100 * functionals['median'].max():.2f} % (goal 1 %).",
        *(
            f"- Q3, {one['corpus']}: linear machine {one['mien']} % on mien's, {one['opensmile']} % on "
            f"openSMILE's ({one['clips']} clips, {one['folds']} folds over speakers, C = 0.01; goal: within "
            "1)."
            for one in scores
        ),
        "",
        "An error is relative to the value, or to a thousandth of the largest where values are near 0. "
        "Columns of voice are compared where both find voice.",
        "",
        "## Frames",
        "",
        "| descriptor | frames | within 1e-3 | r | median error | why not |",
        "|---|---:|---:|---:|---:|---|",
        *(line(row, "frames") for row in frames.to_dict("records")),
        "",
        "## Functionals",
        "",
        "| functional | clips | within 1e-3 | r | median error | why not |",
        "|---|---:|---:|---:|---:|---|",
        *(line(row, "clips") for row in functionals.to_dict("records")),
    ]
    (OUT / "egemaps.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    record = {"facts": facts, "scores": scores}
    record |= {"frames": frames.to_dict("records"), "functionals": functionals.to_dict("records")}
    (OUT / "egemaps.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def line(row: dict, count: str) -> str:
    """Return one row of a table, with a reason where an entry is not the same on 99 % of its values."""
    numbers = f"| {row['name']} | {row[count]:,} | {100 * row['within']:.2f} % "
    if row["name"] == "voiced or not":
        return numbers + "| | | |"
    reason = next(
        (why for start, why in WHY.items() if row["name"].startswith(start)), "follows from its frames"
    )
    reason = "" if row["within"] >= 0.99 else reason
    return numbers + f"| {row['r']:.6f} | {row['median']:.1e} | {reason} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--every", type=int, default=6)
    given = parser.parse_args()
    main(given.data, given.reference, given.every)
