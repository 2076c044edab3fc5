"""The shape of the tree: small files and functions, a core of the standard library alone, pins that name no index."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("sosw", "essentials", "examples", "bench", "release", "tests")
SOURCES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
CORE = [path for path in SOURCES if path.is_relative_to(ROOT / "sosw" / "domain") or path == ROOT / "sosw" / "ports.py"]
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 30


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _length(node) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_the_core_imports_the_standard_library_and_itself_alone() -> None:
    foreign = [
        f"{_name(path)}: {module}"
        for path in CORE
        for module in _imports(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("sosw.domain")
    ]
    assert CORE
    assert foreign == []


@pytest.mark.parametrize("pins", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_pins_name_versions_and_no_index_or_folder(pins: Path) -> None:
    lines = [line for line in pins.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==\S+( ; .+)?", line)] == []
    assert not re.search(r"https?:|file:|(^|\s)/", pins.read_text())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports are absolute (ruff TID252)"
            yield node.module
