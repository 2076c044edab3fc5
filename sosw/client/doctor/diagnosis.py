"""What the doctor has found: findings, what it could not look at, and what it has looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sosw.domain.errors import SoswError

T = TypeVar("T")

AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be."""

    check: str
    """A word: `settings`, `functions`, `rules`, …"""
    where: str
    """What it is about: `labourer flight-delays`, `table sosw-tasks`."""
    what: str
    """What is wrong, a sentence that goes on from `where`."""
    why: str
    """Why it matters."""
    mend: str
    """How to mend it: a command where there is one."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"check": self.check, "where": self.where, "what": self.what, "why": self.why, "mend": self.mend}

    def __str__(self) -> str:
        return f"{self.where} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Something that could not be looked at: it may be well or not."""

    check: str
    what: str
    why: str
    """A missing right, or what AWS answered."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"check": self.check, "what": self.what, "why": self.why}

    def __str__(self) -> str:
        return f"could not look: {self.what}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How an environment stood when it was looked at."""

    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    mended: tuple[str, ...]
    """What was mended while it was looked at, a sentence each."""
    looked_at: dict[str, int]
    """How many of what: `{"tables": 5, "jobs": 20, "tasks": 1234}`."""

    @property
    def is_clean(self) -> bool:
        """All was looked at, and nothing was found."""
        return not self.findings and not self.unseen

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "is_clean": self.is_clean,
            "findings": [finding.to_json() for finding in self.findings],
            "unseen": [unseen.to_json() for unseen in self.unseen],
            "mended": list(self.mended),
            "looked_at": dict(self.looked_at),
        }


@dataclass(slots=True)
class Notes:
    """What a check writes down. Checks of one examination share it, one after the other."""

    findings: list[Finding] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    def found(self, check: str, where: str, what: str, *, why: str, mend: str) -> None:
        """Something is wrong. The same thing is told once."""
        finding = Finding(check=check, where=where, what=what, why=why, mend=mend)
        if finding not in self.findings:
            self.findings.append(finding)

    @contextmanager
    def looking(self, check: str, what: str) -> Iterator[None]:
        """What cannot be looked at inside is noted, and nothing else is the worse for it."""
        try:
            yield
        except SoswError as error:
            unseen = Unseen(check=check, what=what, why=str(error))
            if unseen not in self.unseen:
                self.unseen.append(unseen)

    def each(self, check: Callable[[T, Notes], None], items: Iterable[T]) -> None:
        """`check` of every item, some at once, each with notes of its own; they are added in the items' order."""
        wanted, own = list(items), list[Notes]()
        if wanted:
            own = [Notes() for _ in wanted]
            with ThreadPoolExecutor(min(AT_ONCE, len(wanted))) as pool:
                list(pool.map(check, wanted, own))
        for each in own:
            self.findings += [finding for finding in each.findings if finding not in self.findings]
            self.unseen += [unseen for unseen in each.unseen if unseen not in self.unseen]
            self.mended += each.mended
            self.looked_at += each.looked_at

    def diagnosis(self) -> Diagnosis:
        """All of it."""
        return Diagnosis(
            findings=tuple(self.findings),
            unseen=tuple(self.unseen),
            mended=tuple(self.mended),
            looked_at=dict(self.looked_at),
        )
