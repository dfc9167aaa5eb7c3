"""The classes of a corpus' rows, be there one per row or several."""

import pandas as pd

PREFIX = "label."


def class_members(table: pd.DataFrame) -> "dict[str, pd.Series[bool]]":
    """Return class → which rows are of it, the largest class first.

    Args:
        table: corpus table. Bool columns `label.<name>` go before `emotion`, which in a corpus with several
            labels per row holds only the rows with one; classes of `emotion` without such a column stay.

    Example:
        >>> table = pd.DataFrame({"emotion": ["joy", None], "label.joy": [True, True]})
        >>> class_members(table)["joy"].tolist()
        [True, True]
    """
    names = [str(name) for name in table if str(name).startswith(PREFIX)]
    found = {name.removeprefix(PREFIX): table[name].fillna(False).astype(bool) for name in names}
    if "emotion" in table:
        labels = table["emotion"].astype("string")
        for label in sorted(labels.dropna().unique()):
            found.setdefault(str(label), (labels == label).fillna(False).astype(bool))
    return dict(sorted(found.items(), key=lambda one: -int(one[1].sum())))


def joined_labels(table: pd.DataFrame) -> "pd.Series[str]":
    """Return all classes of each row as one text, joined by `|`; null for a row without class.

    Example:
        >>> joined_labels(pd.DataFrame({"label.joy": [True, True], "label.fear": [False, True]})).tolist()
        ['joy', 'fear|joy']
    """
    joined = pd.Series("", index=table.index, dtype="string")
    for label, own in sorted(class_members(table).items()):
        joined = joined.mask(own, joined + "|" + label)
    return joined.str.removeprefix("|").mask(joined == "")
