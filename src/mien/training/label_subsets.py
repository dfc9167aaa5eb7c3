"""Draw labelled clips: balanced, and the larger draw holds the smaller one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.corpora.split import Fold


def draw_order(stratum: NDArray[np.object_], *, seed: int) -> NDArray[np.int64]:
    """Return an order of clips of which every beginning is a balanced draw.

    First comes one clip of each stratum, then each in proportion to how often it occurs. Beginnings of one
    order are nested by nature: the first 50 hold the first 25.

    Args:
        stratum: `(clips,)` what is kept in proportion, such as the category.
        seed: of the draw.

    Returns:
        Positions `(clips,)`.

    Example:
        >>> order = draw_order(np.array(["a"] * 6 + ["b"] * 3), seed=0)
        >>> sorted(np.array(["a"] * 6 + ["b"] * 3)[order[:3]].tolist())
        ['a', 'a', 'b']
    """
    names = np.asarray(stratum).astype(str)
    generator = np.random.default_rng(seed)
    due, chance = np.empty(len(names)), generator.random(len(names))
    for name in np.unique(names):
        places = generator.permutation(np.flatnonzero(names == name))
        due[places] = (np.arange(len(places)) + 0.5) / len(places)
        due[places[0]] = -1.0
    return np.lexsort((chance, due))


def labelled_fold(fold: Fold, stratum: NDArray[np.object_], count: int | None, *, seed: int) -> Fold:
    """Return a fold in which only so many clips are labelled, all of which train; the test clips stay.

    None is put aside to choose the number of epochs by, so that every number of labels is used alike: with
    few labels such a part would choose by chance, and cost what it is to measure.

    Args:
        fold: train, dev and test rows; those of dev may be drawn too.
        stratum: `(rows of the table,)` what is kept in proportion.
        count: labelled clips; None: all that may train.
        seed: of the draw.

    Raises:
        DataError: more than there are, or fewer than there are strata.
    """
    rows = np.sort(np.concatenate([fold.train, fold.dev]))
    strata = len(np.unique(stratum[rows].astype(str)))
    size = len(rows) if count is None else count
    if not strata <= size <= len(rows):
        raise DataError(
            f"Got {size} labelled clips to draw in {fold.name}, expected {strata} (one of each category) to "
            f"{len(rows)} (all that may train); choose another count, or `all`."
        )
    drawn = np.sort(rows[draw_order(stratum[rows], seed=seed)[:size]])
    return replace(fold, train=drawn, dev=fold.dev[:0])
