"""The wheel of sosw as it is installed here, packed again from its own files: no index is asked for it.

On an index the name `sosw` may be another, older package; and what a function gets is what the command line is.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

_EPOCH = (2020, 1, 1, 0, 0, 0)  # of each file in the wheel: same content, same bytes
_NAME = "sosw"


def pack_installed(package: Path, files: list[Path], folder: Path) -> Path:
    """The wheel in `folder`, of these files of the installed `package`."""
    ours = distribution(_NAME)
    stem = f"{_NAME}-{ours.version}"
    content = {f"{_NAME}/{file.relative_to(package).as_posix()}": file.read_bytes() for file in sorted(files)}
    content |= {f"{stem}.dist-info/{name}": text.encode() for name, text in descriptions(ours).items()}
    content |= {f"{stem}.dist-info/RECORD": _record(content, f"{stem}.dist-info/RECORD")}
    wheel = folder / f"{stem}-{_tag(ours)}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as output:
        for name, each in content.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            output.writestr(entry, each)
    return wheel


def descriptions(ours: Distribution) -> dict[str, str]:
    """What describes the distribution, by the names in its `.dist-info`; not what was noted when it was installed."""
    return {name: text for name in _described(ours) if (text := ours.read_text(name)) is not None}


def _described(ours: Distribution) -> Iterator[str]:
    yield from ("METADATA", "WHEEL", "entry_points.txt")
    for licence in ours.metadata.get_all("License-File") or []:
        yield f"licenses/{licence}"


def _tag(ours: Distribution) -> str:
    """Such as `py3-none-any`."""
    lines = (ours.read_text("WHEEL") or "").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")), "py3-none-any")


def _record(content: Mapping[str, bytes], itself: str) -> bytes:
    lines = [f"{name},sha256={_digest(each)},{len(each)}" for name, each in content.items()]
    return "\n".join([*lines, f"{itself},,", ""]).encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
