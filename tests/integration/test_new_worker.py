"""What `sosw new worker` makes passes its own test, and its template is that for Workers, for the base class."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from sosw.cli import scaffolding
from sosw.local.wheel import ensure_wheel
from tests.integration.test_worker_template import ROOT, TEMPLATE, loaded, properties

SOSW = [sys.executable, "-c", "from sosw.cli.main import main; main()"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("workers")
    subprocess.run([*SOSW, "new", "worker", "orders-sync", "--into", into], check=True, capture_output=True)
    return into / "orders-sync"


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-W", "error", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_passes_its_own_test_at_once(folder: Path) -> None:
    ended = pytest_in(folder)
    assert "3 passed" in ended.stdout, ended.stdout + ended.stderr


def test_its_test_fails_when_its_code_is_broken(folder: Path) -> None:
    app = folder / "worker" / "app.py"
    good = app.read_text("utf-8")
    app.write_text(good.replace('return {"days": days}', "raise ValueError"), "utf-8")
    ended = pytest_in(folder, "-p", "no:cacheprovider")
    app.write_text(good, "utf-8")
    assert "2 failed, 1 passed" in ended.stdout


def test_the_linter_finds_nothing_in_its_template(folder: Path) -> None:
    assert [str(match) for match in lint_file(folder / "template.yaml")] == []


def test_its_template_is_that_for_workers_but_for_what_the_base_class_changes(folder: Path) -> None:
    expected, found = loaded(TEMPLATE), loaded(folder / "template.yaml")
    worker = properties(expected, "Worker")
    worker |= {"Handler": "app.lambda_handler", "Environment": {"Variables": {"SOSW_PREFIX": {"Ref": "Prefix"}}}}
    del worker["EventInvokeConfig"]["DestinationConfig"]["OnSuccess"]  # it reports its success by itself
    own: dict[str, Any] = {name: expected["Parameters"][name] for name in expected["Parameters"] if name != "Handler"}
    own["Name"]["Default"] = "orders-sync"
    own["Runtime"] = found["Parameters"]["Runtime"]
    assert found == {**expected, "Parameters": own, "Description": found["Description"]}
    assert found["Parameters"]["Runtime"]["Default"].startswith("python3.")


def test_its_template_has_the_rules_of_the_runtime_of_this_python(folder: Path) -> None:
    runtime = loaded(folder / "template.yaml")["Parameters"]["Runtime"]["Default"]
    assert runtime == f"python3.{min(sys.version_info.minor, scaffolding.NEWEST_PYTHON)}"


def test_the_wheel_has_every_template_and_names_the_fixtures() -> None:
    dist = ensure_wheel(ROOT)
    assert dist is not None
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entries,) = (archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "sosw" / "cli" / "scaffold").rglob("*.tmpl")}
    assert len(sources) == len(list(scaffolding.templates())) == 8
    assert sources <= names
    assert "[pytest11]\nsosw = sosw.testing.pytest_plugin" in entries
