"""What can be chosen about a bag of words."""

from dataclasses import dataclass
from typing import get_args, get_type_hints

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean

METHODS = ("random", "random++", "kmeans", "kmeans++")
SCALES = ("standardize", "normalize", "none")
NORMS = ("none", "frames", "sum", "length")


@dataclass(frozen=True)
class Words:
    """Choose how frames of numbers become words.

    Several of them split the descriptors over codebooks of their own, or take frames of several tables.

    Attributes:
        name: first part of the bag's column names.
        columns: descriptors; None for every column of numbers but the keys.
        size: words of the codebook; 1 or more.
        method: `random` takes frames as words; `random++` prefers frames that are far from the words so far,
            as k-means++ begins; `kmeans` and `kmeans++` go on from these by Lloyd's algorithm.
        assign: nearest words that each frame counts for; 1 to `size`.
        gaussian: a word at distance d counts exp(-d² / (2 gaussian²)), not 1; in units of the scaled frames.
        farthest: words farther away than this are not counted; in units of the scaled frames.
        train: frames, drawn at random, that the codebook is learned from; None for all.
        scale: `standardize` to mean 0 and standard deviation 1, `normalize` to 0 to 1, or `none`; by what the
            training frames were.
        components: principal components that stand for the frame; None for the frame itself.
        context: successive frames that are seen as one, centred, edges repeated; more than 1 needs
            `components`.
    """

    name: str = "frames"
    columns: tuple[str, ...] | None = None
    size: int = 500
    method: str = "random++"
    assign: int = 1
    gaussian: float | None = None
    farthest: float | None = None
    train: int | None = None
    scale: str = "standardize"
    components: int | None = None
    context: int = 1

    def __post_init__(self) -> None:
        _check_types(self)
        _check_choice("method", self.method, METHODS)
        _check_choice("scale", self.scale, SCALES)
        for name in ("size", "assign", "train", "components", "context"):
            _check_least(name, getattr(self, name), 1)
        for name in ("gaussian", "farthest"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"Got {name} {value}, expected a distance above 0; choose one, or None.")
        if self.assign > self.size:
            raise ConfigError(f"Got assign {self.assign}, expected at most the {self.size} words; lower it.")
        if self.context > 1 and self.components is None:
            raise ConfigError(f"Got context {self.context} without components; say how many, such as 16.")


@dataclass(frozen=True)
class Terms:
    """Choose how text becomes words: those that the training text has, in small letters.

    Attributes:
        name: first part of the bag's column names.
        column: column of text; null where nothing was said.
        n_grams: sequences of up to so many words; 0 for none.
        characters: sequences of exactly so many characters within words; 0 for none.
        least: occurrences in the training text that a term needs.
        most: occurrences that a term may have; None for any number.
        removed: characters that are taken out before the text is cut at blanks.
    """

    name: str = "text"
    column: str = "text"
    n_grams: int = 1
    characters: int = 0
    least: int = 1
    most: int | None = None
    removed: str = ".,;:()?!*"

    def __post_init__(self) -> None:
        _check_types(self)
        _check_least("n_grams", self.n_grams, 0)
        _check_least("characters", self.characters, 0)
        _check_least("least", self.least, 1)
        _check_least("most", self.most, self.least)
        if not self.n_grams + self.characters:
            raise ConfigError("Got neither n_grams nor characters, expected one of them; try n_grams=1.")


@dataclass(frozen=True)
class Weighting:
    """Choose what becomes of the counts, in this order.

    Attributes:
        log: each count c becomes lg(c + 1), to the base of 10.
        idf: each is multiplied by lg(bags / bags that have the word), counted in training; a word that no
            training bag has weighs 0.
        norm: `frames` divides by the frames of the bag, `sum` by the sum of its counts, `length` by their
            Euclidean length; then all are multiplied by the number of words, so that with `sum` they are 1
            on average. A bag without a count stays 0.
    """

    log: bool = False
    idf: bool = False
    norm: str = "none"

    def __post_init__(self) -> None:
        _check_types(self)
        _check_choice("norm", self.norm, NORMS)


def _check_types(options: object) -> None:
    for name, wanted in get_type_hints(type(options)).items():
        value, allowed = getattr(options, name), get_args(wanted) or (wanted,)
        names = {getattr(one, "__origin__", one) for one in allowed}
        names |= {int} if float in names else set()
        if type(value) not in names:
            expected = " or ".join(sorted(one.__name__.replace("NoneType", "None") for one in names))
            raise ConfigError(f"Got {name} {value!r}, expected {expected}; correct it.")
        if type(value) is tuple and not (value and all(isinstance(one, str) for one in value)):
            raise ConfigError(f"Got {name} {value!r}, expected names of columns; correct it.")


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        listed = ", ".join(known)
        raise ConfigError(f"Got {name} `{value}`, expected one of {listed}.{did_you_mean(value, known)}")


def _check_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise ConfigError(f"Got {name} {value}, expected at least {least}; raise it.")
