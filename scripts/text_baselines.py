"""Judge what counts, lexicons, word vectors and a sentence encoder are worth on texts.

Usage: python scripts/text_baselines.py DATA [--vectors FILE] [--keep FOLDER]

DATA holds `meld`, `tweeteval`, `sst5`, `goemotions` and `icwsm2014`. FILE holds word vectors that others
learned, as `mien.features.text.vector_table.read_vectors` takes them; without it that row lacks. FOLDER keeps
embeddings of `minilm`, which take most of the time. Written: `docs/results/text-baselines/README.md` and
`baselines.json`.
"""

import argparse
import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack, issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from text_baselines_page import as_markdown

from mien.core.files import write_texts
from mien.core.registry import find
from mien.evaluation.dimension_metrics import concordance_correlation, pearson
from mien.evaluation.intervals import Interval, bootstrap, bootstrap_counts
from mien.evaluation.metrics import accuracy, macro_f1, weighted_f1
from mien.features.text.context import InContext, with_text_before
from mien.features.text.tfidf import Tfidf
from mien.features.text.vader import Vader
from mien.features.text.vector_table import VectorTable, read_vectors
from mien.features.text.word_vectors import WordVectors

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "text-baselines"
LOGGER = logging.getLogger("text_baselines")
SPARSE_COSTS, DENSE_COSTS, WEIGHTS = (0.03, 0.1, 0.3, 1.0), (0.003, 0.03, 0.3, 3.0), (None, "balanced")
RIDGE = (0.3, 1.0, 3.0, 10.0)
SHARES = (0.05, 0.1, 0.2)
MAJORITY, LEXICON, ENCODER = "majority", "VADER", "minilm"
COUNTS, WITH_CHARACTERS, IN_CONTEXT = "TF-IDF", "TF-IDF with characters", "TF-IDF with the turn before"
OWN, GIVEN = "word vectors of the training texts", "word vectors of a file"


@dataclass(frozen=True)
class Task:
    """Hold what one corpus asks.

    Attributes:
        name: the corpus.
        texts: `(rows,)`.
        truth: `(rows,)` classes, or `(rows, labels)` of bool where there may be several.
        part: `(rows,)` of train, dev and test.
        score: (truth, guess) → what is reported.
        measure: its name.
        cluster: `(rows,)` of what is drawn whole for the interval; None for single texts.
        pairs: `(rows, 2)` with the turn before; None without dialogues.
    """

    name: str
    texts: NDArray[np.object_]
    truth: NDArray[Any]
    part: NDArray[np.object_]
    score: Callable[..., float]
    measure: str
    cluster: NDArray[np.object_] | None = None
    pairs: NDArray[np.object_] | None = None

    def rows(self, part: str) -> NDArray[np.int64]:
        """Return the rows of a part."""
        return np.flatnonzero(self.part == part)


def read_tasks(data: Path) -> Iterator[Task]:
    """Yield the corpora that have parts of their own."""
    measures = {"meld": (weighted_f1, "weighted F1"), "tweeteval": (macro_f1, "macro F1")}
    measures |= {"sst5": (accuracy, "accuracy"), "goemotions": (several_f1, "macro F1 of 28 labels")}
    for name, (score, measure) in measures.items():
        table = find("corpora", name).load(data / name)
        labels = [column for column in table if column.startswith("label.")]
        one = "sentiment" if name == "sst5" else "emotion"
        truth = table[labels].to_numpy(bool) if labels else table[one].astype(str).to_numpy(object)
        talks = name == "meld"
        yield Task(
            name,
            table["text"].fillna("").to_numpy(object),
            truth,
            table["split"].to_numpy(object),
            score,
            measure,
            table["dialogue"].to_numpy(object) if talks else None,
            with_text_before(table) if talks else None,
        )


def makers(vectors: VectorTable | None) -> dict[str, Any]:
    """Return name → what makes columns of texts."""
    found = {LEXICON: Vader(), COUNTS: Tfidf(), WITH_CHARACTERS: Tfidf(characters=4), OWN: WordVectors()}
    return found if vectors is None else found | {GIVEN: WordVectors(vectors)}


def embed_texts(texts: NDArray[np.object_], keep: Path) -> NDArray[np.float32]:
    """Return the sentence encoder's embeddings, `(texts, 384)`, from the folder where they were kept."""
    from mien.nets.embed import embed

    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    kept = keep / f"{ENCODER}-{digest}.npy"
    if not kept.is_file():
        keep.mkdir(parents=True, exist_ok=True)
        np.save(kept, embed(ENCODER, texts.tolist(), batch_s=20.0).values)
    values: NDArray[np.float32] = np.load(kept)
    return values


