from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradoscope.data import load, prepare, split
from gradoscope.errors import DataError

Writer = Callable[[str, str | bytes], str]
Idx = Callable[..., bytes]
IMAGES = (np.arange(40 * 6).reshape(40, 2, 3) % 256).astype(np.uint8)
LABELS = (np.arange(40) % 4).astype(np.uint8)


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_with_test_files(file: Writer, idx_bytes: Idx, packed: bool) -> None:
    ending = ".gz" if packed else ""
    for start, part in (("train", slice(0, 30)), ("t10k", slice(30, 40))):
        file(f"mnist/{start}-images-idx3-ubyte{ending}", idx_bytes(IMAGES[part], packed=packed))
        path = file(f"mnist/{start}-labels-idx1-ubyte{ending}", idx_bytes(LABELS[part], packed=packed))
    dataset = load(str(Path(path).parent))
    np.testing.assert_array_equal(dataset.inputs, IMAGES.reshape(40, 6))
    np.testing.assert_array_equal(dataset.target, LABELS)
    assert np.asarray(dataset.inputs).dtype == np.uint8
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == list(range(30, 40))
    assert (dataset.task, dataset.scaling, dataset.name) == ("multiclass", "minmax", "mnist")
    inputs = prepare(dataset, split(dataset, 0).train).inputs(dataset.inputs)
    np.testing.assert_allclose(inputs, IMAGES.reshape(40, 6) / 255, rtol=1e-6)


@pytest.mark.parametrize("asked", ["my-images.idx3-ubyte", "my-labels.idx1-ubyte.gz"])
def test_a_file_finds_its_partner(file: Writer, idx_bytes: Idx, asked: str) -> None:
    file("my-images.idx3-ubyte", idx_bytes(IMAGES))
    path = file("my-labels.idx1-ubyte.gz", idx_bytes(LABELS, packed=True))
    dataset = load(str(Path(path).with_name(asked)))
    np.testing.assert_array_equal(dataset.target, LABELS)
    assert dataset.test_rows is None


def test_other_number_types_are_big_endian(file: Writer, idx_bytes: Idx) -> None:
    values = np.array([[1.5, -2.0], [1e-3, 4.0]] * 10, dtype=">f4")
    header = bytes([0, 0, 13, 2]) + (20).to_bytes(4, "big") + (2).to_bytes(4, "big")
    file("labels", idx_bytes(LABELS[:20]))
    dataset = load(file("images", header + values.tobytes()))
    np.testing.assert_array_equal(dataset.inputs, values)
    assert np.asarray(dataset.inputs).dtype == np.float32


def test_what_can_be_wrong(file: Writer, idx_bytes: Idx, tmp_path: Path) -> None:
    whole = idx_bytes(IMAGES)
    path = file("a-images", whole)
    with pytest.raises(DataError, match="needs its labels beside it, named a-labels"):
        load(path)
    file("a-labels", idx_bytes(LABELS[:30]))
    with pytest.raises(DataError, match=r"40 images.*30 labels"):
        load(path)
    file("a-labels", idx_bytes(LABELS))
    with pytest.raises(DataError, match="promises 256 bytes, and it has 156"):
        load(file("a-images", whole[:-100]))
    with pytest.raises(DataError, match="damaged"):
        load(file("a-images", idx_bytes(IMAGES, packed=True)[:60]))
    file("empty/readme.txt", "nothing here")
    with pytest.raises(DataError, match="without image files"):
        load(str(tmp_path / "empty"))
    for name in ("one-images", "two-images"):
        file(f"many/{name}", whole)
    with pytest.raises(DataError, match="one-images, two-images"):
        load(str(tmp_path / "many"))
    for start, images in (("train", IMAGES), ("t10k", IMAGES[:, :1])):
        file(f"sizes/{start}-images", idx_bytes(images))
        file(f"sizes/{start}-labels", idx_bytes(LABELS))
    with pytest.raises(DataError, match="different sizes"):
        load(str(tmp_path / "sizes"))
