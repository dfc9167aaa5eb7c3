"""Options that take several words after one name: `--corpus emodb ravdess`."""

from collections.abc import Sequence

from typer.core import TyperCommand

SEVERAL = ("--corpus", "--systems", "--links")


class SeveralWords(TyperCommand):
    """A command in which some options take every word up to the next option."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:  # type: ignore[no-untyped-def]
        """Repeat the option's name before each of its words, which is what the parser expects."""
        return super().parse_args(ctx, repeat_names(args))


def repeat_names(words: Sequence[str], *, several: Sequence[str] = SEVERAL) -> list[str]:
    """Return the words with the name of an option repeated before each of its values.

    Example:
        >>> repeat_names(["--corpus", "emodb", "urdu", "--seeds", "3"])
        ['--corpus', 'emodb', '--corpus', 'urdu', '--seeds', '3']
    """
    found: list[str] = []
    name, values = "", 0
    for word in words:
        if word.startswith("-"):
            found.append(word)
            name, values = (word if word in several else ""), 0
        else:
            found += [name, word] if name and values else [word]
            values += 1
    return found
