"""How the code reads: short files, short functions, no blind `except`."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

LONGEST_FILE, LONGEST_CATALOGUE_PAGE, LONGEST_FUNCTION = 300, 600, 40
BLIND = {"Exception", "BaseException"}


def lines_of_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines after the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def blind_handlers(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else BLIND
            if names & BLIND:
                yield node


def test_files_are_short(source: Path) -> None:
    for path in source.rglob("*.py"):
        page = path.relative_to(source)
        limit = LONGEST_CATALOGUE_PAGE if page.parts[0] == "functions" else LONGEST_FILE
        assert len(path.read_text("utf-8").splitlines()) <= limit, page


def test_every_folder_of_code_is_a_package(source: Path) -> None:
    """The import ladder and the type checker see packages only."""
    folders = {path.parent for path in source.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_functions_are_short(modules: Mapping[str, ast.Module]) -> None:
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert lines_of_body(node) <= LONGEST_FUNCTION, f"{name}:{node.lineno} {node.name}"


def test_nothing_is_caught_blindly(modules: Mapping[str, ast.Module]) -> None:
    for name, tree in modules.items():
        assert [f"{name}:{handler.lineno}" for handler in blind_handlers(tree)] == []


def test_a_blind_handler_is_seen() -> None:
    for clause in ("except:", "except Exception:", "except (OSError, BaseException) as error:"):
        assert len(list(blind_handlers(ast.parse(f"try:\n    pass\n{clause}\n    pass\n")))) == 1
    assert list(blind_handlers(ast.parse("try:\n    pass\nexcept OSError:\n    pass\n"))) == []
