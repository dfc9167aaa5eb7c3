"""Answers of systems whose skill is known, for tests of comparisons."""

import numpy as np
import pandas as pd

CATEGORIES = np.array(["anger", "fear", "joy", "sadness"], dtype=object)


def answers(
    number: int,
    *,
    skill: float = 0.6,
    lean: float = 0.0,
    corpora: tuple[str, ...] = ("made",),
    speakers: int = 10,
    each: int = 24,
) -> pd.DataFrame:
    """Return one system's answers, as `mien.evaluation.answers` would.

    Args:
        number: seeds the answers; the items are always the same.
        skill: probability of the right category.
        lean: standard deviation of the skill between speakers, of this system only.
        corpora: names; each has speakers `p00`, `p01` … of its own.
        speakers: per corpus.
        each: items per speaker.
    """
    generator = np.random.default_rng([7, number])
    shape = (len(corpora), speakers, each)
    own = np.clip(skill + lean * generator.standard_normal(shape[:2]), 0.02, 0.98)[:, :, None]
    place = np.broadcast_to(np.arange(each) % 4, shape)
    said = np.where(generator.random(shape) < own, place, (place + generator.integers(1, 4, shape)) % 4)
    chances = np.full((place.size, 4), 0.1) + 0.6 * np.eye(4)[said.ravel()]
    corpus, speaker, item = (one.ravel() for one in np.indices(shape))
    table = pd.DataFrame(
        {
            "segment": [f"{c}/{s}/{i:03d}" for c, s, i in zip(corpus, speaker, item, strict=True)],
            "corpus": np.array(corpora, dtype=object)[corpus],
            "speaker": [f"p{s:02d}" for s in speaker],
            "truth": CATEGORIES[place.ravel()],
            "prediction": CATEGORIES[said.ravel()],
        }
    )
    table[[f"p.{name}" for name in CATEGORIES]] = chances
    table["valence.truth"] = place.ravel() / 3
    table["valence"] = 0.8 * said.ravel() / 3 + 0.1 * generator.standard_normal(place.size)
    return table


def with_seeds(numbers: list[int], **options: object) -> pd.DataFrame:
    """Return the answers of several training runs in one table with a column `seed`."""
    return pd.concat([answers(one, **options).assign(seed=one) for one in numbers], ignore_index=True)
