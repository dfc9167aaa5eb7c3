"""Score eGeMAPS by openSMILE and a linear SVM, as a script of one's own would; runs where openSMILE is.

Usage: python scripts/opensmile_table.py FOLDER [FEATURES]

FOLDER holds EmoDB's recordings, named after the speaker (first two characters) and the emotion (sixth).
FEATURES, an .npz, keeps the functionals: where it exists they are read. Scaling and the choice of the cost
are part of each fold; one speaker is left out at a time. Writes the unweighted average recall.
"""

import sys
from pathlib import Path

import numpy as np
import opensmile
import soundfile
from sklearn.metrics import recall_score
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

COSTS = (0.001, 0.01, 0.1)


def main(folder: Path, kept: Path | None) -> None:
    """Write the score."""
    paths = sorted([*folder.rglob("*.flac"), *folder.rglob("*.wav")])
    speaker = np.array([path.stem[:2] for path in paths])
    emotion = np.array([path.stem[5] for path in paths])
    if kept is not None and kept.exists():
        values = np.load(kept)["values"]
    else:
        values = describe(paths)
        if kept is not None:
            np.savez(kept, values=values)
    machine = make_pipeline(StandardScaler(), LinearSVC(class_weight="balanced"))
    grid = {"linearsvc__C": COSTS}
    said = np.empty_like(emotion)
    for train, test in LeaveOneGroupOut().split(values, groups=speaker):
        search = GridSearchCV(machine, grid, scoring="recall_macro", cv=GroupKFold(3))
        said[test] = search.fit(values[train], emotion[train], groups=speaker[train]).predict(values[test])
    sys.stdout.write(f"{recall_score(emotion, said, average='macro'):.3f}\n")


def describe(paths: list[Path]) -> np.ndarray:
    """Return openSMILE's functionals of recordings, (recordings, 88)."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
    )
    return np.concatenate([smile.process_signal(*soundfile.read(path)).to_numpy() for path in paths])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
