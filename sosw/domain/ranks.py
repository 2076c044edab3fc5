"""The rank of a waiting task: its place in its labourer's line, as one number that people can read.

    5 2 00000000001300      priority 5, section 2 (ready), at 1300
    │ │ └ 14 digits: a virtual start tag for what is ready, else the moment of falling due (ms since the epoch)
    │ └ section
    └ priority

A task never moves from one section to another while it waits, for a move costs a write: what falls due is started from
where it stands. Among the tasks of one priority that may start, the sections take turns: a flood in one of them, be it
of retries, holds up no other.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import IntEnum
from itertools import zip_longest
from typing import NamedTuple

from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import TaskId

NUMBERS = 10**14
"""Places of one section: more than the milliseconds since the epoch until the year 5138."""
_SECTIONS = 10
"""Room for so many, to be read as a digit; three are used."""


class Section(IntEnum):
    """What the tasks of one priority wait for."""

    AGAIN = 0
    """Retries, what was given back, replays: due at a moment."""
    APPOINTED = 1
    """New, of a job that is not due yet: due at a moment."""
    READY = 2
    """New, and due since they were written: by the virtual start tags of weighted fairness."""


class Place(NamedTuple):
    """A task in a line."""

    rank: int
    task: TaskId


def rank(priority: int, section: Section, number: int) -> int:
    """The place in a line; numbers beyond a section's last place share that one."""
    return (priority * _SECTIONS + section) * NUMBERS + min(number, NUMBERS - 1)


def number(rank: int) -> int:
    """The place in the section."""
    return rank % NUMBERS


def is_due(rank: int, by: datetime) -> bool:
    """Whether what stands at `rank` may start by that moment."""
    return _section(rank) == Section.READY or number(rank) <= to_ms(by)


def due_at(rank: int) -> datetime:
    """The moment at which what is not ready at `rank` may start."""
    return from_ms(number(rank))


def next_section(rank: int) -> int:
    """The first rank behind that one's section: where to look on when nothing more of it is wanted."""
    priority = rank // NUMBERS // _SECTIONS
    last = _section(rank) >= Section.READY
    return ((priority + 1) * _SECTIONS if last else rank // NUMBERS + 1) * NUMBERS


def first_of_priority(rank: int) -> int:
    """The first rank of that one's priority."""
    width = _SECTIONS * NUMBERS
    return rank // width * width


def in_turn(places: Iterable[Place]) -> list[TaskId]:
    """Who starts first, second, …: priorities strictly, in each of them the sections in turn, in each by rank.

    Whose turn is first changes with the tasks that stand first: whoever asks for one task at a time gets them of every
    section, and who asks again before anything moved gets the same ones.
    """
    priorities: defaultdict[int, defaultdict[int, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for place in sorted(places):
        priorities[first_of_priority(place.rank)][_section(place.rank)].append(place)
    return [place.task for _, sections in sorted(priorities.items()) for place in _turns(list(sections.values()))]


def _turns(sections: list[list[Place]]) -> Iterator[Place]:
    first = _drawn("|".join(section[0].task for section in sections)) % len(sections)
    for turn in zip_longest(*sections[first:], *sections[:first]):
        yield from (place for place in turn if place is not None)


def _drawn(text: str) -> int:
    """A number that looks drawn, and is the same for the same text: checksums of texts alike are alike, so mixed."""
    return (zlib.crc32(text.encode()) * 0x9E3779B1 >> 16) & 0xFFFF


def shard_of(task: TaskId, shards: int) -> int:
    """The part of its labourer's line that a new task is put in: the same whenever it is asked."""
    return zlib.crc32(task.encode()) % shards


def _section(rank: int) -> int:
    return rank // NUMBERS % _SECTIONS
