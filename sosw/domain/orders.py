"""Orders of operators: pause, resume, limit a labourer, a resource, or everything, with who and why.

    {"sosw": {"pause": "labourer/sales", "by": "ann", "why": "migration"}}
    {"sosw": {"resume": "everything", "by": "ann"}}
    {"sosw": {"limit": "resource/rds:orders", "to": 10, "by": "ann", "why": "too many locks"}}

The target is the owner of the record that the order changes. `"to": null` lifts an ordered limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid
from sosw.domain.labourer import MAX_LIMIT
from sosw.domain.moments import told
from sosw.domain.records import EVERYTHING, RecordKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sosw.domain.settings import EssentialSettings
    from sosw.domain.standing import Control

LABOURER, RESOURCE = "labourer", "resource"
MAX_CHARS = 500
"""Of who, and of why."""
_PARTS = ("by", "why")
_FORM = 'must be {"pause": target, "by": …, "why": …}, {"resume": …}, or {"limit": target, "to": number or null, …}'
_TARGET = "must be labourer/NAME, resource/NAME or everything"


class Kind(str, Enum):
    """What can be ordered."""

    PAUSE = "pause"
    RESUME = "resume"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOrder:
    """What an operator wants of a labourer, a resource, or everything."""

    kind: Kind
    target: str
    """Owner of the record: `labourer/NAME`, `resource/NAME`, or `everything`."""
    to: int | None = None
    """Of a limit: 0 … 10,000; None lifts it."""
    by: str
    why: str = ""

    @classmethod
    def from_event(cls, event: Any, settings: EssentialSettings) -> ControlOrder:
        """Raises `InvalidInput` with all that is wrong with it; unknown targets are answered with a guess."""
        given = event.get("sosw") if isinstance(event, dict) else None
        kinds = [kind for kind in Kind if kind.value in given] if isinstance(given, dict) else []
        if not isinstance(given, dict) or len(kinds) != 1:
            raise invalid("sosw", given, _FORM, _meant(given))
        (kind,) = kinds
        problems = [*_target_problems(kind, given, settings), *_part_problems(kind, given)]
        if problems:
            raise InvalidInput(problems)
        kept = {name: given[name] for name in ("to", *_PARTS) if name in given}
        return cls(kind=kind, target=given[kind.value], **kept)

    def to_event(self) -> dict[str, Any]:
        """As the Orchestrator is invoked with."""
        to = {"to": self.to} if self.kind is Kind.LIMIT else {}
        return {"sosw": {self.kind.value: self.target, **to, "by": self.by, "why": self.why}}

    @property
    def key(self) -> RecordKey:
        """Of the record that it changes."""
        return RecordKey(self.target)

    @property
    def wake(self) -> dict[str, Any]:
        """The event that dispatches whom it is about: a labourer, or all."""
        kind, _, name = self.target.partition("/")
        return {"wake": {name: {}}} if kind == LABOURER else {}

    def applied(self, control: Control, now: datetime) -> Control:
        """The control after it; the same where it is so already."""
        match self.kind:
            case Kind.PAUSE if not control.is_paused:
                return replace(control, paused_by=self.by, paused_why=self.why, paused_at=now)
            case Kind.RESUME if control.is_paused:
                return replace(control, paused_by=None, paused_why=None, paused_at=None)
            case Kind.LIMIT if control.limit != self.to and self.to is None:
                return replace(control, limit=None, limit_by=None, limit_why=None, limit_at=None)
            case Kind.LIMIT if control.limit != self.to:
                return replace(control, limit=self.to, limit_by=self.by, limit_why=self.why, limit_at=now)
            case _:
                return control

    def lets_more_start(self, before: Control) -> bool:
        """Whether it may let start what `before` held back."""
        if self.kind is Kind.RESUME:
            return before.is_paused
        return self.kind is Kind.LIMIT and before.limit is not None and (self.to is None or self.to > before.limit)

    def line(self, before: Control) -> dict[str, Any]:
        """For the log of its target: what was ordered, from what to what, by whom and why."""
        paused = ("running", "paused")
        change = {
            Kind.PAUSE: (paused[before.is_paused], "paused"),
            Kind.RESUME: (paused[before.is_paused], "running"),
            Kind.LIMIT: (before.limit, self.to),
        }
        come, go = change[self.kind]
        return {"order": self.kind.value, "from": come, "to": go, "by": self.by, "why": self.why}


def is_order(event: Any) -> bool:
    """Whether the event is meant to be one."""
    return isinstance(event, dict) and "sosw" in event


def said(order: ControlOrder, before: Control, after: Control) -> str:
    """What came of the order, in a sentence."""
    whom = called(order.target)
    match order.kind:
        case Kind.PAUSE if before != after:
            return f"{whom} is paused: nothing of it starts, what runs may end"
        case Kind.PAUSE:
            return f"{whom} is paused already, {paused(before)}"
        case Kind.RESUME:
            return f"{whom} is resumed" if before != after else f"{whom} is not paused"
        case _ if before == after:
            is_free = after.limit is None
            return f"no limit is ordered of {whom}" if is_free else f"{whom} is limited already, {limited(after)}"
        case _ if after.limit is None:
            return f"the ordered limit of {whom}, {before.limit:,}, is lifted"
        case _:
            was = f", it was {before.limit:,}" if before.limit is not None else ""
            return f"{whom} is limited to {after.limit:,}{was}; what its settings allow is never exceeded"


def line_said(what: Mapping[str, Any]) -> str:
    """A line of a log, for people: of an order, or of the regulation, whose `why` is its whole sentence."""
    by, why = str(what.get("by", "")), str(what.get("why", ""))
    match what.get("order"):
        case Kind.PAUSE.value:
            did = f"paused by {by}"
        case Kind.RESUME.value:
            did = f"resumed by {by}"
        case Kind.LIMIT.value:
            did = f"limit {_number(what.get('from'))} → {_number(what.get('to'))} by {by}"
        case _:
            return f"{why} ({by})" if by else why
    return did + f": {why}" * bool(why)


def _number(limit: int | None) -> str:
    return "none" if limit is None else f"{limit:,}"


def called(target: str) -> str:
    """A target as people say it: `labourer sales`, `resource rds:orders`, `everything`."""
    return target.replace("/", " ", 1)


def paused(control: Control, now: datetime | None = None) -> str:
    """By whom, since when and why what it is about is paused."""
    since = f" since {told(control.paused_at, now)}" if control.paused_at else ""
    return f"by {control.paused_by}{since}: {control.paused_why}"


def limited(control: Control, now: datetime | None = None) -> str:
    """To what, by whom, since when and why it is limited."""
    since = f" since {told(control.limit_at, now)}" if control.limit_at else ""
    return f"to {control.limit:,} by {control.limit_by}{since}: {control.limit_why}"


def _meant(given: Any) -> str:
    """A guess where what is to be done is misspelt."""
    hints = [did_you_mean(str(key), [kind.value for kind in Kind]) for key in given] if isinstance(given, dict) else []
    return next((hint for hint in hints if hint.startswith("did")), "")


def _target_problems(kind: Kind, given: Mapping[str, Any], settings: EssentialSettings) -> Iterator[Problem]:
    target, field = given[kind.value], f"sosw.{kind.value}"
    known: dict[str, list[str]] = {
        LABOURER: [*settings.labourers, *settings.mistaken],
        RESOURCE: [*settings.resources, *settings.mistaken_resources],
    }
    whose, _, name = target.partition("/") if isinstance(target, str) else ("", "", "")
    if target == EVERYTHING:
        return
    if whose not in known or not name:
        names = [EVERYTHING, *(f"{each}/{name}" for each, names in known.items() for name in names)]
        yield Problem(field, target, _TARGET, _guess(str(target), names))
    elif name not in known[whose]:
        yield Problem(field, name, f"is not a registered {whose}", did_you_mean(name, known[whose]))


def _guess(target: str, names: list[str]) -> str:
    """Of a target without its kind, or with a wrong one."""
    name = target.rpartition("/")[2]
    same = next((known for known in names if known.rpartition("/")[2] == name), None)
    return f"did you mean {same!r}?" if same else did_you_mean(target, names)


def _part_problems(kind: Kind, given: Mapping[str, Any]) -> Iterator[Problem]:
    what = f"is not part of the order to {kind.value}"
    parts = (kind.value, *_PARTS, *(["to"] if kind is Kind.LIMIT else []))
    for key, value in given.items():
        if key not in parts:
            yield Problem(f"sosw.{key}", value, what, did_you_mean(str(key), parts))
    if kind is Kind.LIMIT and not _is_limit(given.get("to", "")):
        rule = f"must be a whole number from 0 to {MAX_LIMIT:,}, or null to lift the limit"
        yield Problem("sosw.to", given.get("to"), rule)
    for key in _PARTS:
        value, needed = given.get(key, ""), key == "by" or kind is not Kind.RESUME
        if not isinstance(value, str) or len(value) > MAX_CHARS or (needed and not value.strip()):
            who = "who orders it" if key == "by" else "why, for those who come after"
            rule = f"must tell {who}, in 1 to {MAX_CHARS} characters" if needed else f"must be a text of ≤ {MAX_CHARS}"
            yield Problem(f"sosw.{key}", given.get(key), rule)


def _is_limit(to: Any) -> bool:
    return to is None or (type(to) is int and 0 <= to <= MAX_LIMIT)
