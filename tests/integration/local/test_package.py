"""A function's package: what is in it, and when it is built anew."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from sosw.local.environment import Environment, ensure_environment
from sosw.local.errors import InstallFailed, ToolMissing
from sosw.local.package import Target, build_package
from sosw.local.tools import find_uv, nearest_root
from sosw.local.wheel import ensure_wheel, source_root
from tests.integration.local.support import ROOT


@pytest.fixture
def environment(project: Path) -> Environment:
    return ensure_environment(project)


@pytest.fixture
def code(project: Path) -> Path:
    folder = project / "code"
    (folder / "part").mkdir(parents=True)
    (folder / "app.py").write_text("def handle(event, context):\n    return 1\n")
    (folder / "part" / "data.txt").write_text("data\n")
    (folder / ".hidden").write_text("not deployed\n")
    return folder


def names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as content:
        return set(content.namelist())


def test_the_folder_is_in_it_and_what_is_hidden_is_not(project: Path, environment: Environment, code: Path) -> None:
    found = names(build_package(project, code, Target.of_local(environment)))
    assert {"app.py", "part/data.txt"} <= found
    assert ".hidden" not in found


def test_modules_are_compiled_for_a_start_from_a_fresh_folder(
    project: Path, environment: Environment, code: Path
) -> None:
    found = names(build_package(project, code, Target.of_local(environment)))
    assert [name for name in found if name.startswith("__pycache__/app.") and name.endswith(".pyc")]


def test_our_own_wheel_is_in_it_and_what_the_runtime_has_is_not(
    project: Path, environment: Environment, code: Path
) -> None:
    (code / "requirements.txt").write_text("sosw>=1.0.0.dev0\nboto3\niniconfig\n")
    found = {name.partition("/")[0] for name in names(build_package(project, code, Target.of_local(environment)))}
    assert {"sosw", "iniconfig"} <= found
    assert not found & {"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six.py", "bin"}


def test_our_wheel_holds_the_sources_as_they_are_now(project: Path, environment: Environment, code: Path) -> None:
    (code / "requirements.txt").write_text("sosw>=1.0.0.dev0\n")
    root = source_root()
    assert root == ROOT
    with zipfile.ZipFile(build_package(project, code, Target.of_local(environment))) as content:
        assert content.read("sosw/domain/errors.py") == (root / "sosw" / "domain" / "errors.py").read_bytes()


def test_the_same_content_is_the_same_archive_byte_for_byte(
    project: Path, environment: Environment, code: Path
) -> None:
    first = build_package(project, code, Target.of_local(environment))
    content = first.read_bytes()
    first.unlink()
    assert build_package(project, code, Target.of_local(environment)) == first
    assert first.read_bytes() == content
    with zipfile.ZipFile(first) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 1, 1, 0, 0, 0)}, "no time of the build"


def test_the_same_sources_are_the_same_archive_whenever_our_wheel_was_built(
    project: Path, tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code / "requirements.txt").write_text("sosw>=1.0.0.dev0\n")
    monkeypatch.setenv("UV", find_uv(project))
    target = Target.on_aws("python3.13", "arm64")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    here, there = build_package(project, code, target), build_package(elsewhere, code, target)
    assert here != there
    assert here.read_bytes() == there.read_bytes()
    with zipfile.ZipFile(here) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        listed = {line.rsplit(",", 2)[0] for line in archive.read(record).decode().splitlines()}
        assert listed <= set(archive.namelist())


def test_what_did_not_change_is_not_built_again(project: Path, environment: Environment, code: Path) -> None:
    first = build_package(project, code, Target.of_local(environment))
    built = first.stat().st_ino
    os.utime(code / "app.py")
    assert build_package(project, code, Target.of_local(environment)).stat().st_ino == built


def test_a_change_of_a_line_a_name_or_a_requirement_is_another_archive(
    project: Path, environment: Environment, code: Path
) -> None:
    archives = [build_package(project, code, Target.of_local(environment))]
    (code / "app.py").write_text("def handle(event, context):\n    return 2\n")
    archives.append(build_package(project, code, Target.of_local(environment)))
    (code / "part" / "data.txt").rename(code / "part" / "other.txt")
    archives.append(build_package(project, code, Target.of_local(environment)))
    (code / "requirements.txt").write_text("iniconfig\n")
    archives.append(build_package(project, code, Target.of_local(environment)))
    assert len(set(archives)) == len(archives)


def test_without_a_network_what_was_downloaded_before_is_enough(
    project: Path, environment: Environment, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code / "requirements.txt").write_text("sosw>=1.0.0.dev0\niniconfig\n")
    online = build_package(project, code, Target.of_local(environment))
    content = online.read_bytes()
    online.unlink()
    cut_off = project / "uv"
    uv = find_uv(project)
    passing = f'case "$*" in *--version*|*--offline*) exec {uv} "$@";; esac'
    cut_off.write_text(f"#!/bin/sh\n{passing}\necho 'error: no network' >&2\nexit 2\n")
    cut_off.chmod(0o755)
    monkeypatch.setenv("UV", str(cut_off))
    assert build_package(project, code, Target.of_local(environment)).read_bytes() == content


def test_a_failed_build_leaves_nothing_that_looks_whole(project: Path, environment: Environment, code: Path) -> None:
    (code / "requirements.txt").write_text("this is no requirement\n")
    with pytest.raises(InstallFailed, match="the requirements of code"):
        build_package(project, code, Target.of_local(environment))
    assert not list((project / ".sosw" / "build").glob("*.zip"))


def test_a_machine_without_uv_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.delenv("UV", raising=False)
    with pytest.raises(ToolMissing, match="uv was not found: run `make env`, or install it with `pip install uv`"):
        find_uv(tmp_path)


def test_a_uv_that_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "uv"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("UV", str(shim))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ToolMissing):
        find_uv(tmp_path)


def test_the_uv_that_the_makefile_installed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tmp_path / ".sosw" / "uv" / "bin" / "uv"
    ours.parent.mkdir(parents=True)
    ours.write_text("#!/bin/sh\n")
    ours.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.delenv("UV", raising=False)
    assert find_uv(tmp_path) == str(ours)


def test_a_package_for_aws_has_boto3_our_own_sosw_and_nothing_that_is_compiled_for_the_python_here(
    project: Path, code: Path
) -> None:
    (code / "requirements.txt").write_text("sosw[essentials]>=1.0.0.dev0\n")
    other = "python3.12" if sys.version_info[:2] != (3, 12) else "python3.13"
    found = names(build_package(project, code, Target.on_aws(other, "arm64")))

    assert {"boto3/__init__.py", "sosw/scavenger.py"} <= found
    assert not [name for name in found if name.endswith((".pyc", ".so"))]


def test_packages_are_built_in_the_nearest_folder_that_has_a_state(tmp_path: Path) -> None:
    worker = tmp_path / "project" / "worker"
    worker.mkdir(parents=True)
    assert nearest_root(worker) == worker
    (tmp_path / "project" / ".sosw").mkdir()
    assert nearest_root(worker) == tmp_path / "project"
    (worker / ".sosw").mkdir()
    assert nearest_root(worker) == worker


def test_another_archive_than_the_one_whose_hash_is_known_is_refused(project: Path, code: Path) -> None:
    (code / "requirements.txt").write_text("iniconfig\n")
    (code / "hashes.txt").write_text(f"iniconfig==2.3.0 --hash=sha256:{64 * '0'}\n")
    with pytest.raises(InstallFailed, match=r"another archive of iniconfig==2\.3\.0 than the one that is locked"):
        build_package(project, code, Target.on_aws("python3.13", "arm64"))


def test_a_package_of_our_name_and_version_elsewhere_is_never_installed(
    project: Path, code: Path, tmp_path: Path
) -> None:
    (wheel,) = ensure_wheel(project).glob("*.whl")
    elsewhere = impostor(wheel, tmp_path / ".a")  # uv takes the first of that name, by the path
    (code / "requirements.txt").write_text(f"--find-links {elsewhere}\nsosw>=1.0.0.dev0\n")
    with pytest.raises(InstallFailed, match=r"another archive of sosw==\S+ than the one that is locked"):
        build_package(project, code, Target.on_aws("python3.13", "arm64"))


def impostor(wheel: Path, folder: Path) -> Path:
    """The folder with a wheel that is called as that one, and holds another `sosw/__init__.py`."""
    folder.mkdir()
    with zipfile.ZipFile(wheel) as original, zipfile.ZipFile(folder / wheel.name, "w") as fake:
        for name in original.namelist():
            fake.writestr(name, b"'impostor'\n" if name == "sosw/__init__.py" else original.read(name))
    return folder
