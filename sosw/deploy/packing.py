"""The packages of a template's functions: made here, uploaded when the plan is carried out."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sosw.local.environment import ensure_environment
from sosw.local.errors import TemplateInvalid
from sosw.local.node import ensure_node
from sosw.local.package import PROCESSORS, REQUIREMENTS, Target, build_package
from sosw.local.templates import Code, Template, runtimes, with_code_at

NODE, PYTHON = "nodejs", "python"


class Packer:
    """Of one template. `root` is where packages are built, below `.sosw`; `bucket` is where they will be."""

    def __init__(self, root: Path, template: Path, bucket: str, *, is_local: bool) -> None:
        self._root, self._path, self._bucket, self._is_local = root, template, bucket, is_local
        self.uploads: dict[str, bytes] = {}
        """By their names in the bucket."""

    def packed(self, template: Template, parameters: Mapping[str, str]) -> Template:
        """A copy that names where the packages will be. Raises `TemplateInvalid`, `InstallFailed`."""
        if self._is_local and any(each.startswith(NODE) for each in runtimes(template, parameters)):
            ensure_node(self._root)
        return with_code_at(template, parameters, self._package)

    def _package(self, code: Code) -> dict[str, str]:
        folder = (self._path.parent / code.uri).resolve()
        if not folder.is_dir():
            what = f"CodeUri {code.uri} is no folder: it is looked for beside the template, at {folder}"
            raise TemplateInvalid(self._path, what)
        archive = build_package(self._root, folder, self._target(code, folder))
        key = f"{_content(archive)}.zip"
        self.uploads[key] = archive.read_bytes()
        return {"Bucket": self._bucket, "Key": key}

    def _target(self, code: Code, folder: Path) -> Target:
        if self._is_local:
            return Target.of_local(ensure_environment(self._root))
        if (folder / REQUIREMENTS).exists() and not code.runtime.startswith(PYTHON):
            what = f"the function of {code.uri} has a {REQUIREMENTS}, and Runtime {code.runtime or 'that is not plain'}"
            raise TemplateInvalid(self._path, f"{what}: it must be a Python, or a parameter that is one")
        if code.architecture not in PROCESSORS:
            what = f"Architectures of {code.uri} must be {' or '.join(PROCESSORS)}, or a parameter that is"
            raise TemplateInvalid(self._path, what)
        return Target.on_aws(code.runtime, code.architecture)


def _content(archive: Path) -> str:
    """What is in it, as 32 hex digits: packed by another zlib, on a colleague's machine, the same is the same."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(archive) as packed:
        for name in sorted(packed.namelist()):
            digest.update(f"{name}\0{hashlib.sha256(packed.read(name)).hexdigest()}\0".encode())
    return digest.hexdigest()[:32]
