"""A release of the sources as they are: built, built again elsewhere, installed with its constraints alone, used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from release.building import SUMS, build
from release.installing import COMMANDS, IMPORTS, INSIDE, RICH, Installed
from release.source import version_of
from sosw.local import local_stack

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
VERSION = version_of(ROOT)
EPOCH = 1_790_000_000
PARTS = ("sosw", "release", "essentials", "cloudformation", "requirements", "docs", "tests", "bench", "examples")
PACK = """
from pathlib import Path
from sosw.local.home import template_of
from sosw.local.package import Target, build_package
essentials = template_of("sosw").parents[1] / "essentials"
print(build_package(Path.cwd(), essentials, Target.on_aws("python3.12", "x86_64")))
"""
Release = dict[str, Path]


def built(folder: Path) -> Release:
    """The files of a release, by what follows the version in their names or comes before it."""
    source, dist, scratch = (folder / name for name in ("source", "dist", "scratch"))
    for each in (dist, scratch):
        each.mkdir(parents=True)
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".coverage"):
            shutil.copy(path, source)
    build(source, dist, EPOCH, scratch)
    return {re.sub(rf"-?{re.escape(VERSION)}", "", path.name): path for path in dist.iterdir()}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return built(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def with_deploy(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(release["sosw-py3-none-any.whl"], "deploy", tmp_path_factory.mktemp("venvs") / "deploy")


def names(archive: Path) -> set[str]:
    if archive.suffix == ".gz":
        with tarfile.open(archive) as content:
            return {name.partition("/")[2] for name in content.getnames()}
    with zipfile.ZipFile(archive) as content:
        return set(content.namelist())


def test_all_that_a_release_is_of_is_there_named_by_the_version_and_summed(release: Release) -> None:
    assert release.keys() == {
        "sosw-py3-none-any.whl", "sosw.tar.gz", "sosw-layer.zip", "sosw-essentials.zip", "sosw-templates.zip",
        "sosw-essentials.cdx.json", "sosw-extras.cdx.json", "constraints.txt", SUMS,
    }  # fmt: skip
    lines = (f"{sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in release.values() if path.name != SUMS)
    assert sorted(release[SUMS].read_text().splitlines()) == sorted(lines)


def test_another_machine_at_another_time_makes_the_same_bytes(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    before = os.umask(0o077)
    try:
        again = built(tmp_path / "elsewhere")
    finally:
        os.umask(before)
    assert again[SUMS].read_text() == release[SUMS].read_text()


def test_the_wheel_has_its_types_templates_scaffold_and_locks_and_no_tests(release: Release) -> None:
    found = names(release["sosw-py3-none-any.whl"])
    inside = {f"sosw/deploy/stack/{each}" for each in ("cloudformation/sosw.yaml", "cloudformation/worker.yaml")}
    locks = {f"sosw/deploy/stack/essentials/{each}.txt" for each in ("requirements", "constraints", "hashes")}
    scaffold = {f"sosw/cli/scaffold/{path.name}" for path in (ROOT / "sosw/cli/scaffold").glob("*.tmpl")}
    assert scaffold
    assert {"sosw/py.typed", "sosw/domain/prices.json"} | inside | locks | scaffold <= found
    assert {name.partition("/")[0] for name in found} == {"sosw", f"sosw-{VERSION}.dist-info"}


def test_the_sdist_has_the_sources_and_the_tests(release: Release) -> None:
    found = names(release["sosw.tar.gz"])
    assert {"pyproject.toml", "LICENSE", "CHANGELOG.md", "tests/integration/test_release.py"} <= found
    assert not [name for name in found if name.startswith((".sosw/", ".venv/", ".git/"))]


@pytest.mark.parametrize("extra", IMPORTS, ids=lambda extra: extra or "none")
@pytest.mark.parametrize("archive", ["sosw-py3-none-any.whl", "sosw.tar.gz"])
def test_an_archive_installs_clean_with_each_extra(release: Release, archive: str, extra: str, tmp_path: Path) -> None:
    tried = list(Installed(release[archive], extra, tmp_path / "venv").check(VERSION))
    assert len(tried) == 2 + len(COMMANDS[extra])


def test_each_module_must_be_importable_with_some_extra(release: Release) -> None:
    files = {name for name in names(release["sosw-py3-none-any.whl"]) if name.endswith(".py")}
    modules = {name.removesuffix(".py").replace("/", ".") for name in files if "/stack/" not in name}
    tried = {each for some in IMPORTS.values() for each in some} | set(INSIDE)
    packages = tuple(f"{each}." for each in tried - {"sosw"})
    own = {name for name in modules if name.count(".") == 1} - set(RICH)
    left = {name for name in modules - own - tried if not name.startswith(packages)}
    assert left == set()


def test_the_command_of_a_bare_install_says_in_a_sentence_what_it_needs(release: Release, tmp_path: Path) -> None:
    bare = Installed(release["sosw-py3-none-any.whl"], "", tmp_path / "venv")
    done = subprocess.run([bare.command, "jobs"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1, "sosw: the command needs typer, which is not installed: install sosw[cli]\n",
    )  # fmt: skip


def test_the_constraints_are_what_gets_installed(release: Release, with_deploy: Installed) -> None:
    locked = release["constraints.txt"].read_text()
    others = {name: version for name, version in with_deploy.packages().items() if name != "sosw"}
    assert others
    assert [name for name, version in others.items() if f"\n{name}=={version}" not in locked] == []


@pytest.mark.parametrize("what", ["essentials", "extras"])
def test_a_bill_of_materials_names_what_is_there_and_nothing_else(release: Release, what: str) -> None:
    document = json.loads(release[f"sosw-{what}.cdx.json"].read_text())
    listed = {f"{each['name']}-{each['version']}": each for each in document["components"]}
    assert all(each["licenses"] for each in listed.values())
    if what == "essentials":
        inside = {
            name.partition(".dist-info")[0] for name in names(release["sosw-essentials.zip"]) if "dist-info" in name
        }
        assert {name.replace("_", "-") for name in inside} == {*listed, f"sosw-{VERSION}"}
        assert all(each["hashes"] for each in listed.values())


def test_the_command_that_was_installed_deploys_the_package_of_the_release(
    release: Release, with_deploy: Installed
) -> None:
    archive = with_deploy.folder / with_deploy.run(with_deploy.python, "-I", "-c", PACK).strip()
    mine, theirs = (contents(each) for each in (archive, release["sosw-essentials.zip"]))
    assert mine.keys() == theirs.keys()
    assert [name for name, content in mine.items() if theirs[name] != content] == []


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as content:
        return {name: content.read(name) for name in content.namelist()}


def test_the_command_that_was_installed_deploys_without_a_checkout(with_deploy: Installed, tmp_path: Path) -> None:
    (tmp_path / ".sosw").mkdir()
    with local_stack(ROOT, name="release") as stack:
        for installed in ("ministack", "runtime"):  # no need to install them again
            (tmp_path / ".sosw" / installed).symlink_to(ROOT / ".sosw" / installed)
        environment = {**os.environ, **stack.variables}
        command = [str(with_deploy.command), "deploy", "--prefix", "wheel", "--yes"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        job = json.dumps({"lambda_name": "nobody", "payload": {}})
        said = stack.client("lambda").invoke(FunctionName="wheel-scheduler", Payload=job)["Payload"].read()
    assert b"nobody" in said, said
