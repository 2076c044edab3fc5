"""Our own wheel: what a function's `requirements.txt` means by `sosw`, made of what this code is part of.

In a checkout it is built from the sources as they are now; an installed package is packed again from its own files.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import sosw
from sosw.local.repack import descriptions, pack_installed
from sosw.local.tools import PYTHON_MINOR, locked, run_uv, state_folder

_BUILT_FROM = ("pyproject.toml", "LICENSE")
_KEPT = 3  # wheels of earlier sources


def source_root() -> Path | None:
    """The checkout that sosw runs from; None if it was installed as a package."""
    root = package_folder().parent
    return root if all((root / name).exists() for name in _BUILT_FROM) else None


def package_folder() -> Path:
    """Of the package `sosw` that runs."""
    return Path(sosw.__file__).resolve().parent


def ensure_wheel(root: Path) -> Path:
    """The folder with the wheel of what runs here, below `root/.sosw/dist`."""
    source = source_root()
    dist = state_folder(root) / "dist"
    folder = dist / (fingerprint(_source_files(source), source) if source else _fingerprint_installed())
    with locked(dist / "lock"):
        if not folder.exists():
            draft = folder.with_name("draft")
            shutil.rmtree(draft, ignore_errors=True)
            if source:
                _build(root, source, draft)
            else:
                draft.mkdir()
                pack_installed(package_folder(), files_of(package_folder()), draft)
            draft.rename(folder)
            _forget_old(dist, folder)
    return folder


def fingerprint(files: Iterable[Path], base: Path, *words: str) -> str:
    """16 hex digits that change with a file's content, a file's name, or a word."""
    digest = hashlib.sha256("\0".join((PYTHON_MINOR, *words)).encode())
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"\0{file.relative_to(base)}\0{content}".encode())
    return digest.hexdigest()[:16]


def files_of(folder: Path) -> list[Path]:
    """What counts as source: no caches, no hidden files."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(p == "__pycache__" or p.startswith(".") for p in path.relative_to(folder).parts)
    ]


def _source_files(source: Path) -> list[Path]:
    return [*files_of(source / "sosw"), *(source / name for name in _BUILT_FROM)]


def _fingerprint_installed() -> str:
    package = package_folder()
    return fingerprint(files_of(package), package, *descriptions(distribution("sosw")).values())


def _build(root: Path, source: Path, folder: Path) -> None:
    run_uv(
        root, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(folder), str(source),
        what="the wheel of sosw",
    )  # fmt: skip


def _forget_old(dist: Path, current: Path) -> None:
    others = [path for path in dist.iterdir() if path.is_dir() and path != current]
    for path in sorted(others, key=lambda p: p.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
