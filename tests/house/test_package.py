"""The package as files: its version, its locks, and nothing that belongs to one machine."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import gradoscope

PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)
REQUIRED = re.compile(r"^[A-Za-z0-9._-]+")
FOREIGN = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|(?:deb|security)[.]debian[.]org"  # registries have many mirrors
    r"|index-url[ =]+\S*:|find-links[ =]"
    r"|(?<![\w.~-])/(?:root|work|farm|home|Users)/\w"
)


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def pins(root: Path, lock: str) -> dict[str, str]:
    return dict(PINNED.findall((root / "requirements" / lock).read_text("utf-8")))


def names(requirements: list[str]) -> set[str]:
    return {match[0].lower() for text in requirements if (match := REQUIRED.match(text))}


def test_one_version(project: dict[str, Any], root: Path) -> None:
    version = project["project"]["version"]
    assert gradoscope.__version__ == version
    assert re.search(rf"^## \[{re.escape(version)}\]", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_the_locks_hold_what_the_package_asks_for(project: dict[str, Any], root: Path) -> None:
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    core = names(project["project"]["dependencies"] + groups["build"])
    test = core | names(extras["test"] + extras["cluster"] + extras["keras"] + extras["onnx"] + groups["torch-needs"])
    assert core - pins(root, "core.lock").keys() == set()
    assert test - pins(root, "test.lock").keys() == set()


def test_the_locks_agree(root: Path) -> None:
    assert pins(root, "core.lock").items() <= pins(root, "test.lock").items()


def test_no_lock_brings_torch(root: Path) -> None:
    """Its build for graphics cards weighs gigabytes; requirements/torch.txt says how it is installed."""
    assert [name for name in pins(root, "test.lock") if re.match(r"torch|nvidia|cuda|triton", name)] == []


def test_every_pin_has_a_hash(root: Path) -> None:
    for lock in ("core.lock", "test.lock"):
        text = (root / "requirements" / lock).read_text("utf-8")
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
        assert [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git which files belong to the project")
def test_nothing_belongs_to_one_machine(root: Path) -> None:
    if not (root / ".git").exists():
        pytest.skip("not a clone")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    for path in filter(Path.is_file, map(root.joinpath, listing.rstrip("\0").split("\0"))):
        found = FOREIGN.search(path.read_bytes().decode("utf-8", "ignore"))
        assert found is None, f"{path.relative_to(root)}: {found}"


@pytest.mark.parametrize(
    "line",
    [
        "https:" + "//pyp" + "i.org/simple",
        "see /ro" + "ot/x",
        "--extra-index-url" + " https://a",
        "'/ho" + "me/me/data'",
    ],
)
def test_what_belongs_to_one_machine_is_seen(line: str) -> None:
    assert FOREIGN.search(line)
