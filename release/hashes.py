"""Writes the hashes of the wheels that a `pylock.toml` names as constraints: `python -m release.hashes pylock.toml`.

A `pylock.toml` names the index that it was made with; what is kept of it here names none. It has Python's standard
library alone to read with, and Python 3.10 has no reader of TOML: uv writes one key a line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = "[[packages]]\n"
_FIELD = r'^{} = (["\'])(.+?)\1$'
_WHEEL = re.compile(r"hashes = \{ sha256 = \"([0-9a-f]{64})\" \}")
HEAD = """\
# Made by `make lock`: the wheels of constraints.txt. uv takes no others (docs/decisions/0060-supply-chain.md).
"""


def constraints(pylock: str) -> str:
    """The text of the file. Raises `ValueError` for a package of which no wheel is named."""
    return HEAD + "".join(_lines(pylock))


def _lines(pylock: str) -> Iterator[str]:
    _, *packages = pylock.split(_PACKAGE)
    for package in packages:
        name, version, marker = (_field(package, key) for key in ("name", "version", "marker"))
        _, _, wheels = package.partition("\nwheels = ")
        hashes = sorted(_WHEEL.findall(wheels))
        if not hashes:
            raise ValueError(f"no wheel of {name} {version} is named: what is deployed is never built from sources")
        head = f"{name}=={version}{f' ; {marker}' if marker else ''}"
        yield " \\\n    ".join([head, *(f"--hash=sha256:{each}" for each in hashes)]) + "\n"


def _field(package: str, key: str) -> str | None:
    found = re.search(_FIELD.format(key), package, re.MULTILINE)
    return found[2] if found else None


if __name__ == "__main__":
    sys.stdout.write(constraints(Path(sys.argv[1]).read_text("utf-8")))
