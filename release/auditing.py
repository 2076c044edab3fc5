"""Asks a vulnerability service about every version that a lock pins: `make audit`.

A service that knows nothing would let everything pass: pip-audit skips what it gets no answer about, and ends well. So
it is first asked about a version whose faults have been public for years. `PIP_AUDIT_OSV_URL` names another OSV.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.errors import Refused
from release.locks import read_pins

ROOT = Path(__file__).parents[1]
LOCKS = ("essentials/constraints.txt", "requirements/*.txt")
ACCEPTED = Path("requirements/accepted.md")
SERVICES = ("pypi", "osv")
"""In the order in which they are tried; both have the Python Packaging Advisory Database."""
CANARY = ("urllib3", "1.24.1")
SECONDS = 20
"""That one answer may take."""

Version = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault that is known of a pinned version."""

    package: Version
    names: frozenset[str]
    """CVE-…, GHSA-…, PYSEC-…: all of one fault."""
    fixed_in: tuple[str, ...]


class Auditor:
    """Over `pip-audit`, the program at that path."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def service(self) -> str:
        """The first service that knows what it must know. Raises `Refused` where none does, with what each said."""
        troubles = []
        for service in SERVICES:
            try:
                if self._ask(service, [CANARY]):
                    return service
                troubles.append(f"{service} knows no fault of {'=='.join(CANARY)}")
            except Refused as error:
                troubles.append(f"{service}: {error}")
        said = "; ".join(troubles)
        raise Refused(f"nothing was audited: no vulnerability service answers here ({said}): run it where one does")

    def findings(self, service: str, packages: Iterable[Version]) -> list[Finding]:
        """Of all these. Raises `Refused` if the service leaves one out."""
        return [each for some in _without_namesakes(packages) for each in self._ask(service, some)]

    def _ask(self, service: str, packages: Sequence[Version]) -> list[Finding]:
        with tempfile.TemporaryDirectory() as scratch:
            asked = Path(scratch) / "asked.txt"
            asked.write_text("".join(f"{name}=={version}\n" for name, version in packages))
            command = [
                str(self._program), "--requirement", str(asked), "--no-deps", "--disable-pip",
                "--vulnerability-service", service,
                "--format", "json", "--progress-spinner", "off", "--timeout", str(SECONDS),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            answers = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError, TypeError):
            raise Refused((done.stderr.strip().splitlines() or ["it said nothing"])[-1]) from None
        return list(_read(answers, packages))


def _read(answers: Iterable[Mapping[str, Any]], packages: Sequence[Version]) -> Iterable[Finding]:
    answered = {(each["name"], each["version"]): each["vulns"] for each in answers if "vulns" in each}
    for package in packages:
        if package not in answered:
            raise Refused(f"no answer about {'=='.join(package)}")
        for fault in answered[package]:
            names = frozenset({fault["id"], *fault.get("aliases", ())})
            yield Finding(package=package, names=names, fixed_in=tuple(fault.get("fix_versions", ())))


def _without_namesakes(packages: Iterable[Version]) -> list[list[Version]]:
    """In as many lists as a package has versions at most: a requirement names it once."""
    lists: list[dict[str, str]] = []
    for name, version in sorted(packages):
        free = next((each for each in lists if name not in each), None)
        if free is None:
            lists.append(free := {})
        free[name] = version
    return [list(each.items()) for each in lists]


def locked(root: Path) -> dict[Version, list[str]]:
    """Every version that is pinned, for whichever Python, with the locks that do."""
    found: dict[Version, list[str]] = defaultdict(list)
    for lock in sorted(path for pattern in LOCKS for path in root.glob(pattern)):
        for version in dict.fromkeys((pin.name, pin.version) for pin in read_pins(lock)):
            found[version].append(lock.relative_to(root).as_posix())
    return found


def accepted(text: str) -> dict[str, str]:
    """Faults that are lived with, and why: lines `- NAME: reason`. Raises `Refused` for one without."""
    found = {}
    for line in text.splitlines():
        if line.startswith("- "):
            name, _, reason = (part.strip() for part in line[2:].partition(":"))
            if not reason:
                raise Refused(f"{ACCEPTED}: {line!r} must give a reason: - NAME: reason")
            found[name] = reason
    return found


def audit(root: Path, auditor: Auditor) -> int:
    """Print what is found; the exit code: 0 where nothing is known that is not accepted."""
    packages, known = locked(root), accepted((root / ACCEPTED).read_text("utf-8"))
    service = auditor.service()
    found = auditor.findings(service, packages)
    open_ = [each for each in found if not each.names & known.keys()]
    for each in open_:
        mended = f"mended in {', '.join(each.fixed_in)}" if each.fixed_in else "not mended in any version"
        names, locks = " ".join(sorted(each.names)), ", ".join(packages[each.package])
        print(f"{'=='.join(each.package)}: {names}, {mended}; in {locks}")
    for name in sorted(known.keys() - {name for each in found for name in each.names}):
        print(f"{name} is accepted in {ACCEPTED}, but no longer known of anything here: take it out")
    counts = f"{len(packages)} versions, {len(open_)} faults, {len(found) - len(open_)} accepted"
    print(f"audit: {counts}; asked at {service}")
    return 1 if open_ else 0


if __name__ == "__main__":
    try:
        sys.exit(audit(ROOT, Auditor(Path(sys.argv[1]))))
    except Refused as error:
        sys.exit(f"audit: {error}")
