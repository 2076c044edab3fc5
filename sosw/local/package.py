"""A function's deployment package: its folder and its requirements, zipped, as `sam build` would, in a fraction of the
time. Kept under `.sosw/build` by the hash of what goes into it; what did not change is not built again.

A package is made for a target. For the local Lambdas, what the runtime has itself (boto3 and what belongs to it) is
left out: 14 MB less to unpack for each process. For AWS, all is put in that the requirements ask for, for the Python
and the processor that were chosen. Compiled modules are put in where a Python of the target's version is at hand: a
process starts from a fresh folder, or one that it cannot write, and would compile each module anew.

Where the folder has a `hashes.txt`, that is what is installed: of each package that it names, the archives of these
hashes and no others. They are not in `requirements.txt` itself, for pip, and so SAM, wants hashes of all or of none.
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sosw
from sosw.local.environment import Environment
from sosw.local.tools import PYTHON_MINOR, compile_modules, hide_from_git, locked, run_uv, state_folder
from sosw.local.wheel import ensure_wheel, files_of, fingerprint

REQUIREMENTS = "requirements.txt"
HASHES = "hashes.txt"
_IN_RUNTIME = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_EPOCH = (2020, 1, 1, 0, 0, 0)  # of each file in the archive: same content, same bytes
_PLACE = "/var/task"  # of a function's code, on every Lambda
_KEPT = 12  # packages
_NOTES = (".lock", "*.dist-info/uv_cache.json", "*.dist-info/direct_url.json")
"""What uv notes of an installation, such as when the wheel was built that lay here: with it the same sources would be
another package on each machine, and each deployment a change of every function.
"""
PROCESSORS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a package is made for."""

    name: str
    """Of the folder's packages one for each target is kept."""
    options: Sequence[str]
    """Of uv, that say for which Python the requirements are installed."""
    leaves_out: Sequence[str] = ()
    """Packages that are there already."""
    compiled_by: Path | None = None
    """The Python by which its modules are put in compiled: one of the version that will run them."""

    @classmethod
    def of_local(cls, environment: Environment) -> Target:
        """The local Lambdas."""
        python = environment.python
        return cls(
            name=f"local-python{PYTHON_MINOR}",
            options=("--python", str(python)),
            leaves_out=_IN_RUNTIME,
            compiled_by=python,
        )

    @classmethod
    def on_aws(cls, runtime: str, architecture: str, compiled_by: Path | None = None) -> Target:
        """Lambda: `runtime` such as `python3.13`, `architecture` arm64 or x86_64."""
        python = ("--python", sys.executable, "--python-version", runtime.removeprefix("python"))
        return cls(
            name=f"{runtime}-{architecture}",
            options=(*python, "--python-platform", PROCESSORS[architecture], "--only-binary", ":all:"),
            compiled_by=compiled_by,
        )


def build_package(root: Path, folder: Path, target: Target, wheel: Path | None = None) -> Path:
    """The archive for the function in `folder`. Raises `InstallFailed` if a requirement cannot be had.

    `wheel` is the folder with the wheel of sosw; by default the one of what runs here.
    """
    hide_from_git(root)
    wheel = wheel or ensure_wheel(root)
    build = state_folder(root) / "build"
    words = (wheel.name, target.name, str(target.compiled_by), *target.leaves_out)
    name = fingerprint(files_of(folder), folder, *words)
    archive = build / f"{name}.zip"
    with locked(build / "lock"):
        if archive.exists():
            os.utime(archive)
            return archive
        with tempfile.TemporaryDirectory(dir=build) as content:
            _assemble(root, folder, target, wheel, Path(content))
            _zip(Path(content), archive)
        _forget_old(build)
    return archive


def _assemble(root: Path, folder: Path, target: Target, wheel: Path, content: Path) -> None:
    requirements = folder / REQUIREMENTS
    if requirements.exists():
        _install(root, requirements, target, wheel, content)
    for source in files_of(folder):
        copy = content / source.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    if target.compiled_by:
        compile_modules(content, target.compiled_by, _PLACE)


def _install(root: Path, requirements: Path, target: Target, wheel: Path, content: Path) -> None:
    hashes = requirements.with_name(HASHES)
    with tempfile.TemporaryDirectory() as scratch:
        # An override that holds nowhere leaves the package out, whoever asks for it.
        overrides = Path(scratch) / "overrides.txt"
        overrides.write_text("".join(f"{name}; sys_platform == 'never'\n" for name in target.leaves_out))
        ours = Path(scratch) / "constraints.txt"
        ours.write_text(_this_very(wheel))
        run_uv(
            root, "pip", "install", "--quiet", *target.options, "--target", str(content),
            "--requirement", str(requirements), "--overrides", str(overrides), "--constraints", str(ours),
            *(["--constraints", str(hashes)] if hashes.exists() else []),
            "--link-mode", "copy", "--find-links", str(wheel),
            what=f"the requirements of {requirements.parent.name} ({requirements})",
        )  # fmt: skip
    _leave_what_the_wheels_hold(content)


def _leave_what_the_wheels_hold(content: Path) -> None:
    """Without commands and notes: the same wheels are the same bytes."""
    shutil.rmtree(content / "bin", ignore_errors=True)
    for note in _NOTES:
        for path in content.glob(note):
            path.unlink()
    for record in content.glob("*.dist-info/RECORD"):
        lines = record.read_text("utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in lines if _is_there(content, line)), "utf-8")


def _is_there(content: Path, line: str) -> bool:
    """Whether the file of a line of a RECORD is: a name that holds a comma is quoted."""
    return (content / next(csv.reader([line]))[0]).exists()


def _this_very(wheel: Path) -> str:
    """There is another package of our name on the index, with higher versions: it is this very wheel, or none."""
    (archive,) = wheel.glob("*.whl")
    return f"sosw=={sosw.__version__} --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"


def _zip(content: Path, archive: Path) -> None:
    draft = archive.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as output:
        for path in sorted(p for p in content.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(content)), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            output.writestr(entry, path.read_bytes())
    draft.replace(archive)


def _forget_old(build: Path) -> None:
    for path in sorted(build.glob("*.zip"), key=lambda p: p.stat().st_mtime)[:-_KEPT]:
        path.unlink(missing_ok=True)
