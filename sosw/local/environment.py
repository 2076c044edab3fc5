"""The two environments of the local AWS: MiniStack's own packages, and the clean one that its Lambdas run in.

MiniStack pins a botocore, so it never shares the project's environment. Its server runs on the clean environment's
interpreter with `site` added to the path; the Lambda processes are started from the same interpreter without it. They
see what AWS's Python runtime has, boto3, and nothing else: a requirement that a function forgot shows at once.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from sosw.local.tools import PYTHON_MINOR, hide_from_git, install_into, locked, run_uv, state_folder

MINISTACK_VERSION = "1.5.33"
_READY = ".ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    python: Path
    """The interpreter of the server and of every Lambda process; it sees boto3 alone."""
    site: Path
    """Where MiniStack and its packages are."""


def ensure_environment(root: Path) -> Environment:
    """Install what is missing under `root/.sosw`; 3 s the first time, nothing afterwards."""
    home = state_folder(root)
    hide_from_git(root)
    site = home / "ministack" / f"{MINISTACK_VERSION}-py{PYTHON_MINOR}" / "site"
    runtime = home / "runtime" / f"py{PYTHON_MINOR}"
    with locked(home / "install.lock"):
        if not (runtime / _READY).exists():
            _make_runtime(root, runtime)
        if not site.exists():
            server = (f"ministack=={MINISTACK_VERSION}", "aws-sam-translator")
            what = f"MiniStack {MINISTACK_VERSION}, the local AWS,"
            install_into(root, site, *server, python=runtime / "bin" / "python", what=what)
    return Environment(python=runtime / "bin" / "python", site=site)


def _make_runtime(root: Path, runtime: Path) -> None:
    # Made in place, for a virtual environment knows its own path; the stamp says that it is whole.
    shutil.rmtree(runtime, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    run_uv(root, "venv", "--quiet", "--python", base, str(runtime), what="the environment of the local Lambdas")
    run_uv(
        root, "pip", "install", "--quiet", "--python", str(runtime), "--compile-bytecode", "boto3",
        what="boto3, for the local Lambdas,",
    )  # fmt: skip
    (runtime / _READY).touch()
