"""Choose how a corpus is parted where the user does not say."""

import pandas as pd

from mien.corpora.protocols import EvaluationProtocol, find_protocol

MOST_LEFT_OUT = 30
"""Up to so many speakers are left out one by one."""


def fitting_protocol(table: pd.DataFrame) -> EvaluationProtocol:
    """Return the corpus' own split where it has one, else leave one speaker out, else five folds of speakers.

    Args:
        table: segment table.

    Example:
        >>> fitting_protocol(pd.DataFrame({"segment": list("ab"), "speaker": list("xy")})).name
        'loso'
    """
    split = table["split"] if "split" in table else pd.Series(dtype=object)
    if len(split) and split.notna().all() and {"train", "test"} <= set(split):
        return find_protocol("split")
    speakers = table["speaker"].nunique() if table["speaker"].notna().all() else 0
    return find_protocol("loso" if speakers <= MOST_LEFT_OUT else "speaker-kfold")
