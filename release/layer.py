"""The Lambda layer for Workers: of sosw what a Worker's base imports, and nothing that commands and Essentials do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import grimp

ROOTS = ("sosw.worker", "sosw.handler", "sosw.processor", "sosw.domain.verdicts")
"""What a Worker imports of sosw, by whichever name: `from sosw import Worker` loads these."""
FOLDER = "python"
"""Below /opt, where Lambda's Pythons look."""
_DESCRIBED = ("METADATA", "WHEEL", "licenses/LICENSE")
"""Of the distribution: `sosw.__version__` is there, too."""


def modules() -> set[str]:
    """Of sosw those that a Worker needs, inside of functions too, and the packages that they are in."""
    graph = grimp.build_graph("sosw", exclude_type_checking_imports=True, cache_dir=None)
    found, todo = set[str](), list(ROOTS)
    while todo:
        module = todo.pop()
        if module and module not in found:
            found.add(module)
            todo += [*graph.find_modules_directly_imported_by(module), module.rpartition(".")[0]]
    return found


def layer_files(wheel: Path) -> dict[str, bytes]:
    """By their names in the layer; the files are the wheel's."""
    wanted = {f"{name.replace('.', '/')}{end}" for name in modules() for end in (".py", "/__init__.py")}
    wanted.add("sosw/py.typed")
    with zipfile.ZipFile(wheel) as archive:
        described = {name for name in archive.namelist() if name.partition(".dist-info/")[2] in _DESCRIBED}
        return {f"{FOLDER}/{name}": archive.read(name) for name in archive.namelist() if name in wanted | described}
