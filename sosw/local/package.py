"""A function's deployment package: its folder and its requirements, zipped, as `sam build` would, in a fraction of the
time. Kept under `.sosw/build` by the hash of what goes into it; what did not change is not built again.

What the Lambda runtime has itself (boto3 and what belongs to it) is left out: 14 MB less to unpack for each process.
The compiled modules are put in, for a Lambda process starts from a fresh folder every time.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import tempfile
import zipfile
from pathlib import Path

from sosw.local.environment import Environment
from sosw.local.tools import locked, run_uv, state_folder
from sosw.local.wheel import ensure_wheel, files_of, fingerprint

REQUIREMENTS = "requirements.txt"
_IN_RUNTIME = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_EPOCH = (2020, 1, 1, 0, 0, 0)  # of each file in the archive: same content, same bytes
_KEPT = 12  # packages


def build_package(root: Path, folder: Path, environment: Environment) -> Path:
    """The archive for the function in `folder`. Raises `InstallFailed` if a requirement cannot be had."""
    wheel = ensure_wheel(root)
    build = state_folder(root) / "build"
    name = fingerprint(files_of(folder), folder, wheel.name if wheel else "", *_IN_RUNTIME)
    archive = build / f"{name}.zip"
    with locked(build / "lock"):
        if archive.exists():
            os.utime(archive)
            return archive
        with tempfile.TemporaryDirectory(dir=build) as content:
            _assemble(root, folder, environment, wheel, Path(content))
            _zip(Path(content), archive)
        _forget_old(build)
    return archive


def _assemble(root: Path, folder: Path, environment: Environment, wheel: Path | None, content: Path) -> None:
    requirements = folder / REQUIREMENTS
    if requirements.exists():
        _install(root, requirements, environment, wheel, content)
    for source in files_of(folder):
        target = content / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    # Unchecked: the archive's timestamps say nothing about the sources.
    compileall.compile_dir(
        content, quiet=2, stripdir=str(content), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )


def _install(root: Path, requirements: Path, environment: Environment, wheel: Path | None, content: Path) -> None:
    ours = ["--find-links", str(wheel)] if wheel else []
    with tempfile.TemporaryDirectory() as scratch:
        # An override that holds nowhere leaves the package out, whoever asks for it.
        overrides = Path(scratch) / "overrides.txt"
        overrides.write_text("".join(f"{name}; sys_platform == 'never'\n" for name in _IN_RUNTIME))
        run_uv(
            root, "pip", "install", "--quiet", "--python", str(environment.python), "--target", str(content),
            "--requirement", str(requirements), "--overrides", str(overrides), "--link-mode", "copy",
            *ours,
            what=f"the requirements of {requirements.parent.name} ({requirements})",
        )  # fmt: skip
    shutil.rmtree(content / "bin", ignore_errors=True)
    for leftover in content.glob(".lock"):
        leftover.unlink()


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
