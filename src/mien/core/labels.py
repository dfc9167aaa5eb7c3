"""Closed label spaces: which categories and dimensions a corpus or model knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mien.core.errors import DataError
from mien.core.nearest import did_you_mean


@dataclass(frozen=True)
class LabelSpace:
    """Name the categories and dimensions that are allowed, and nothing else.

    Use one per corpus and per model. A label outside the space is an error, never a new class.

    Attributes:
        categories: allowed category names, in the order of a model's outputs.
        dimensions: name → (low, high) of each continuous target.
        exclusive: True where an item carries exactly one category.
    """

    categories: tuple[str, ...] = ()
    dimensions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    exclusive: bool = True

    def check(self, labels: Iterable[str]) -> list[str]:
        """Return the labels as a list.

        Raises:
            DataError: a label is not in the space; the message names the nearest.

        Example:
            >>> LabelSpace(("anger", "neutral")).check(["anger"])
            ['anger']
        """
        found = list(labels)
        for label in dict.fromkeys(found):
            if label not in self.categories:
                raise DataError(
                    f"Got label `{label}`, expected one of {', '.join(self.categories)}."
                    f"{did_you_mean(str(label), self.categories)}"
                )
        return found

    def map_to(self, target: "LabelSpace", mapping: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return a complete mapping of this space's categories into `target`'s.

        Categories of the same name map to themselves; `None` leaves a category out on purpose.

        Args:
            target: the space to map into.
            mapping: own category → target category, or None to leave it out.

        Raises:
            DataError: a category has no target, or the target does not know it.

        Example:
            >>> LabelSpace(("angry",)).map_to(LabelSpace(("anger",)), {"angry": "anger"})
            {'angry': 'anger'}
        """
        self.check(mapping)
        target.check(to for to in mapping.values() if to is not None)
        complete: dict[str, str | None] = {}
        for name in self.categories:
            if name in mapping:
                complete[name] = mapping[name]
            elif name in target.categories:
                complete[name] = name
            else:
                raise DataError(
                    f"Got category `{name}` with no place in {', '.join(target.categories)}; "
                    "map it, or map it to None to leave it out."
                )
        return complete


SHARED_EMOTIONS = LabelSpace(
    categories=("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
)
"""The seven categories that the shipped voice models and the joint protocol speak."""
