"""Lock files: what they pin, and what of it holds in an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Needs = Mapping[tuple[str, str], Iterable[str]]
"""Requirements of packages, by name and version."""
Environment = Mapping[str, str]
"""What markers ask for."""
_CONTINUED = re.compile(r"\\\n\s*")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package at one version."""

    name: str
    version: str
    marker: Marker | None = None
    """Where it holds; everywhere by default."""
    hashes: frozenset[str] = field(default_factory=frozenset)
    """SHA-256 of the archives that are taken; of any if there are none."""

    def holds_in(self, environment: Environment) -> bool:
        """Whether it is for that Python on that system."""
        return self.marker is None or self.marker.evaluate(environment)


def pins(text: str) -> list[Pin]:
    """Those of a file. Raises `ValueError` for a line that pins no version."""
    lines = (line.strip() for line in _CONTINUED.sub(" ", text).splitlines())
    return [_pin(line) for line in lines if line and not line.startswith(("#", "-"))]


def read_pins(path: Path) -> list[Pin]:
    """Those of the file there."""
    return pins(path.read_text("utf-8"))


def versions(locked: Iterable[Pin], environment: Environment) -> dict[str, str]:
    """Of each package the version that holds there. Raises `ValueError` where there are two."""
    found: dict[str, str] = {}
    for pin in locked:
        if pin.holds_in(environment) and found.setdefault(pin.name, pin.version) != pin.version:
            raise ValueError(f"{pin.name} is pinned twice: {found[pin.name]} and {pin.version}")
    return found


def missing(wanted: Iterable[Requirement], locked: Mapping[str, str], needs: Needs, where: Environment) -> list[str]:
    """What the requirements need there, and those of what they need, that no pin satisfies; each in words.

    `needs` has what packages require by their metadata; of those that are not in it nothing more is known.
    """
    problems, seen = [], set[tuple[str, frozenset[str]]]()
    todo = [(each, frozenset[str]()) for each in wanted]
    while todo:
        requirement, extras = todo.pop()
        if not applies(requirement, extras, where):
            continue
        name, asked = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if name not in locked:
            problems.append(f"{requirement} is not pinned")
        elif not requirement.specifier.contains(locked[name], prereleases=True):
            problems.append(f"{requirement} is pinned to {locked[name]}")
        elif (name, asked) not in seen:
            seen.add((name, asked))
            todo += [(Requirement(each), asked) for each in needs.get((name, locked[name]), ())]
    return sorted(problems)


def on_lambda(python: str, machine: str) -> Environment:
    """Of markers: a Python such as `3.13` on Linux, `machine` aarch64 or x86_64."""
    return {
        **{key: str(value) for key, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }


def applies(requirement: Requirement, extras: frozenset[str], where: Environment) -> bool:
    """Whether it holds in that environment, for a package that is wanted with these extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**where, "extra": extra}) for extra in extras or {""})


def _pin(line: str) -> Pin:
    requirement = Requirement(_HASH.sub("", line).strip())
    found = [each.version for each in requirement.specifier if each.operator == "=="]
    if len(requirement.specifier) != 1 or not found:
        raise ValueError(f"{line!r} does not pin one version: NAME==VERSION")
    return Pin(
        name=canonicalize_name(requirement.name),
        version=found[0],
        marker=requirement.marker,
        hashes=frozenset(_HASH.findall(line)),
    )
