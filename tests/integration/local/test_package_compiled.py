"""A package for AWS holds its modules compiled, where a Python of the version that will run them is here."""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest

from sosw.local.errors import LocalStackError
from sosw.local.package import Target, build_package
from sosw.local.tools import PYTHON_MINOR, compile_modules, find_python

RUNTIME = f"python{PYTHON_MINOR}"
HEADER = 16
"""Bytes before the code: magic number, flags, hash of the source."""
UNCHECKED = (1).to_bytes(4, "little")
IMPORT = """
import sys
folder, module, compiled = sys.argv[1], sys.argv[2], []
sys.path.insert(0, folder)
sys.addaudithook(lambda event, said: compiled.append(str(said[1])) if event == "compile" else None)
__import__(module)
loaded = [each for each in sys.modules.values() if str(getattr(each, "__file__", "")).startswith(folder)]
print(len(loaded), sum(name.startswith(folder) for name in compiled))
"""
"""How many modules were loaded from a folder, and how many of them were compiled for that."""
FakePython = Callable[[str], Path]


@pytest.fixture
def code(project: Path) -> Path:
    folder = project / "code"
    folder.mkdir()
    (folder / "app.py").write_text("def handle(event, context):\n    return 1\n")
    return folder


@pytest.fixture
def python(project: Path) -> Path:
    found = find_python(project, PYTHON_MINOR)
    assert found
    return found


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePython:
    """Has uv find a Python of another version, that says of itself what it is told to say."""
    script, uv = tmp_path / "other-python", tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$UV_PYTHON_DOWNLOADS" = never ] || exit 2\necho {script}\n')
    uv.chmod(0o755)
    monkeypatch.setenv("UV", str(uv))
    find_python.cache_clear()

    def says(words: str) -> Path:
        find_python.cache_clear()
        script.write_text(f"#!/bin/sh\n{words}\n")
        script.chmod(0o755)
        return script

    return says


def loaded_and_compiled(folder: Path, module: str) -> tuple[int, int]:
    command = [sys.executable, "-I", "-B", "-S", "-c", IMPORT, str(folder), module]
    loaded, compiled = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(loaded), int(compiled)


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    return folder


def test_every_module_boto3s_too_loads_without_being_compiled(
    project: Path, code: Path, python: Path, tmp_path: Path
) -> None:
    (code / "requirements.txt").write_text("sosw[essentials]>=1.0.0.dev0\n")
    (code / "app.py").write_text("import boto3\nimport sosw.essential\n")
    compiled = unpacked(build_package(project, code, Target.on_aws(RUNTIME, "arm64", python)), tmp_path / "compiled")
    plain = unpacked(build_package(project, code, Target.on_aws(RUNTIME, "arm64")), tmp_path / "plain")

    modules = list(compiled.rglob("*.py"))
    missing = [path for path in modules if not Path(importlib.util.cache_from_source(path)).exists()]
    assert (len(modules) > 500, missing) == (True, [])
    loaded, number = loaded_and_compiled(plain, "app")
    assert number >= loaded > 100
    assert loaded_and_compiled(compiled, "app") == (loaded, 0)


def test_a_trace_names_the_place_on_lambda_whatever_the_time_of_the_source(
    project: Path, code: Path, python: Path
) -> None:
    with zipfile.ZipFile(build_package(project, code, Target.on_aws(RUNTIME, "arm64", python))) as archive:
        bytecode = archive.read(importlib.util.cache_from_source("app.py"))
    found = marshal.loads(bytecode[HEADER:])  # noqa: S302  (it was made here)
    assert bytecode[:4] == importlib.util.MAGIC_NUMBER
    assert bytecode[4:8] == UNCHECKED
    assert isinstance(found, CodeType)
    assert found.co_filename == "/var/task/app.py"


def test_what_is_no_python_stays_as_it_is(project: Path, code: Path, python: Path) -> None:
    (code / "template.py").write_text("class {{ name }}:\n")
    with zipfile.ZipFile(build_package(project, code, Target.on_aws(RUNTIME, "arm64", python))) as archive:
        found = set(archive.namelist())
    assert found == {"app.py", "template.py", importlib.util.cache_from_source("app.py")}


def test_modules_of_the_folder_that_one_stands_in_are_not_taken_for_pythons_own(
    code: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code / "compileall.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(code)
    monkeypatch.setenv("PYTHONPATH", str(code))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(code / "elsewhere"))
    compile_modules(code, python, "/var/task")
    assert (code / importlib.util.cache_from_source("app.py")).exists()


def test_a_python_of_the_version_that_is_elsewhere_on_the_machine_is_found(project: Path, other: FakePython) -> None:
    assert find_python(project, "3.99") is None, "uv names one that is not there"
    script = other("echo cpython 3.99 final")
    assert find_python(project, "3.99") == script


@pytest.mark.parametrize(
    "words",
    [
        "echo cpython 3.99 candidate",
        "echo cpython 3.99 beta",
        "echo pypy 3.99 final",
        "echo cpython 3.98 final",
        "exit 127  # as the shim of a version manager",
    ],
)
def test_what_would_write_other_bytecode_is_passed_over(project: Path, other: FakePython, words: str) -> None:
    other(words)
    assert find_python(project, "3.99") is None


def test_where_uv_is_missing_this_python_is_enough_for_its_own_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_python.cache_clear()
    shim = tmp_path / "python"
    shim.write_text(f"#!/bin/sh\necho cpython {PYTHON_MINOR} final\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(sys, "executable", str(shim))
    assert find_python(tmp_path, PYTHON_MINOR) == shim
    assert find_python(tmp_path, "3.99") is None


def test_a_python_that_is_ended_amid_it_leaves_no_package(project: Path, code: Path, other: FakePython) -> None:
    killed = other("kill -9 $$")
    with pytest.raises(LocalStackError, match="could not compile the modules of a package: it ended with -9"):
        build_package(project, code, Target.on_aws("python3.99", "arm64", killed))
    assert not list((project / ".sosw" / "build").glob("*.zip"))
