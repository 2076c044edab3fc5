"""Since when tasks wait: what stands by a moment tells it by its place, what stands by a tag by itself."""

from __future__ import annotations

from datetime import timedelta

from sosw.domain import lifecycle
from sosw.domain.backlog import Backlog
from sosw.domain.moments import to_ms
from sosw.domain.ranks import Place, Section, rank
from tests.factories import LEASE, NOW, a_task

MINUTE = timedelta(minutes=1)


def _ready(sequence: int, *, tag: int, priority: int = 5) -> Place:
    return Place(rank(priority, Section.READY, tag), a_task(sequence).id)


def _retry(sequence: int, ago: timedelta) -> Place:
    return Place(rank(5, Section.AGAIN, to_ms(NOW - ago)), a_task(sequence).id)


def test_only_the_first_ready_task_of_each_priority_need_be_read() -> None:
    places = [_ready(0, tag=7), _ready(1, tag=3), _ready(2, tag=9, priority=0), _retry(3, MINUTE)]
    assert Backlog(places).heads == ["job#2", "job#1"]


def test_the_oldest_is_that_which_fell_due_first_whatever_it_waits_for() -> None:
    heads = {task.id: task for task in (a_task(0, greenfield=NOW - 3 * MINUTE),)}
    backlog = Backlog([_ready(0, tag=1), _retry(1, 2 * MINUTE), _retry(2, MINUTE)])
    assert backlog.oldest(heads) == NOW - 3 * MINUTE
    assert Backlog(backlog.places[1:]).oldest({}) == NOW - 2 * MINUTE


def test_a_head_that_runs_by_now_or_has_left_waits_no_more() -> None:
    running = lifecycle.apply(lifecycle.claim(a_task(0), row=0, now=NOW, lease=LEASE), a_task(0))
    assert Backlog([_ready(0, tag=1)]).oldest({running.id: running}) is None
    assert Backlog([_ready(0, tag=1)]).oldest({}) is None
