"""Find what is nearly the same: clips and texts within a corpus, across its parts, between two corpora."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mien.corpora.class_labels import joined_labels
from mien.corpora.findings import Finding, Verdict
from mien.corpora.fingerprint import Print, near_copies
from mien.corpora.near_texts import RUN_WORDS, near_texts, shared_runs
from mien.corpora.overlap import is_scripted, overlap, script_keys
from mien.corpora.split import Fold, plain_column

_SHOWN = 3
_TEARS = ("label", "speaker", "split")


def check_near_copies(table: pd.DataFrame, prints: Mapping[str, Print]) -> list[Finding]:
    """Find clips that hold the sound of another one, apart from exact copies.

    Args:
        table: corpus table; with `content` (see `mien.corpora.duplicates.with_content`), exact copies are
            left to `check_copies`.
        prints: from `mien.corpora.sound.listen`.
    """
    if not prints:
        return []
    pairs = near_copies(prints)
    if "content" in table:
        content = table.set_index("segment")["content"]
        same = content.reindex(pairs["first"]).to_numpy() == content.reindex(pairs["second"]).to_numpy()
        pairs = pairs[~np.asarray(same, dtype=bool)]
    if not len(pairs):
        text = "no clip holds the sound of another, cut, scaled or recoded"
        return [Finding("copies", "near copies", "ok", text, {"pairs": []})]
    torn = _torn(table, pairs)
    text = f"{len(pairs)} pairs of clips hold the same sound, cut, scaled or recoded: "
    text += _some([f"{one.first} ~ {one.second} ({one.shared_s:.1f} s)" for one in pairs.itertuples()])
    text += f"; they differ in {', '.join(torn)}" if torn else "; same label, same speaker"
    verdict: Verdict = "problem" if torn else "warning"
    data: dict[str, object] = {"pairs": pairs.to_dict("records"), "differ_in": torn}
    return [Finding("copies", "near copies that disagree" if torn else "near copies", verdict, text, data)]


def check_near_texts(table: pd.DataFrame) -> list[Finding]:
    """Find texts that are nearly the same, and long runs of words that test shares with train or dev.

    Scripts that all speakers say are left out.

    Args:
        table: corpus table with `text`, and `split` where there is one.
    """
    if "text" not in table or table["text"].isna().all():
        return []
    if is_scripted(script_keys(table), plain_column(table, "speaker")):
        return []
    texts = plain_column(table, "text").tolist()
    pairs = near_texts(texts)
    named = pairs.assign(
        first=table["segment"].iloc[pairs["first"]].to_numpy(),
        second=table["segment"].iloc[pairs["second"]].to_numpy(),
    )
    found = [_near_wordings(table, named, [texts[one] for one in pairs["first"]])]
    if "split" in table and (table["split"] == "test").any():
        known = table["text"].notna()
        train = table.loc[known & table["split"].isin(["train", "dev"]), "text"].astype(str).tolist()
        test = table.loc[known & (table["split"] == "test"), "text"].astype(str).tolist()
        found += [_runs(train, test)] if train and test else []
    return found


def check_against(
    table: pd.DataFrame,
    other: pd.DataFrame,
    *,
    name: str,
    prints: Mapping[str, Print] | None = None,
    other_prints: Mapping[str, Print] | None = None,
) -> list[Finding]:
    """Say what a corpus shares with another one that trains: rows, speakers, scripts, words, sound.

    Args:
        table: the corpus that tests.
        other: the corpus that trains; `content` of both is compared where they have it.
        name: of the other.
        prints: of the first, from `mien.corpora.sound.listen`.
        other_prints: of the other.
    """
    both = pd.concat([table, other], ignore_index=True)
    test, train = np.arange(len(table)), np.arange(len(table), len(both))
    fold = Fold("one", train, np.array([], dtype=np.int64), test)
    found = []
    for row in overlap(both, [fold]).to_dict("records"):
        if row["verdict"] in ("leak", "expected"):
            text = f"{row['shared']} values of `{row['check']}` are in `{name}` too ({row['rows']} rows here)"
            verdict: Verdict = "problem" if row["verdict"] == "leak" else "warning"
            data = {str(key): value for key, value in row.items()}
            found.append(
                Finding("between", f"shares `{row['check']}`", verdict, f"{text}: {row['examples']}", data)
            )
    found += _sound_between(prints or {}, other_prints or {}, name)
    found += _texts_between(table, other, name)
    if not found:
        found = [Finding("between", f"apart from `{name}`", "ok", f"nothing found in `{name}`", {})]
    return found


def _sound_between(prints: Mapping[str, Print], others: Mapping[str, Print], name: str) -> list[Finding]:
    """Find clips of one corpus in another, by their sound."""
    if not prints or not others:
        return []
    marked = {f"here:{key}": one for key, one in prints.items()}
    pairs = near_copies(marked | {f"there:{key}": one for key, one in others.items()})
    pairs = pairs[pairs["first"].str.startswith("here:") & pairs["second"].str.startswith("there:")]
    if not len(pairs):
        return []
    pairs = pairs.assign(
        first=pairs["first"].str.removeprefix("here:"), second=pairs["second"].str.removeprefix("there:")
    )
    examples = _some([f"{one.first} ~ {one.second}" for one in pairs.itertuples()])
    text = f"{pairs['first'].nunique()} clips hold the sound of clips of `{name}`: {examples}"
    return [Finding("between", "shares sound", "problem", text, {"pairs": pairs.to_dict("records")})]


def _texts_between(table: pd.DataFrame, other: pd.DataFrame, name: str) -> list[Finding]:
    """Find texts of one corpus that are nearly in another."""
    if any("text" not in one or one["text"].isna().all() for one in (table, other)):
        return []
    here, there = table["text"].dropna().astype(str).tolist(), other["text"].dropna().astype(str).tolist()
    pairs = near_texts([*here, *there])
    across = pairs[(pairs["first"] < len(here)) & (pairs["second"] >= len(here))]
    found = []
    if len(across):
        text = f"{across['first'].nunique()} texts are nearly those of `{name}`: "
        text += _some([_quoted(here[one]) for one in across["first"]])
        found.append(Finding("between", "nearly the same texts", "warning", text, {"pairs": len(across)}))
    return [*found, *([run] if (run := _runs(there, here, name)).verdict != "ok" else [])]


def _near_wordings(table: pd.DataFrame, pairs: pd.DataFrame, texts: Sequence[object]) -> Finding:
    """Describe pairs of texts that are nearly the same."""
    if not len(pairs):
        return Finding(
            "texts", "near copies of texts", "ok", "no two texts are nearly the same", {"pairs": 0}
        )
    torn = [name for name in _torn(table, pairs) if name != "speaker"]
    text = f"{len(pairs)} pairs of texts are nearly the same: {_some([_quoted(str(one)) for one in texts])}"
    text += f"; they differ in {', '.join(torn)}" if torn else ""
    verdict: Verdict = "warning" if torn else "note"
    data: dict[str, object] = {
        "pairs": len(pairs),
        "differ_in": torn,
        "first": pairs.head(50).to_dict("records"),
    }
    return Finding("texts", "near copies of texts", verdict, text, data)


def _runs(train: Sequence[str], test: Sequence[str], name: str | None = None) -> Finding:
    """Say how many test texts hold a long run of words of a training text."""
    held = shared_runs(train, test)
    where = f"`{name}`" if name else "train or dev"
    text = f"{len(held)} of {len(test)} test texts share {RUN_WORDS} words in a row with {where}"
    text += f": {_some([_quoted(test[one]) for one in held])}" if held else ""
    area = "between" if name else "splits"
    verdict: Verdict = "ok" if not held else "warning"
    return Finding(area, f"runs of {RUN_WORDS} words", verdict, text, {"texts": len(held)})


def _torn(table: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Return which of label, speaker and split differ within a pair."""
    rows = table.assign(label=joined_labels(table)).set_index("segment")
    torn = []
    for name in _TEARS:
        if name in rows:
            one, other = (
                rows[name].reindex(pairs[side]).reset_index(drop=True) for side in ("first", "second")
            )
            if bool((one.notna() & other.notna() & (one != other)).any()):
                torn.append(name)
    return torn


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= 60 else text[:59] + '…'}”"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