class Learned:
    """Hold a linear model that was chosen on the development part, and what it scales by."""

    def __init__(self, values: Any, task: Task) -> None:
        """Learn from the training rows with each setting; keep what is best on the development rows."""
        train, dev = task.rows("train"), task.rows("dev")
        self.scaler = None if issparse(values) else StandardScaler().fit(values[train])
        known, judged, tried = self.scale(values[train]), self.scale(values[dev]), []
        for cost in SPARSE_COSTS if self.scaler is None else DENSE_COSTS:
            for weight in WEIGHTS:
                model = linear(cost, weight, sparse=self.scaler is None).fit(known, task.truth[train])
                tried.append((task.score(task.truth[dev], model.predict(judged)), cost, weight, model))
        self.dev, cost, weight, self.model = max(tried, key=lambda one: one[0])
        self.setting = f"C = {cost:g}, classes {'balanced' if weight else 'as they are'}"

    def scale(self, values: Any) -> Any:
        """Return values as the model takes them."""
        return values if self.scaler is None else self.scaler.transform(values)

    def guess(self, values: Any) -> NDArray[np.object_]:
        """Return the class of each row."""
        found: NDArray[np.object_] = self.model.predict(self.scale(values))
        return found


def linear(cost: float, weight: str | None, *, sparse: bool) -> Any:
    """Return a linear model: a support vector machine for counts, a logistic regression for dense columns."""
    if sparse:
        return LinearSVC(C=cost, class_weight=weight, random_state=0)
    return LogisticRegression(C=cost, class_weight=weight, max_iter=500)


def judge_classes(task: Task, vectors: VectorTable | None, keep: Path) -> Iterator[dict[str, Any]]:
    """Yield a row per system of a task with one class per text."""
    train, test = task.rows("train"), task.rows("test")
    names, often = np.unique(task.truth[train], return_counts=True)
    yield scored(task, MAJORITY, np.full(len(test), names[often.argmax()], dtype=object), "")
    systems = makers(vectors) | ({} if task.pairs is None else {IN_CONTEXT: InContext(Tfidf())})
    for name, maker in systems.items():
        given = task.pairs if name == IN_CONTEXT else task.texts
        learned = Learned(maker.fit(given[train]).transform(given), task)
        values = maker.transform(given[test])
        yield scored(task, name, learned.guess(values), learned.setting) | known_share(maker, given[test])
    values = embed_texts(task.texts, keep)
    learned = Learned(values, task)
    yield scored(task, ENCODER, learned.guess(values[test]), learned.setting)


def known_share(maker: Any, texts: NDArray[np.object_]) -> dict[str, float]:
    """Return the share of words that have a vector, and of texts that have none, where that is a question."""
    if not hasattr(maker, "coverage"):
        return {}
    found = maker.coverage(texts)
    share = found["known"].sum() / found["words"].sum()
    return {"known": round(float(share), 4), "nothing_known": round(float(found["nothing_known"].mean()), 4)}


def scored(task: Task, name: str, guess: NDArray[Any], setting: str) -> dict[str, Any]:
    """Return the row of a system: its score on the test part with its interval."""
    test = task.rows("test")
    cluster = None if task.cluster is None else task.cluster[test]
    found = bootstrap(task.score, task.truth[test], guess, cluster=cluster)
    return row_of(task.name, name, task.measure, found, setting) | {"n": len(test)}


def row_of(corpus: str, system: str, measure: str, found: Interval, setting: str) -> dict[str, Any]:
    """Return a row of the results."""
    LOGGER.info("%s, %s: %.3f", corpus, system, found.value)
    ends = {"value": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}
    return {"corpus": corpus, "system": system, "measure": measure, **ends, "setting": setting}


