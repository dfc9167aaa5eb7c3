"""Made-up corpora for tests of studies: what is planted is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from mien.corpora.protocols import find_protocol
from mien.corpora.split import Fold
from mien.studies.cells import Cell
from mien.studies.study_corpora import StudyCorpus
from mien.studies.system_words import read_system

WORDS = {
    "anger": ("furious", "angry", "shouting", "rage"),
    "joy": ("happy", "lovely", "sunny", "smile"),
    "sadness": ("crying", "alone", "lost", "grey"),
}
FILLER = ("the", "day", "we", "saw", "a", "house", "near", "water", "and", "then", "left")


def text_table(*, speakers: int = 6, per_class: int = 4, told: float = 0.7, seed: int = 0) -> pd.DataFrame:
    """Return texts of which a share `told` names a word of its class."""
    generator = np.random.default_rng(seed)
    rows = []
    for speaker in range(speakers):
        for label, words in WORDS.items():
            for _ in range(per_class):
                said = list(generator.choice(FILLER, size=5))
                if generator.random() < told:
                    said.append(str(generator.choice(words)))
                rows.append({"text": " ".join(said), "emotion": label, "speaker": f"s{speaker}"})
    return pd.DataFrame(rows)


def write_texts(path: Path, **options: float) -> Path:
    """Write such texts as a CSV."""
    text_table(**options).to_csv(path, index=False)
    return path


def text_corpus(**options: float) -> StudyCorpus:
    """Return such texts as a corpus."""
    table = text_table(**options)
    table["label"], table["segment"] = table["emotion"], [f"t{row}" for row in range(len(table))]
    return StudyCorpus("texts", table.assign(corpus="texts"), "emotion", ("words",))


def planted_corpus(truth: np.ndarray, speaker: np.ndarray, name: str = "planted") -> StudyCorpus:
    """Return a corpus of texts with given classes and speakers."""
    table = pd.DataFrame({"segment": [f"{name}/{row}" for row in range(len(truth))], "text": "word"})
    table["label"] = [f"c{one}" for one in truth]
    table["speaker"], table["corpus"], table["emotion"] = speaker.astype(str), name, table["label"]
    return StudyCorpus(name, table, "emotion", ("words",))


def cell_of(corpus: StudyCorpus, word: str, folder: Path, *, seed: int = 0) -> Cell:
    """Return a cell on folds of whole speakers."""
    folds: tuple[Fold, ...] = tuple(find_protocol("loso").folds(corpus.table))
    return Cell(read_system(word), corpus, folds, seed, folder / "cells", folder / "cache")
