"""The data sets that need no file: their names, what they are, and how each is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradoscope.data.fashion import fashion_mnist
from gradoscope.data.generators import from_sklearn, generate, sklearn_names
from gradoscope.data.source import Source
from gradoscope.data.toys import make_spirals, make_tumour_size, make_xor
from gradoscope.language import say

Options = Mapping[str, object]


@dataclass(frozen=True)
class Builtin:
    """A data set that needs no file of the user.

    Parameters
    ----------
    name
        What it is loaded by.
    task
        "binary", "multiclass" or "regression".
    rows, columns
        Its size, with the options at their defaults.
    description
        One sentence for the user.
    make
        From options to the data.
    """

    name: str
    task: str
    rows: int
    columns: int
    description: str
    make: Callable[[Options], Source]


def _loader(function: str, scaling: str = "standard") -> Callable[[Options], Source]:
    return lambda options: from_sklearn(function, options, scaling)


def _toy(name: str, make: Callable[..., Any]) -> Callable[[Options], Source]:
    return lambda options: generate(name, make, options)


def _tumour_size(options: Options) -> Source:
    source = generate("tumour-size", make_tumour_size, options)
    target = source.target._replace(names=("malignant",), class_names=("benign", "malignant"))
    return source._replace(input_names=("size_cm",), target=target)


def catalogue() -> tuple[Builtin, ...]:
    """Every built-in data set, the best known first.

    Examples
    --------
    >>> [each.name for each in catalogue()][:3]
    ['tumour', 'tumour-size', 'digits']
    """
    return (
        Builtin("tumour", "binary", 569, 30, say("Breast tumours: malignant or benign, from measurements of cell nuclei."), _loader("load_breast_cancer")),
        Builtin("tumour-size", "binary", 400, 1, say("Malignant or benign from the size alone: a logistic curve made with a fixed seed."), _tumour_size),
        Builtin("digits", "multiclass", 1797, 64, say("Handwritten digits, 8 x 8 pixels."), _loader("load_digits", "minmax")),
        Builtin("iris", "multiclass", 150, 4, say("Three species of iris, from the sizes of their leaves."), _loader("load_iris")),
        Builtin("wine", "multiclass", 178, 13, say("Three growers of wine, from a chemical analysis."), _loader("load_wine")),
        Builtin("diabetes", "regression", 442, 10, say("How diabetes progresses within a year, from ten measurements."), _loader("load_diabetes")),
        Builtin("fashion-mnist", "multiclass", 70000, 784, say("Grey pictures of clothes, 28 x 28 pixels (needs its files on the machine)."), fashion_mnist),
        Builtin("xor", "binary", 400, 2, say("Clouds at the corners of a square; the class is the exclusive or of the coordinates."), _toy("xor", make_xor)),
        Builtin("spirals", "binary", 400, 2, say("Two spiral arms wound around each other."), _toy("spirals", make_spirals)),
        Builtin("make_circles", "binary", 100, 2, say("A circle around another."), _loader("make_circles")),
        Builtin("make_moons", "binary", 100, 2, say("Two half moons that interlock."), _loader("make_moons")),
        Builtin("make_blobs", "multiclass", 100, 2, say("Round clouds of points."), _loader("make_blobs")),
        Builtin("make_classification", "binary", 100, 20, say("Classes on the corners of a cube, among inputs that say nothing."), _loader("make_classification")),
        Builtin("make_regression", "regression", 100, 100, say("A linear function of a few of many inputs."), _loader("make_regression")),
        Builtin("make_friedman1", "regression", 100, 10, say("A curved function of five inputs, among five that say nothing."), _loader("make_friedman1")),
    )  # fmt: skip


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def find_builtin(name: str) -> Callable[[Options], Source] | None:
    """What makes the built-in data of that name (case, `_` and `-` ignored), or any data of scikit-learn; else None."""
    known = {_key(each.name): each.make for each in catalogue()}
    known |= {_key(each): _loader(each) for each in sklearn_names() if _key(each) not in known}
    known["load-digits"] = known["digits"]
    return known.get(_key(name))


def builtin_names() -> tuple[str, ...]:
    """Every name that `find_builtin` knows."""
    return tuple(dict.fromkeys([*(each.name for each in catalogue()), *sklearn_names()]))
