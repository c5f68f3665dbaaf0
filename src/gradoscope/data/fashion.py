"""Fashion-MNIST, from the files that Debian's package or the user puts on the machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from gradoscope.data.idx import read_idx_folder
from gradoscope.data.source import Source
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

FOLDER_VARIABLE = "GRADOSCOPE_DATA"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
KINDS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def fashion_mnist(options: Mapping[str, object]) -> Source:
    """70,000 grey pictures of clothes, the last 10,000 of them for testing.

    Raises
    ------
    DataError
        The files are not on this machine; the message says how to get them.
    UsageError
        Options: there are none.
    """
    if options:
        raise UsageError(say("{name} takes no options.", name="fashion-mnist"))
    source = read_idx_folder(find_folder(os.environ))
    return source._replace(target=source.target._replace(class_names=KINDS))


def find_folder(environment: Mapping[str, str]) -> Path:
    """The folder that holds the files: $GRADOSCOPE_DATA/fashion-mnist, $GRADOSCOPE_DATA, or Debian's."""
    own = Path(environment[FOLDER_VARIABLE]) if environment.get(FOLDER_VARIABLE) else None
    folders = [*([own / "fashion-mnist", own] if own else []), DEBIAN]
    for folder in folders:
        if any(folder.glob("train-images-idx3-ubyte*")):
            return folder
    raise DataError(
        say(
            "the Fashion-MNIST files are not on this machine: install Debian's package dataset-fashion-mnist, "
            "or set {variable} to a folder that holds its four IDX files (train-images-idx3-ubyte.gz and the others).",
            variable=FOLDER_VARIABLE,
        )
    )
