"""Find the nearest known names to a mistyped one."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` known names, the most similar first.

    Example:
        >>> nearest("warmup_step", ["warmup_steps", "batch_size"])
        ['warmup_steps']
    """
    return difflib.get_close_matches(name, list(known), n=count, cutoff=0.5)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" for the nearest known names, or an empty string.

    Example:
        >>> did_you_mean("angr", ["anger", "neutral"])
        ' Did you mean `anger`?'
    """
    found = nearest(name, known)
    return f" Did you mean {' or '.join(f'`{n}`' for n in found)}?" if found else ""
