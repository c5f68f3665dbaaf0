"""IDX files, the format of MNIST: images beside labels, gzipped or not."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.content import GZIP, kind_of, read_content, unreadable
from gradoscope.data.dataset import numbered_names
from gradoscope.data.source import Source
from gradoscope.data.targets import RawTarget
from gradoscope.errors import DataError
from gradoscope.language import say

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
TEST_FILE = re.compile(r"t10k|test", re.IGNORECASE)
IMAGES = re.compile(r"images", re.IGNORECASE)


class Pair(NamedTuple):
    """An images file and the file of its labels."""

    images: Path
    labels: Path


def read_idx(content: bytes, place: str) -> NDArray[np.generic]:
    """The array in an IDX file, in its own type.

    Raises
    ------
    DataError
        The file is not IDX, or shorter or longer than its header says.
    """
    if kind_of(content, Path(place)) != "idx" or content[2] not in TYPES:
        raise DataError(say("{place} is not an IDX file.", place=place))
    dtype, n_axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * n_axes
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(shape) < n_axes or len(content) != expected:
        raise DataError(
            say(
                "{place} is damaged: its header promises {expected} bytes, and it has {found}.",
                place=place,
                expected=expected,
                found=len(content),
            )
        )
    return np.frombuffer(content, dtype=dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def read_images(path: Path) -> NDArray[np.generic]:
    """The images in a file, one row each: shape (images, pixels)."""
    images = read_idx(read_content(path), path.name)
    if images.ndim < 2 or not images.size:
        raise DataError(say("{path} holds labels, not images; give the images file.", path=path))
    return images.reshape(len(images), -1)


def read_idx_folder(folder: Path) -> Source:
    """The images of a folder with their labels; files named t10k or test hold the test rows.

    Raises
    ------
    DataError
        No images file, no labels beside one, or files that do not fit together.
    """
    names = sorted(each for each in _listed(folder) if IMAGES.search(each.name) and _is_idx(each))
    if not names:
        raise DataError(
            say(
                "{path} is a folder without image files in the IDX format (such as train-images-idx3-ubyte.gz); "
                "give a data file.",
                path=folder,
            )
        )
    train = [each for each in names if not TEST_FILE.search(each.name)]
    if len(train) != 1 or len(names) > 2:
        found = ", ".join(each.name for each in names)
        raise DataError(
            say(
                "{path} holds the image files {found}; one for training and at most one for testing (t10k) are needed.",
                path=folder,
                found=found,
            )
        )
    return _source([_pair(train[0]), *(_pair(each) for each in names if each != train[0])], str(folder))


def read_idx_pair(path: Path) -> Source:
    """The images of a file with the labels beside it (or the labels with the images beside them)."""
    return _source([_pair(path)], path.name)


def _listed(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_file()]
    except OSError as error:
        raise DataError(unreadable(folder, error)) from None


def _is_idx(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(unreadable(path, error)) from None
    return start.startswith(GZIP) or (start[:2] == b"\0\0" and len(start) == 4 and start[2] in TYPES)


def _pair(path: Path) -> Pair:
    """The images file with its labels; `path` may be either of them."""
    is_labels = re.search("labels", path.name, re.IGNORECASE) is not None
    other = _other(path, is_labels=is_labels)
    if other is None:
        wanted = _renamed(path.name, is_labels=is_labels)
        raise DataError(
            say(
                "{path} needs its {other} beside it, named {wanted}.",
                path=path,
                other=say("images") if is_labels else say("labels"),
                wanted=wanted,
            )
        )
    return Pair(other, path) if is_labels else Pair(path, other)


def _other(path: Path, *, is_labels: bool) -> Path | None:
    name = _renamed(path.name, is_labels=is_labels)
    packed = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
    return next(
        (path.with_name(each) for each in (name, packed) if each != path.name and path.with_name(each).exists()), None
    )


def _renamed(name: str, *, is_labels: bool) -> str:
    words, places = (("labels", "images"), ("idx1", "idx3")) if is_labels else (("images", "labels"), ("idx3", "idx1"))
    return name.replace(*words).replace(*places)


def _source(pairs: list[Pair], place: str) -> Source:
    parts = [_matched(pair) for pair in pairs]
    if len({images.shape[1] for images, _ in parts}) > 1:
        raise DataError(say("{place} holds images of different sizes for training and testing.", place=place))
    images = np.concatenate([images for images, _ in parts]) if len(parts) > 1 else parts[0][0]
    labels = np.concatenate([labels for _, labels in parts])
    test = np.arange(len(parts[0][1]), len(labels)) if len(parts) > 1 else None
    target = RawTarget(labels, ("label",), np.arange(1, len(labels) + 1), place)
    known = (0.0, 255.0) if images.dtype == np.uint8 else None
    return Source(images, target, numbered_names(images.shape[1]), "minmax", test, known)


def _matched(pair: Pair) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    images, labels = read_images(pair.images), read_idx(read_content(pair.labels), pair.labels.name)
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(
            say(
                "{images} holds {n} images and {labels} holds {m} labels; they do not belong together.",
                images=pair.images,
                n=len(images),
                labels=pair.labels,
                m=len(labels),
            )
        )
    return images, labels
