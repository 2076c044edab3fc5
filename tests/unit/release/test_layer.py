"""The layer for Workers: what is in it, and that it is enough."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from release.building import write_zip
from release.layer import FOLDER, layer_files, modules

ROOT = Path(__file__).parents[3]
MOST_KB = 120
"""Of the archive: it is fetched at each cold start."""
WORKS = """
import sys
sys.path.insert(0, sys.argv[1])
import sosw
from sosw import NonRetryable, Processor, RetryAfter, Snooze, Worker, get_lambda_handler

class Doubler(Worker):
    def __call__(self, event):
        super().__call__(event)
        return event["number"] * 2

class Invoker:
    def __getattr__(self, name):
        return lambda *words, **named: print(name)

handler = get_lambda_handler(Doubler, invoker=Invoker())
assert handler({"number": 4}, None) == 8
import sosw.aws.quick_lambda, sosw.large
assert sosw.__file__.startswith(sys.argv[1])
print("version", sosw.__version__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the sources as they are, and something that describes them."""
    archive = tmp_path_factory.mktemp("wheel") / "sosw-9.8.7-py3-none-any.whl"
    described = dict.fromkeys(("METADATA", "RECORD"), b"Metadata-Version: 2.4\nName: sosw\nVersion: 9.8.7\n")
    sources = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "sosw").rglob("*.py")}
    write_zip(archive, {**sources, **{f"sosw-9.8.7.dist-info/{name}": text for name, text in described.items()}})
    return archive


@pytest.fixture(scope="module")
def opt(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Lambda unpacks layers."""
    folder = tmp_path_factory.mktemp("opt")
    write_zip(folder / "layer.zip", layer_files(wheel))
    with zipfile.ZipFile(folder / "layer.zip") as archive:
        archive.extractall(folder)
    return folder


def test_a_worker_runs_with_the_layer_and_the_standard_library_alone(opt: Path) -> None:
    isolated = [sys.executable, "-I", "-S", "-c", WORKS, str(opt / FOLDER)]
    done = subprocess.run(isolated, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["version 9.8.7"], done.stderr


def test_nothing_is_in_it_that_a_worker_never_imports(wheel: Path) -> None:
    packages = {name.split(".")[1] for name in modules() if name.count(".")}
    assert not packages & {"cli", "client", "deploy", "essential", "local", "orchestrator", "scavenger", "testing"}
    names = layer_files(wheel)
    assert all(name.startswith((f"{FOLDER}/sosw/", f"{FOLDER}/sosw-9.8.7.dist-info/")) for name in names)
    assert f"{FOLDER}/sosw-9.8.7.dist-info/RECORD" not in names, "of the wheel it names files that are not here"


def test_it_is_small_and_the_same_each_time(opt: Path, wheel: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "again.zip", dict(reversed(layer_files(wheel).items())))
    assert (tmp_path / "again.zip").read_bytes() == (opt / "layer.zip").read_bytes()
    assert (opt / "layer.zip").stat().st_size < MOST_KB * 1000
