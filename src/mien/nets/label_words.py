"""Give the labels of foreign checkpoints their shared names, where the match is obvious."""

from collections.abc import Iterable

CATEGORY_WORDS = {
    "ang": "anger",
    "anger": "anger",
    "angry": "anger",
    "calm": "neutral",
    "dis": "disgust",
    "disgust": "disgust",
    "disgusted": "disgust",
    "fea": "fear",
    "fear": "fear",
    "fearful": "fear",
    "hap": "happiness",
    "happiness": "happiness",
    "happy": "happiness",
    "joy": "happiness",
    "neu": "neutral",
    "neutral": "neutral",
    "pleasant_surprise": "surprise",
    "ps": "surprise",
    "sad": "sadness",
    "sadness": "sadness",
    "sur": "surprise",
    "surprise": "surprise",
    "surprised": "surprise",
}
"""Label word of published checkpoints → category of the shared label space."""

DIMENSION_WORDS = {
    "activation": "arousal",
    "arousal": "arousal",
    "dominance": "dominance",
    "pleasure": "valence",
    "valence": "valence",
}
"""Label word of published checkpoints → dimension."""


def category_of(label: str) -> str:
    """Return the shared category of a checkpoint's label, or the label itself in lower case.

    Example:
        >>> category_of("ANG"), category_of("pleasant surprise"), category_of("Boredom")
        ('anger', 'surprise', 'boredom')
    """
    word = "_".join(label.strip().lower().split())
    return CATEGORY_WORDS.get(word, word)


def dimension_of(label: str) -> str:
    """Return the shared dimension of a checkpoint's label, or the label itself in lower case.

    Example:
        >>> dimension_of("Activation"), dimension_of("engagement")
        ('arousal', 'engagement')
    """
    word = "_".join(label.strip().lower().split())
    return DIMENSION_WORDS.get(word, word)


def are_dimensions(labels: Iterable[str]) -> bool:
    """Say whether all labels name dimensions, so that the outputs are values and not classes.

    Example:
        >>> are_dimensions(["arousal", "valence"]), are_dimensions(["angry", "valence"]), are_dimensions([])
        (True, False, False)
    """
    words = [dimension_of(label) for label in labels]
    return bool(words) and all(word in DIMENSION_WORDS.values() for word in words)
