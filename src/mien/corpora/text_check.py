"""Check the words of a corpus: scripts, lengths, repetitions."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.corpora.class_labels import joined_labels
from mien.corpora.findings import Finding, Verdict
from mien.corpora.overlap import is_scripted, script_keys
from mien.corpora.split import plain_column


def check_texts(table: pd.DataFrame) -> list[Finding]:
    """Describe scripts of acted speech, or lengths and repetitions of free words."""
    keys = script_keys(table)
    known = np.array([one is not None for one in keys])
    if not known.any():
        return []
    distinct = len(set(keys[known]))
    data: dict[str, object] = {"texts": distinct, "segments": int(known.sum())}
    if is_scripted(keys, plain_column(table, "speaker")):
        text = f"{distinct} scripts, the same for all speakers: only `script-disjoint` tests words not known"
        return [Finding("texts", "scripts", "note", text, data)]
    found = []
    if "text" in table and table["text"].notna().any():
        words = np.array([len(str(text).split()) for text in table["text"].dropna()])
        low, first, middle, third, high = np.percentile(words, [0, 25, 50, 75, 100])
        data |= {"words": int(words.sum()), "quartiles_words": [low, first, middle, third, high]}
        text = f"half of the texts have {first:g} to {third:g} words (median {middle:g}, {low:g} to {high:g})"
        verdict: Verdict = "warning" if low == 0 else "ok"
        found.append(Finding("texts", "empty texts" if low == 0 else "lengths", verdict, text, data))
    return [*found, *_repeated_texts(table, keys, known)]


def _repeated_texts(
    table: pd.DataFrame, keys: NDArray[np.object_], known: NDArray[np.bool_]
) -> list[Finding]:
    """Say how many texts recur, and how many of those carry different labels."""
    texts = pd.Series(keys[known], index=table.index[known])
    again = texts[texts.duplicated(keep=False)]
    if not len(again):
        return [Finding("texts", "repetitions", "ok", "no text occurs twice", {"repeated": 0})]
    text = f"{len(again)} segments share their words with another ({again.nunique()} different texts)"
    data: dict[str, object] = {"repeated": len(again), "different": again.nunique()}
    labels = joined_labels(table.loc[again.index])
    if labels.notna().any():
        several = labels.groupby(again).nunique() > 1
        text += f"; {int(several.sum())} of those texts carry different labels"
        data["different_labels"] = int(several.sum())
    return [Finding("texts", "repetitions", "note", text, data)]
