"""Names, types and meanings of the columns of mien's tables."""

from collections.abc import Iterable
from typing import NamedTuple


class Column(NamedTuple):
    """Type and meaning of one column.

    Attributes:
        dtype: pandas dtype.
        meaning: one line, with unit.
    """

    dtype: str
    meaning: str


SEGMENT_COLUMNS = ("segment", "file", "start", "end", "turn", "speaker", "text")
FILE_COLUMNS = ("file", "status", "segments", "duration_s", "seconds_used", "note")
FAILURE_COLUMNS = ("file", "reason")
PREDICTION_KEYS = ("segment", "file", "start", "end", "speaker", "source", "model")
RELATION_COLUMNS = ("from", "to", "kind", "span", "p")
DOUBT_COLUMNS = ("aleatoric.category", "epistemic.category")

SCHEMA: dict[str, Column] = {
    "segment": Column("string", "name of the segment, unique in a segment table"),
    "file": Column("string", "path of the recording; null for pure text"),
    "start": Column("float64", "start of the segment in seconds; null for pure text"),
    "end": Column("float64", "end of the segment in seconds, exclusive; null for the end of the file"),
    "turn": Column("Int64", "number of the speaking turn in the file, from 0; null where unknown"),
    "speaker": Column("string", "who speaks, unique over corpora; null where unknown"),
    "text": Column("string", "words spoken; null where unknown"),
    "target": Column("string", "what was rated or predicted: a category scheme or a dimension"),
    "rater": Column("string", "who rated"),
    "time": Column(
        "float64",
        "a moment in seconds: of a rating from the start of its segment, of a frame from its recording's",
    ),
    "token": Column("int64", "number of the word piece in its text, from 0, marks of start and end included"),
    "from": Column("string", "segment that a relation starts from, such as the one with the emotion"),
    "to": Column("string", "segment that it leads to, such as the one with the cause; null for none"),
    "kind": Column("string", "what kind of relation"),
    "span": Column("string", "words of the other segment that are meant; null where not said"),
    "p": Column("float64", "how sure the relation is, 0 to 1; 1 where people annotated it"),
    "status": Column("string", "ok, no-speech or failed"),
    "segments": Column("Int64", "number of segments found in the file"),
    "duration_s": Column("float64", "duration of the file in seconds"),
    "seconds_used": Column("float64", "seconds of the file that lie in segments"),
    "note": Column("string", "what a reader should know about this file"),
    "reason": Column("string", "why the file failed and what to do"),
    "source": Column("string", "what the model looked at: voice, words, face or fused"),
    "model": Column("string", "name of the model"),
    "aleatoric.category": Column(
        "float64", "doubt that lies in the recording: mean entropy of the members, in nats"
    ),
    "epistemic.category": Column(
        "float64", "doubt that lies in the model: disagreement of its members (mutual information), in nats"
    ),
    "abstain": Column("bool", "true where the model is too unsure for its answer to be used"),
}
"""Columns with fixed names. Of the others, see `column`."""

_PREFIXES = {
    "e.": Column("float32", "one value of an encoder's vector, with no unit"),
    "p.": Column("float64", "probability of the category, 0 to 1"),
    "aleatoric.": Column("float64", "doubt that lies in the recording, as standard deviation"),
    "epistemic.": Column("float64", "doubt that lies in the model, as standard deviation"),
}


def column(name: str) -> Column:
    """Return type and meaning of a column, also of those named after a category or dimension.

    Example:
        >>> column("p.anger").meaning
        'probability of the category, 0 to 1'
        >>> column("valence.derived").dtype
        'float64'
    """
    if name in SCHEMA:
        return SCHEMA[name]
    for prefix, found in _PREFIXES.items():
        if name.startswith(prefix):
            return found
    if name.endswith(".derived"):
        return Column("float64", "computed from the categories by published norms, -1 to 1")
    return Column("float64", "dimension from a model trained on it")


def prediction_columns(
    categories: Iterable[str], derived: Iterable[str], dimensions: Iterable[str]
) -> list[str]:
    """Return the columns of a prediction table, in order.

    Args:
        categories: category names of the model.
        derived: dimensions computed from the categories by norms.
        dimensions: dimensions that the model was trained on.

    Example:
        >>> prediction_columns(["anger"], ["valence"], ["intensity"])[7:]
        ['p.anger', 'valence.derived', 'intensity', 'aleatoric.category', 'epistemic.category', 'abstain']
    """
    probabilities = [f"p.{name}" for name in categories]
    from_norms = [f"{name}.derived" for name in derived]
    return [*PREDICTION_KEYS, *probabilities, *from_norms, *dimensions, *DOUBT_COLUMNS, "abstain"]
