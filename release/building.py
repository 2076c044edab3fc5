"""All files of a release, out of the files of a commit: the same ones make the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from release.boms import bill
from release.errors import Refused
from release.layer import layer_files
from release.locks import Pin, on_lambda, read_pins
from release.source import version_of
from sosw.local.package import Target, build_package
from sosw.local.tools import find_uv

PYTHON, ARCHITECTURE, MACHINE = "python3.13", "arm64", "aarch64"
"""What the bill of the extras is drawn up for, and the Essentials' package; that one is the same for all."""
EXTRAS = ("cli", "deploy", "essentials", "local")
SUMS = "SHA256SUMS"
CONSTRAINTS = "constraints.txt"
_EPOCH = (2020, 1, 1, 0, 0, 0)  # as sosw.local.package has it: same content, same bytes


def build(source: Path, dist: Path, epoch: int, scratch: Path) -> None:
    """Fill the empty folder `dist`. Raises `Refused` or `InstallFailed` if something cannot be made."""
    wheel = _python_packages(source, dist, epoch)
    version, deployed = version_of(source), read_pins(source / "essentials" / "hashes.txt")
    write_zip(dist / f"sosw-layer-{version}.zip", layer_files(wheel))
    write_zip(dist / f"sosw-templates-{version}.zip", template_files(source))
    (dist / CONSTRAINTS).write_text(constraints(source, version))
    essentials = dist / f"sosw-essentials-{version}.zip"
    alike_everywhere(deployed)
    shutil.copyfile(_essentials(source, wheel, scratch), essentials)
    with zipfile.ZipFile(essentials) as archive:
        archive.extractall(scratch / "essentials")
    hashes = {"sosw": {sha256(wheel.read_bytes()).hexdigest()}, **{pin.name: pin.hashes for pin in deployed}}
    where = on_lambda(PYTHON.removeprefix("python"), MACHINE)
    text = bill(scratch / "essentials", ["essentials"], where, hashes, epoch)
    (dist / f"sosw-essentials-{version}.cdx.json").write_text(text)
    _install_extras(dist, wheel, scratch / "extras")
    text = bill(scratch / "extras", EXTRAS, where, hashes, epoch)
    (dist / f"sosw-extras-{version}.cdx.json").write_text(text)
    files = sorted(path for path in dist.iterdir() if path.name != SUMS)
    (dist / SUMS).write_text("".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files))


def template_files(source: Path) -> dict[str, bytes]:
    """The templates and the functions' folder, as they lie beside each other in the project."""
    kept = [*source.glob("cloudformation/*.yaml"), *source.glob("essentials/*.txt"), *source.glob("essentials/*/*.py")]
    return {path.relative_to(source).as_posix(): path.read_bytes() for path in (*kept, source / "LICENSE")}


def constraints(source: Path, version: str) -> str:
    """Of pip and uv, for whoever installs sosw: this very version, and with it what the tests ran with."""
    pins = (source / "requirements" / "extras.txt").read_text("utf-8")
    head = "# There is another package of the name sosw on the index: it is this version, or none."
    return f"{head}\nsosw=={version}\n{pins}"


def alike_everywhere(pins: Sequence[Pin]) -> None:
    """Raises `Refused` unless the Essentials' package is the same for every Python and processor."""
    for pin in pins:
        if pin.marker or len(pin.hashes) != 1:
            raise Refused(
                f"{pin.name} {pin.version} is not one wheel for all Pythons and processors: "
                "a release needs an Essentials' package for each of them now"
            )


def write_zip(archive: Path, files: Mapping[str, bytes]) -> None:
    """Sorted, without a time."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as output:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            output.writestr(entry, content)


def _python_packages(source: Path, dist: Path, epoch: int) -> Path:
    """The sdist, and the wheel that is built from it; answers the wheel."""
    pins = source / "requirements" / "build.txt"
    _uv(
        "build",
        "--sdist",
        "--wheel",
        "--build-constraints",
        str(pins),
        "--out-dir",
        str(dist),
        str(source),
        epoch=epoch,
    )
    (dist / ".gitignore").unlink(missing_ok=True)
    (wheel,) = dist.glob("*.whl")
    return wheel


def _essentials(source: Path, wheel: Path, scratch: Path) -> Path:
    alone = scratch / "wheel"
    alone.mkdir()
    shutil.copy(wheel, alone)
    return build_package(scratch, source / "essentials", Target.on_aws(PYTHON, ARCHITECTURE), alone)


def _install_extras(dist: Path, wheel: Path, site: Path) -> None:
    target = Target.on_aws(PYTHON, ARCHITECTURE)
    _uv(
        "pip", "install", *target.options, "--target", str(site), "--constraints", str(dist / CONSTRAINTS),
        f"sosw[{','.join(EXTRAS)}] @ {wheel.as_uri()}",
    )  # fmt: skip


def _uv(*words: str, epoch: int = 0) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "UV_PYTHON_DOWNLOADS": "never"}
    command = [find_uv(Path(__file__).parents[1]), *words, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise Refused(f"uv {words[0]} failed: {done.stderr.strip()}")
