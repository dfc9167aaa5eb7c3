"""Judge bags of words, and the descriptors that they are made of, on EmoDB.

Usage: python scripts/bag_study.py DATA [--workers 1]

DATA holds `emodb`. One of ten speakers is left out at a time; codebook, scaler and the C of a linear support
vector machine are learned from the other nine. Written: `docs/results/bags/README.md` and `bags.json`.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mien.core.files import write_texts
from mien.core.registry import find
from mien.core.workers import spread
from mien.evaluation.intervals import bootstrap, paired_difference
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.significance import permutation_test
from mien.features.bags import Bags, Weighting, Words
from mien.features.bags.sounds import describe_sounds, sound_bags
from mien.features.described import Described

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "bags"
COSTS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
WORDS, NEAREST = 500, 10
FLOOR = "88 eGeMAPS functionals"
BAG = "bag of 65 ComParE descriptors"
SOUNDS = "bag of sounds"
MEANS = "means of log mel spectra"


def main(data: Path, workers: int) -> None:
    """Judge every set of columns and write."""
    table = find("corpora", "emodb").load(data / "emodb")
    table = table[table["category"].notna()]
    read = [soundfile.read(file, dtype="float32") for file in table["file"]]
    clips, rate_hz = [samples for samples, _ in read], read[0][1]
    truth, speakers = table["category"].to_numpy(object), table["speaker"].to_numpy(object)
    sets = list(describe(clips, rate_hz).items())
    work = partial(judge, truth=truth, speakers=speakers)
    guesses: dict[str, NDArray[np.object_]] = {}
    for number, guess in spread(work, [columns for _, columns in sets], workers=workers):
        if isinstance(guess, BaseException):
            raise guess
        guesses[sets[number][0]] = guess
    rows = [score(name, truth, guesses[name], speakers) for name, _ in sets]
    pairs = [contrast(one, other, truth, guesses, speakers) for one, other in ((BAG, FLOOR), (SOUNDS, MEANS))]
    write(rows, pairs)


Columns = Callable[[NDArray[np.int64]], NDArray[np.float32]]


class Fixed:
    """Give the same columns whatever is learned from."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values

    def __call__(self, train: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the columns of all clips, (clips, columns)."""
        return self.values


class Bagged:
    """Give bags whose codebook is learned from the training clips alone."""

    def __init__(self, frames: Described, make: Callable[[], Bags]) -> None:
        self.frames, self.make = frames, make

    def __call__(self, train: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return bags of all clips, (clips, words)."""
        parts = [self.frames.clip(clip) for clip in train]
        starts = np.cumsum([0, *map(len, parts)])
        learned = self.make().fit(Described(np.concatenate(parts), starts, self.frames.columns))
        return learned.transform(self.frames).select_dtypes("float32").to_numpy()


def describe(clips: list[NDArray[np.float32]], rate_hz: int) -> dict[str, Columns]:
    """Return the sets of columns that are compared."""
    egemaps, compare = find("features", "egemaps").extract, find("features", "compare").extract
    mel = describe_sounds(clips, rate_hz=rate_hz)
    means = np.stack([mel.clip(number).mean(axis=0) for number in range(len(clips))])
    return {
        FLOOR: Fixed(egemaps(clips, rate_hz=rate_hz).values),
        "6373 ComParE functionals": Fixed(compare(clips, rate_hz=rate_hz).values),
        BAG: Bagged(compare(clips, rate_hz=rate_hz, level="lld"), frame_bags),
        "bag of 25 eGeMAPS descriptors": Bagged(egemaps(clips, rate_hz=rate_hz, level="lld"), frame_bags),
        SOUNDS: Bagged(mel, sound_bags),
        MEANS: Fixed(means),
    }


def frame_bags() -> Bags:
    """Return bags of 500 words in which each frame counts for its nearest ten."""
    return Bags(Words(size=WORDS, assign=NEAREST), weighting=Weighting(log=True))


def judge(
    columns: Columns, *, truth: NDArray[np.object_], speakers: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return what is guessed of each speaker when learned from the others."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    guess = np.empty(len(truth), dtype=object)
    for speaker in np.unique(speakers):
        train, test = np.flatnonzero(speakers != speaker), np.flatnonzero(speakers == speaker)
        values = columns(train)
        machine = make_pipeline(StandardScaler(), LinearSVC(class_weight="balanced", max_iter=5000))
        search = GridSearchCV(machine, {"linearsvc__C": COSTS}, scoring="balanced_accuracy", cv=GroupKFold(3))
        search.fit(values[train], truth[train], groups=speakers[train])
        guess[test] = search.predict(values[test])
    return guess


def score(name: str, truth: NDArray, guess: NDArray, speakers: NDArray) -> dict[str, object]:
    """Return the unweighted average recall with its interval over speakers."""
    found = bootstrap(unweighted_average_recall, truth, guess, cluster=speakers)
    return {"columns": name, "clips": len(truth), "score": found.value, "low": found.low, "high": found.high}


def contrast(one: str, other: str, truth: NDArray, guesses: dict, speakers: NDArray) -> dict[str, object]:
    """Return how much higher one set is than another, and how likely that is by chance."""
    both = {"first": guesses[one], "second": guesses[other], "cluster": speakers}
    apart = paired_difference(unweighted_average_recall, truth, **both)
    chance = permutation_test(unweighted_average_recall, truth, **both)
    return {
        "of": one,
        "over": other,
        "difference": apart.value,
        "low": apart.low,
        "high": apart.high,
        "p": chance.p,
    }


def write(rows: list[dict], pairs: list[dict]) -> None:
    """Write both files."""
    lines = [
        "# Bags of words on EmoDB",
        "",
        f"Made by `python scripts/bag_study.py <folder of corpora>`: {rows[0]['clips']} clips, six emotions, "
        "ten speakers, one left out at a time; codebook, scaler and C of a linear support vector machine are "
        f"learned from the others. Bags have {WORDS} words, the nearest {NEAREST} of each frame count, as "
        "logarithms. Unweighted average recall, intervals (95 %) over speakers; one seed.",
        "",
        "| columns | recall | interval |",
        "|---|---|---|",
        *(
            f"| {row['columns']} | {row['score']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
            for row in rows
        ),
        "",
        *(
            f"- {pair['of']} over {pair['over']}: {pair['difference']:+.3f} ({pair['low']:+.3f} to "
            f"{pair['high']:+.3f}), p = {pair['p']:.3f} by swapping speakers, not corrected."
            for pair in pairs
        ),
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    record = json.dumps({"sets": rows, "pairs": pairs}, indent=1)
    write_texts(OUT, {"README.md": "\n".join(lines) + "\n", "bags.json": record + "\n"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    main(given.data, given.workers)
