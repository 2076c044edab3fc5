"""Runs MiniStack's server with our shims. Started as a script, in the clean environment: sosw itself is not there.

    python -I launcher.py SITE            settings come by environment variables: see `ministack.py`

With `SOSW_LOCAL_TETHERED=1` standard input is a pipe held by the parent: when the parent dies, however it dies, the
pipe ends, and so do this server, its Lambda processes and its temporary folder.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import shutil
import signal
import sys
import threading
import time
import types
from pathlib import Path

WRONG_VERSION = 64
SHIM_UNFIT = 65
_LAST_RESORT_AFTER = 5.0  # seconds between the polite end and the certain one


def main() -> None:
    site = sys.argv[1]
    sys.path.insert(0, site)
    _check_version(os.environ["SOSW_LOCAL_MINISTACK"])
    _apply_shims(os.environ["SOSW_LOCAL_SHIMS"])
    if os.environ["SOSW_LOCAL_TETHERED"] == "1":
        threading.Thread(target=_end_with_parent, daemon=True, name="sosw-tether").start()
    sys.argv = ["ministack"]
    try:
        importlib.import_module("ministack.app").main()
    finally:
        _clean_up()


def _check_version(expected: str) -> None:
    found = importlib.metadata.version("ministack")
    if found != expected:
        sys.stderr.write(f"MiniStack is {found}, but {expected} is what sosw was tested with\n")
        sys.exit(WRONG_VERSION)


def _apply_shims(names: str) -> None:
    here = Path(__file__).resolve().parent
    # `sosw.local.shims` by its own name, without running sosw/__init__.py and what that may come to import.
    for name, folder in (("sosw", here.parent), ("sosw.local", here)):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    shims = importlib.import_module("sosw.local.shims")
    try:
        shims.apply(names)
    except shims.ShimUnfit as unfit:
        sys.stderr.write(f"{unfit}\n")
        sys.exit(SHIM_UNFIT)


def _end_with_parent() -> None:
    while os.read(0, 64):
        pass
    os.killpg(os.getpgrp(), signal.SIGTERM)  # the Lambda processes too: the server waits for calls in flight
    time.sleep(_LAST_RESORT_AFTER)
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _clean_up() -> None:
    """Ends the warm Lambda processes and removes the temporary folder, which MiniStack leaves behind."""
    with contextlib.suppress(Exception):
        importlib.import_module("ministack.core.lambda_runtime").reset()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)


if __name__ == "__main__":
    main()
