"""A role at work as a tree of tales: what it asks next follows from the answers that it got, and from nothing else.

A thread cannot be forked, but a role whose answers are known can be played again, in 0.2 ms. So a state of the system
keeps no role, only the number of a node: the answers so far, and the call that comes next. Each node is played once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sosw.domain.errors import SoswError
from tests.property.world.effects import LostError
from tests.property.world.roles import Role
from tests.property.world.stepping import Call

Begin = Callable[["Clock"], Role]
Answer = tuple[Any, datetime]
"""What came of a call (an exception is raised), and the moment at which it was heard."""


class Clock:
    """The role's: it stands until an answer is heard."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Asked(BaseException):
    """The answer is not known yet: the tale ends here, and no `except Exception` of the role may see it."""


class Interned:
    """Things by numbers, equal ones by the same."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, key: Any, thing: Any) -> int:
        """That of `thing`, which is told from others by `key`."""
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self.things)
            self.things.append(thing)
        return known

    def of(self, key: Any) -> int:
        """That of a thing that is its own key."""
        return self.number(key, key)


@dataclass(slots=True)
class Node:
    """Where a role stands."""

    kind: str
    begin: Begin
    begun: datetime
    answers: tuple[Answer, ...] = ()
    call: Call | None = None
    """What it asks next; None when it has come to its end."""
    asked: int = -1
    """The number of that call: equal calls have the same."""
    children: dict[tuple[int, int], int] = field(default_factory=dict)


class Book:
    """All tales that were told."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.calls = Interned()
        self._beginnings: dict[tuple[str, datetime], int] = {}

    def begin(self, kind: str, begin: Begin, now: datetime) -> int:
        """The first node of a role that begins at that moment."""
        known = self._beginnings.get((kind, now))
        if known is None:
            known = self._beginnings[kind, now] = self._add(Node(kind, begin, now))
        return known

    def after(self, node: int, key: tuple[int, int], answer: Answer) -> int:
        """The node after `answer`, which is told from others by `key`."""
        known = self.nodes[node].children.get(key)
        if known is None:
            before = self.nodes[node]
            new = Node(before.kind, before.begin, before.begun, (*before.answers, answer))
            known = before.children[key] = self._add(new)
        return known

    def _add(self, node: Node) -> int:
        node.call = _play(node)
        if node.call:
            node.asked = self.calls.number(repr(node.call), node.call)
        self.nodes.append(node)
        return len(self.nodes) - 1


def _play(node: Node) -> Call | None:
    """The role from its beginning, with all the answers that it got: what it asks then."""
    clock, left = Clock(node.begun), iter(node.answers)
    asked: list[Call] = []

    def reach(call: Call) -> Any:
        for value, now in left:
            clock.at = now
            if isinstance(value, SoswError):
                raise value.with_traceback(None)
            return value
        asked.append(call)
        raise Asked

    try:
        node.begin(clock)(reach)
    except Asked:
        return asked[0]
    except LostError:
        return None  # what its caller would see
    return None
