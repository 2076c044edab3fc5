"""The packages of a template's functions: made here, uploaded when the plan is carried out.

A package is named after what is in it, and after the Python that its modules are compiled for. Bytecode itself does not
count: the same sources are not the same bytecode on each machine. Whoever has no such Python deploys the package of who
had one, where that is in the bucket already, so two people never exchange each other's functions: what was deployed as
sources alone is replaced once, by who can compile it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from sosw.local.environment import ensure_environment
from sosw.local.errors import TemplateInvalid
from sosw.local.node import ensure_node
from sosw.local.package import PROCESSORS, REQUIREMENTS, Target, build_package
from sosw.local.templates import Code, Template, runtimes, with_code_at
from sosw.local.tools import PYTHON_MINOR, find_python

NODE, PYTHON = "nodejs", "python"
RUNTIME = "Runtime"
"""A parameter of sosw's own templates."""
CACHES = "__pycache__"
UNCOMPILED = (
    "no Python {minor} was found here: modules are not compiled, and each cold start compiles them anew, those of an "
    "Essential in some 0.5 s of CPU: install it"
)


class Packer:
    """Of one template. `root` is where packages are built, below `.sosw`; `bucket` is where they will be, and
    `is_there` tells whether one of that name is.
    """

    def __init__(
        self, root: Path, template: Path, bucket: str, is_there: Callable[[str], bool], *, is_local: bool
    ) -> None:
        self._root, self._path, self._bucket = root, template, bucket
        self._is_there, self._is_local = is_there, is_local
        self.uploads: dict[str, bytes] = {}
        """By their names in the bucket."""
        self.uncompiled: set[str] = set()
        """The Pythons, such as 3.13, of which none is here, so that modules for it are deployed as sources alone."""

    def packed(self, template: Template, parameters: Mapping[str, str]) -> Template:
        """A copy that names where the packages will be. Raises `TemplateInvalid`, `InstallFailed`."""
        if self._is_local and any(each.startswith(NODE) for each in runtimes(template, parameters)):
            ensure_node(self._root)
        return with_code_at(template, parameters, self._package)

    def notes(self, template: Template, parameters: Mapping[str, str]) -> list[str]:
        """What to mind of what was packed, a sentence each."""
        ours = f"{PYTHON}{PYTHON_MINOR}"
        allowed = (template.get("Parameters") or {}).get(RUNTIME, {}).get("AllowedValues") or [ours]
        chosen = parameters.get(RUNTIME) if ours in allowed and find_python(self._root, PYTHON_MINOR) else None
        return [
            UNCOMPILED.format(minor=minor) + f", or say --parameter {RUNTIME}={ours}" * (chosen == f"{PYTHON}{minor}")
            for minor in sorted(self.uncompiled)
        ]

    def _package(self, code: Code) -> dict[str, str]:
        folder = code.folder(self._path)
        target = self._target(code, folder)
        archive = build_package(self._root, folder, target)
        return {"Bucket": self._bucket, "Key": self._placed(archive, target, code.runtime)}

    def _placed(self, archive: Path, target: Target, runtime: str) -> str:
        """Its name in the bucket; it will be uploaded unless somebody else's is there who could compile it."""
        content, has_modules = _content(archive)
        plain, compiled = f"{content}.zip", f"{content}-{target.name}.zip"
        name = compiled if target.compiled_by and has_modules else plain
        if name == plain and has_modules and runtime.startswith(PYTHON):
            if self._is_there(compiled):
                return compiled
            self.uncompiled.add(runtime.removeprefix(PYTHON))
        self.uploads[name] = archive.read_bytes()
        return name

    def _target(self, code: Code, folder: Path) -> Target:
        if self._is_local:
            return Target.of_local(ensure_environment(self._root))
        is_python = code.runtime.startswith(PYTHON)
        if (folder / REQUIREMENTS).exists() and not is_python:
            what = f"the function of {code.uri} has a {REQUIREMENTS}, and Runtime {code.runtime or 'that is not plain'}"
            raise TemplateInvalid(self._path, f"{what}: it must be a Python, or a parameter that is one")
        if code.architecture not in PROCESSORS:
            what = f"Architectures of {code.uri} must be {' or '.join(PROCESSORS)}, or a parameter that is"
            raise TemplateInvalid(self._path, what)
        compiled_by = find_python(self._root, code.runtime.removeprefix(PYTHON)) if is_python else None
        return Target.on_aws(code.runtime, code.architecture, compiled_by)


def _content(archive: Path) -> tuple[str, bool]:
    """What is in it, as 32 hex digits: packed by another zlib, on a colleague's machine, the same is the same.

    And whether there are modules of Python among it. Bytecode is none of the content.
    """
    digest = hashlib.sha256()
    with zipfile.ZipFile(archive) as packed:
        names = [name for name in sorted(packed.namelist()) if CACHES not in name.split("/")]
        for name in names:
            digest.update(f"{name}\0{hashlib.sha256(packed.read(name)).hexdigest()}\0".encode())
    return digest.hexdigest()[:32], any(name.endswith(".py") for name in names)
