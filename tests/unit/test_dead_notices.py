"""Each death is told: to people a message a minute, and as a metric."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.dead_notices import MAX_LOOKED, ROUNDS
from sosw.domain import lifecycle
from sosw.domain.errors import SoswError
from sosw.domain.moments import to_ms
from sosw.domain.records import Record
from sosw.domain.task import TaskState
from sosw.testing import InMemoryRecordStore
from tests.factories import LABOURER, NOW, a_task
from tests.unit.dead_world import OTHER, Records, Watched, busy, fails, interrupted


@pytest.fixture
def world() -> Watched:
    return Watched()


def test_a_death_that_the_stream_tells_is_told_in_the_next_minute_and_never_again(world: Watched) -> None:
    world.bury(0, 1)
    world.stream()
    world.minute()
    assert [said for said, _ in world.published] == ["[sosw] 2 tasks died: sales 2"]
    assert world.counted == [("dead", "sales", 2)]
    world.minutes(25)
    assert len(world.published) == 1


def test_a_death_that_the_stream_lost_is_told_within_ten_minutes(world: Watched) -> None:
    world.config["task_config"]["labourers"] |= {
        f"more-{number}": {"max_simultaneous_invocations": 1} for number in range(20)
    }
    world.bury(0)
    world.minutes()
    assert (len(world.published), world.told) == (1, 1)


def test_one_message_tells_of_all_labourers(world: Watched) -> None:
    world.bury(0, 1)
    world.bury(2, labourer=OTHER, error="Timeout")
    world.stream()
    world.minute()
    ((said, body),) = world.published
    assert said == "[sosw] 3 tasks died: sales 2, other 1"
    assert "\n       2  sales  ValueError\n       1  other  Timeout\n" in body
    assert "job#0  2026-01-01 12:00:00 UTC  ValueError: no" in body
    assert "Look:   sosw dead list --since 2026-01-01T12:00:00Z\n" in body
    assert 'Replay: sosw dead replay other --since 2026-01-01T12:00:00Z --why "..."\n' in body
    assert sorted(world.counted) == [("dead", "other", 1), ("dead", "sales", 2)]


def test_of_a_labourer_that_is_no_longer_registered_deaths_are_told_too(world: Watched) -> None:
    world.bury(0)
    world.stream()
    world.minute()
    world.config["task_config"]["labourers"] = {}
    world.bury(1)
    world.minutes()
    assert world.told == 2


def test_what_dies_anew_is_told_anew_and_what_was_replayed_meanwhile_is_not(world: Watched) -> None:
    world.bury(0, 1)
    world.stream()
    world.minute()
    world.carry_out(world.order(0))
    world.fail(world.tasks.apply(lifecycle.claim(world.task(0), row=0, now=world.clock.now(), lease=10 * _SECOND)))
    world.minute()
    assert world.told == 3
    world.bury(2)
    world.carry_out(world.order(2))
    world.minutes()
    assert world.told == 3


_SECOND = NOW.replace(second=1) - NOW


def test_a_message_that_was_not_taken_is_sent_in_the_next_minute(world: Watched) -> None:
    world.bury(0)
    world.stream()
    world.refuse = True
    world.minute()
    assert (world.published, world.counted) == ([], [])
    world.refuse = False
    world.minute()
    assert (len(world.published), world.told) == (1, 1)


def test_each_minute_in_which_nobody_can_be_told_says_so_as_a_metric(world: Watched) -> None:
    """Deaths are counted when they are told: with a topic that takes nothing, their own alarm is silent for ever."""
    world.bury(0, 1)
    world.bury(2, labourer=OTHER)
    world.stream()
    world.refuse = True
    world.minute()
    assert sorted(world.untold) == [("untold", "other", 1), ("untold", "sales", 2)]
    world.minute()
    assert (len(world.untold), world.counted) == (4, [])
    world.refuse = False
    world.minutes()
    assert (len(world.untold), world.told) == (4, 3)


def test_who_dies_between_the_message_and_its_mark_has_it_told_once_more(world: Watched) -> None:
    world.bury(0)
    world.stream()
    marks = Records(
        world.records, lambda record: fails(SoswError("gone")) if record.key.owner != "everything" else None
    )
    world.minute(records=marks)
    world.minute()
    world.minutes()
    assert len(world.published) == 2


def test_two_sweeps_of_one_minute_tell_once(world: Watched) -> None:
    world.bury(0)
    world.stream()
    world.clock.advance(seconds=60)
    first, second = world.notices(), world.notices()
    first.tell()
    second.tell()
    assert len(world.published) == 1


def test_of_two_sweeps_that_found_the_same_one_tells(world: Watched) -> None:
    world.minute()
    world.bury(0)
    world.stream()
    world.clock.advance(seconds=60)
    world.notices(records=interrupted(world, lambda: world.notices().tell())).tell()
    assert len(world.published) == 1


def test_a_hint_that_comes_between_delays_nothing_and_is_kept(world: Watched) -> None:
    def hint() -> None:
        world.bury(1, labourer=OTHER)
        world.stream()

    world.minute()
    world.bury(0)
    world.stream()
    world.clock.advance(seconds=60)
    world.notices(records=interrupted(world, hint)).tell()
    assert world.told == 1
    world.minute()
    assert (world.told, len(world.published)) == (2, 2)


def test_a_record_that_is_always_busy_costs_a_minute_and_no_notice(
    world: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    world.minute()
    world.bury(0)
    world.stream()
    tries: list[Record] = []
    held = Records(world.records, busy(tries))
    world.minute(records=held)
    assert (len(tries), world.published) == (ROUNDS, [])
    assert "deaths.unclaimed" in caplog.messages
    world.notices(records=held).hear(world.tasks.changes)
    world.minute()
    assert world.told == 1


def test_who_is_registered_is_remembered_also_while_the_record_is_busy(world: Watched) -> None:
    tries: list[Record] = []
    world.minute(records=Records(world.records, busy(tries)))
    assert [record.value["known"] for record in tries] == [["sales"]]
    world.bury(0)
    world.minutes()
    world.config["task_config"]["labourers"] = {}
    world.bury(1)
    world.minutes()
    assert world.told == 2


def test_a_busy_record_of_what_was_heard_is_left_to_the_turns(world: Watched) -> None:
    world.bury(0)
    tries: list[Record] = []
    held = Records(world.records, busy(tries))
    world.notices(records=held).hear(world.tasks.changes)
    assert len(tries) == ROUNDS
    world.notices(records=Records(world.records, lambda _: fails(SoswError("no")))).hear(world.tasks.changes)
    world.minutes()
    assert world.told == 1


def test_what_is_heard_is_written_once_in_a_minute(world: Watched) -> None:
    world.bury(0)
    writes: list[Record] = []
    counting = Records(world.records, writes.append)
    for _ in range(3):
        world.notices(records=counting).hear(world.tasks.changes)
    assert len(writes) == 1
    world.clock.advance(seconds=61)
    world.notices(records=counting).hear(world.tasks.changes)
    assert len(writes) == 2
    world.notices(records=counting).hear([])
    assert len(writes) == 2


def test_one_labourer_that_cannot_be_read_holds_up_no_other(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    world.bury(0)
    world.bury(1, labourer=OTHER)
    world.stream()
    careful = world.tasks.places

    def places(queue: str, start: int, limit: int) -> Any:
        return fails(SoswError("busy")) if queue == "sales/dead" else careful(queue, start, limit)

    monkeypatch.setattr(world.tasks, "places", places)
    world.minute()
    assert world.counted == [("dead", "other", 1)]
    monkeypatch.setattr(world.tasks, "places", careful)
    world.minute()
    assert world.told == 2


def test_nothing_that_goes_wrong_ends_the_sweep(world: Watched) -> None:
    world.bury(0)
    world.stream()

    class Broken(InMemoryRecordStore):
        def read(self, keys: Any) -> Any:
            raise RuntimeError(keys)

    world.minute(records=Broken())
    assert world.published == []


def test_a_sweep_without_time_leaves_the_notice_to_the_next(world: Watched) -> None:
    world.bury(0)
    world.stream()
    world.scavenger(deaths=world.notices()).sweep(remaining=lambda: _SECOND)
    assert world.published == []
    world.scavenger().pass_on(world.tasks.changes, token="t")
    world.scavenger().sweep()


def test_without_a_topic_deaths_are_counted_all_the_same(world: Watched) -> None:
    world.has_topic = False
    world.bury(0)
    world.stream()
    world.minute()
    assert (world.published, world.counted) == ([], [("dead", "sales", 1)])


def test_a_flood_is_told_over_several_minutes(world: Watched) -> None:
    line = {"state": TaskState.DEAD, "queue": lifecycle.dead_key(LABOURER)}
    tasks = [a_task(n, **line, rank=to_ms(NOW) + n) for n in range(MAX_LOOKED + 700)]
    world.tasks.tasks = {task.id: task for task in tasks}
    world.minutes()
    world.minutes()
    assert world.told == MAX_LOOKED + 700
    assert 2 <= len(world.published) <= 3
