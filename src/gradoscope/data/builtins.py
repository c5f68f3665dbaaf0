"""The data sets that need no file: their names, what they are, and how each is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradoscope.data.fashion import fashion_mnist
from gradoscope.data.generators import from_sklearn, generate, sklearn_names
from gradoscope.data.source import Source
from gradoscope.data.toys import make_spirals, make_tumour_size, make_xor
from gradoscope.language import say

Options = Mapping[str, object]
Make = Callable[[Options], Source] | Path
EXAMPLES = Path(__file__).parent / "examples"


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
    make
        From options to the data, or the file that holds them.
    description
        One sentence for the user.
    """

    name: str
    task: str
    rows: int
    columns: int
    make: Make
    description: str


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
        Builtin("tumour", "binary", 569, 30, _loader("load_breast_cancer"),
                say("Breast tumours: malignant or benign, from measurements of cell nuclei.")),
        Builtin("tumour-size", "binary", 400, 1, _tumour_size,
                say("Malignant or benign from the size alone: a logistic curve made with a fixed seed.")),
        Builtin("digits", "multiclass", 1797, 64, _loader("load_digits", "minmax"),
                say("Handwritten digits, 8 x 8 pixels.")),
        Builtin("iris", "multiclass", 150, 4, _loader("load_iris"),
                say("Three species of iris, from the sizes of their leaves.")),
        Builtin("wine", "multiclass", 178, 13, _loader("load_wine"),
                say("Three growers of wine, from a chemical analysis.")),
        Builtin("diabetes", "regression", 442, 10, _loader("load_diabetes"),
                say("How diabetes progresses within a year, from ten measurements.")),
        Builtin("fashion-mnist", "multiclass", 70000, 784, fashion_mnist,
                say("Grey pictures of clothes, 28 x 28 pixels (needs its files on the machine).")),
        Builtin("tumour-korean", "binary", 569, 10, EXAMPLES / "tumour-cp949.csv",
                say("Breast tumours as a Korean CSV file (CP949) with categories and missing cells.")),
        Builtin("xor", "binary", 400, 2, _toy("xor", make_xor),
                say("Clouds at the corners of a square; the class is the exclusive or of the coordinates.")),
        Builtin("spirals", "binary", 400, 2, _toy("spirals", make_spirals),
                say("Two spiral arms wound around each other.")),
        Builtin("make_circles", "binary", 100, 2, _loader("make_circles"),
                say("A circle around another.")),
        Builtin("make_moons", "binary", 100, 2, _loader("make_moons"),
                say("Two half moons that interlock.")),
        Builtin("make_blobs", "multiclass", 100, 2, _loader("make_blobs"),
                say("Round clouds of points.")),
        Builtin("make_classification", "binary", 100, 20, _loader("make_classification"),
                say("Classes on the corners of a cube, among inputs that say nothing.")),
        Builtin("make_regression", "regression", 100, 100, _loader("make_regression"),
                say("A linear function of a few of many inputs.")),
        Builtin("make_friedman1", "regression", 100, 10, _loader("make_friedman1"),
                say("A curved function of five inputs, among five that say nothing.")),
    )  # fmt: skip


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def find_builtin(name: str) -> Make | None:
    """What makes the built-in data of that name (case, `_` and `-` ignored), or any data of scikit-learn; else None."""
    known: dict[str, Make] = {_key(each.name): each.make for each in catalogue()}
    known |= {_key(each): _loader(each) for each in sklearn_names() if _key(each) not in known}
    known["load-digits"] = known["digits"]
    return known.get(_key(name))


def builtin_names() -> tuple[str, ...]:
    """The names to suggest: the catalogue and scikit-learn's generators."""
    generators = (name for name in sklearn_names() if name.startswith("make_"))
    return tuple(dict.fromkeys([*(each.name for each in catalogue()), *generators]))
