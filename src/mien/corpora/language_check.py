"""Does the text speak the language that its column says?"""

import numpy as np
import pandas as pd

from mien.core.errors import MissingExtra
from mien.core.optional import require
from mien.corpora.findings import Finding, Verdict

LEAST_LETTERS = 30
"""Letters that a text needs before its language is guessed."""
SURE = 0.95
"""Probability from which on a guess counts."""
MOST_OTHER = 0.05
"""Share of texts in another language from which on this is a warning."""
MOST_TEXTS = 1500
"""Texts that are looked at; of longer tables, evenly spaced ones."""


def check_languages(table: pd.DataFrame) -> list[Finding]:
    """Compare the column `language` with a guess from runs of letters, once per wording.

    Args:
        table: corpus table with `text` and `language` (BCP 47 tags).
    """
    if "text" not in table or table["text"].isna().all():
        return []
    tags = table["language"] if "language" in table else pd.Series(pd.NA, index=table.index)
    texts = pd.DataFrame({"text": table["text"].astype("string"), "tag": tags.astype("string")})
    texts = texts.dropna(subset=["text"]).drop_duplicates()
    texts = texts[texts["text"].str.count(r"[^\W\d_]") >= LEAST_LETTERS]
    if not len(texts):
        return []
    try:
        module = require("py3langid.langid", "study")
    except MissingExtra as error:
        return [Finding("languages", "not judged", "note", str(error), {})]
    guess = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    every = texts.iloc[np.unique(np.linspace(0, len(texts) - 1, MOST_TEXTS).astype(int))]
    guessed = [guess.classify(text) for text in every["text"]]
    every = every.assign(found=[one[0] for one in guessed], sure=[float(one[1]) for one in guessed])
    sure = every[every["sure"] >= SURE]
    return [_judged(str(tag), own, len(every)) for tag, own in sure.groupby(sure["tag"].fillna("not stated"))]


def _judged(tag: str, own: pd.DataFrame, looked: int) -> Finding:
    """Say which languages the texts of one tag are in."""
    counts = own["found"].value_counts()
    data: dict[str, object] = {"tag": tag, "texts": len(own), "found": counts.head(5).to_dict()}
    if tag == "not stated":
        most = ", ".join(f"`{name}` {count / len(own):.0%}" for name, count in counts.head(3).items())
        return Finding("languages", "language not stated", "note", f"the texts read as {most}", data)
    other = own[own["found"] != tag.split("-")[0]]
    text = f"{len(own) - len(other)} of {len(own)} texts that a guess is sure of read as `{tag}`"
    text += f" (of {looked} that are long enough or were drawn)"
    if not len(other):
        return Finding("languages", "as stated", "ok", text, data)
    first = str(other.iloc[0]["text"])
    shown = first if len(first) <= 60 else f"{first[:59]}…"
    text += f"; others, first: “{shown}” as `{other.iloc[0]['found']}`"
    verdict: Verdict = "warning" if len(other) / len(own) > MOST_OTHER else "note"
    name = "another language than stated" if verdict == "warning" else "mostly as stated"
    return Finding("languages", name, verdict, text, data)
