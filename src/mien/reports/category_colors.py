"""One color per expressed category, readable in light, dark and by color-blind eyes."""

CATEGORY_COLORS: dict[str, tuple[str, str]] = {
    "anger": ("#b5402a", "#f0795d"),
    "disgust": ("#5c7a1f", "#a3bf57"),
    "fear": ("#6f3f9e", "#b796e8"),
    "happiness": ("#b87a00", "#f2bf4a"),
    "neutral": ("#7b7f86", "#8b9199"),
    "sadness": ("#1f5fae", "#6aa5ee"),
    "surprise": ("#12877f", "#45d1c3"),
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
        ('#1f5fae', '#6aa5ee')
    """
    known = SAME_AS.get(category, category)
    if known == "others":
        return CATEGORY_COLORS["neutral"]
    return CATEGORY_COLORS.get(known) or SPARE_COLORS[position % len(SPARE_COLORS)]
