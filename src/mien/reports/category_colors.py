"""One color per expressed category, readable in light, dark and by color-blind eyes."""

CATEGORY_COLORS: dict[str, tuple[str, str]] = {
    "anger": ("#c2503c", "#cf6f3a"),
    "disgust": ("#4b4912", "#bfe3a0"),
    "fear": ("#7038c4", "#c58ae8"),
    "happiness": ("#b8860f", "#f4d54a"),
    "neutral": ("#898d95", "#74777c"),
    "sadness": ("#4f80d0", "#4f78f0"),
    "surprise": ("#0d4c60", "#7fe6ea"),
}
"""Category → (color on a light page, color on a dark page); each at least 3:1 against its page."""

SPARE_COLORS = (
    ("#a0336f", "#ec8bbd"),
    ("#2f7f4f", "#67c78d"),
    ("#8a5a2b", "#d6a26c"),
    ("#4a5aa8", "#95a3ee"),
)
SAME_AS = {"angry": "anger", "happy": "happiness", "joy": "happiness", "sad": "sadness", "calm": "neutral"}


def color_of(category: str, position: int = 0) -> tuple[str, str]:
    """Return the light-page and the dark-page color of a category.

    Args:
        category: its name; names outside the shared seven take a spare color.
        position: its place among the model's categories; picks the spare color.

    Example:
        >>> color_of("sadness")
        ('#4f80d0', '#4f78f0')
    """
    known = SAME_AS.get(category, category)
    if known == "others":
        return CATEGORY_COLORS["neutral"]
    return CATEGORY_COLORS.get(known) or SPARE_COLORS[position % len(SPARE_COLORS)]