def several_f1(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> float:
    """Return the mean over labels of their F1 scores."""
    return float(f1_of_counts(label_counts(truth, guess).sum(axis=0)[None])[0])


def label_counts(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return hits, and labels that are true or guessed, `(rows, labels, 2)`."""
    return np.stack([truth & guess, truth.astype(int) + guess], axis=-1).astype(np.float64)


def f1_of_counts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean F1 score over labels of each table of counts."""
    mean: NDArray[np.float64] = (2 * counts[..., 0] / np.maximum(counts[..., 1], 1)).mean(axis=-1)
    return mean


def judge_labels(task: Task, vectors: VectorTable | None) -> Iterator[dict[str, Any]]:
    """Yield a row per system of a task with several labels per text."""
    train, dev, test = (task.rows(part) for part in ("train", "dev", "test"))
    systems: dict[str, Any] = {MAJORITY: None, LEXICON: Vader(), COUNTS: Tfidf(least=2)}
    systems |= {} if vectors is None else {GIVEN: WordVectors(vectors)}
    for name, maker in systems.items():
        if maker is None:
            guess = np.tile(task.truth[train].mean(axis=0) > 0.5, (len(test), 1))
            setting = ""
        else:
            values = maker.fit(task.texts[train]).transform(task.texts)
            parts = [values[rows] for rows in (train, dev, test)]
            guess, setting = guess_labels(parts, task.truth[train], task.truth[dev])
        found = bootstrap_counts(f1_of_counts, label_counts(task.truth[test], guess))
        yield row_of(task.name, name, task.measure, found, setting) | {"n": len(test)}


def guess_labels(
    parts: list[Any], known: NDArray[np.bool_], judged: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], str]:
    """Return which labels the test rows have; one model and one threshold per label."""
    sparse = issparse(parts[0])
    if not sparse:
        scaler = StandardScaler().fit(parts[0])
        parts = [scaler.transform(part) for part in parts]
    guess = np.zeros((parts[2].shape[0], known.shape[1]), dtype=bool)
    for label in range(known.shape[1]):
        model = linear(0.1 if sparse else 0.3, "balanced", sparse=sparse).fit(parts[0], known[:, label])
        threshold = best_threshold(model.decision_function(parts[1]), judged[:, label])
        guess[:, label] = model.decision_function(parts[2]) >= threshold
    return guess, f"C = {0.1 if sparse else 0.3:g}, thresholds by label"


def best_threshold(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the threshold of a score that gives the highest F1."""
    order = np.argsort(-score)
    hits, marked = np.cumsum(truth[order]), np.arange(1, len(score) + 1)
    return float(score[order][np.argmax(2 * hits / (marked + truth.sum()))])


def judge_numbers(data: Path) -> Iterator[dict[str, Any]]:
    """Yield VADER, TF-IDF with ridge regression, and both, against the mean of people, by domain."""
    table = find("corpora", "icwsm2014").load(data / "icwsm2014")
    for domain, part in table.groupby("domain", sort=False):
        truth, texts = part["valence"].to_numpy(float), part["text"].to_numpy(object)
        document = part["document"].fillna(part["segment"]).to_numpy(object)
        lexicon = Vader().transform(texts)
        guesses = {LEXICON: lexicon[:, 0] * 4.0} | guess_numbers(texts, truth, document, lexicon)
        for name, guess in guesses.items():
            for measure, score in (("Pearson r", pearson), ("CCC", concordance_correlation)):
                found = bootstrap(score, truth, guess, cluster=document)
                setting = "untrained" if name == LEXICON else "5 folds"
                yield row_of(f"icwsm2014 {domain}", name, measure, found, setting) | {"n": len(texts)}


def guess_numbers(
    texts: NDArray[np.object_],
    truth: NDArray[np.float64],
    document: NDArray[np.object_],
    lexicon: NDArray[np.float32],
) -> dict[str, NDArray[np.float64]]:
    """Return what is predicted of each text when learned from other documents; penalties by an inner fold."""
    guesses = {COUNTS: np.zeros(len(texts)), f"{COUNTS} and {LEXICON}": np.zeros(len(texts))}
    for train, test in GroupKFold(5, shuffle=True, random_state=0).split(texts, groups=document):
        first, second = next(GroupKFold(4).split(train, groups=document[train]))
        inner, outer = (train[first], train[second]), (train, test)
        counted = {fold: [Tfidf().fit(texts[rows[0]]), rows] for fold, rows in enumerate((inner, outer))}
        sides = {
            fold: [maker.transform(texts[one]) for one in rows] for fold, (maker, rows) in counted.items()
        }
        for name in guesses:
            if name != COUNTS:
                for fold, rows in enumerate((inner, outer)):
                    both = zip(sides[fold], rows, strict=True)
                    sides[fold] = [hstack([side, lexicon[one]], format="csr") for side, one in both]
            errors = [
                np.square(ridge(sides[0], truth[inner[0]], penalty) - truth[inner[1]]).mean()
                for penalty in RIDGE
            ]
            guesses[name][test] = ridge(sides[1], truth[train], RIDGE[int(np.argmin(errors))])
    return guesses


def ridge(sides: list[Any], known: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    """Return the predictions for the second side, learned from the first."""
    model = Ridge(alpha=penalty, solver="sparse_cg").fit(sides[0], known)
    found: NDArray[np.float64] = model.predict(sides[1])
    return found


def with_typos(text: str, share: float, generator: np.random.Generator) -> str:
    """Return a text in which a share of letters is left out, doubled, swapped with the next or replaced."""
    letters, typed, place = "abcdefghijklmnopqrstuvwxyz", [], 0
    while place < len(text):
        one, following = text[place], text[place + 1 : place + 2]
        place += 1
        if not one.isalpha() or generator.random() >= share:
            typed.append(one)
            continue
        kind = generator.integers(4)
        typed.append(("", one * 2, following + one, letters[generator.integers(26)])[kind])
        place += kind == 2
    return "".join(typed)


def judge_noise(task: Task, vectors: VectorTable | None, keep: Path) -> dict[str, list[dict[str, Any]]]:
    """Return each system's score on test texts with typos, learned without, and who loses more than whom."""
    train, test = task.rows("train"), task.rows("test")
    clean, truth = task.texts[test], task.truth[test]
    heard = [clean]
    for share in SHARES:
        generator = np.random.default_rng(0)
        heard.append(np.array([with_typos(text, share, generator) for text in clean], dtype=object))
    systems = {COUNTS: Tfidf(), WITH_CHARACTERS: Tfidf(characters=4), OWN: WordVectors()}
    systems |= {} if vectors is None else {GIVEN: WordVectors(vectors)}
    rows, guesses = [], {}
    for name in [*systems, ENCODER]:
        if name == ENCODER:
            learned = Learned(embed_texts(task.texts, keep), task)
            guesses[name] = [learned.guess(embed_texts(texts, keep)) for texts in heard]
        else:
            maker = systems[name].fit(task.texts[train])
            learned = Learned(maker.transform(task.texts), task)
            guesses[name] = [learned.guess(maker.transform(texts)) for texts in heard]
        for share, texts, guess in zip((0.0, *SHARES), heard, guesses[name], strict=True):
            found = {"system": name, "typos": share, "value": round(task.score(truth, guess), 4)}
            rows.append(found | (known_share(systems[name], texts) if name in systems else {}))
    words = [name for name in (OWN, GIVEN) if name in guesses]
    pairs = [(name, other) for name in words for other in (WITH_CHARACTERS, ENCODER)]
    return {"scores": rows, "losses": [loss_apart(task, guesses, pair) for pair in pairs]}


def loss_apart(task: Task, guesses: dict[str, list[Any]], pair: tuple[str, str]) -> dict[str, Any]:
    """Return how much more of its score the first system loses to most typos than the second, in points."""

    def more(truth: Any, *four: Any) -> float:
        first, first_typed, second, second_typed = (task.score(truth, guess) for guess in four)
        return (first - first_typed) - (second - second_typed)

    four = [guesses[name][place] for name in pair for place in (0, -1)]
    found = bootstrap(more, task.truth[task.rows("test")], *four)
    ends = {"value": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}
    return {"of": pair[0], "than": pair[1], "typos": SHARES[-1], **ends}


def main(arguments: argparse.Namespace) -> None:
    """Judge every system on every corpus and write."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    vectors = None if arguments.vectors is None else read_vectors(arguments.vectors)
    tasks = {task.name: task for task in read_tasks(arguments.data)}
    rows: list[dict[str, Any]] = []
    for name in ("meld", "tweeteval", "sst5"):
        rows += judge_classes(tasks[name], vectors, arguments.keep)
    rows += judge_labels(tasks["goemotions"], vectors)
    rows += judge_numbers(arguments.data)
    found = {"rows": rows, "noise": judge_noise(tasks["tweeteval"], vectors, arguments.keep)}
    OUT.mkdir(parents=True, exist_ok=True)
    write_texts(OUT, {"README.md": as_markdown(found), "baselines.json": json.dumps(found, indent=1) + "\n"})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("gensim").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the corpora")
    parser.add_argument("--vectors", type=Path, help="word vectors of others: .npz, .bin, .txt or .vec")
    parser.add_argument(
        "--keep", type=Path, default=Path("build/text-baselines"), help="embeddings are kept here"
    )
    main(parser.parse_args())
