"""Where the command `sosw` begins: it is there also where the package was installed without what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point."""
    try:
        from sosw.cli.main import main as run  # noqa: PLC0415  (what it needs may not be there)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "sosw":
            raise
        sys.exit(f"sosw: the command needs {error.name}, which is not installed: install sosw[cli]")
    run()
