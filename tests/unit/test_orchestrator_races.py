"""The Orchestrator among others: lost races, lost replies, rows that change under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleRow
from sosw.domain.lifecycle import Transition
from sosw.domain.slots import SlotRow
from sosw.domain.task import TaskId, TaskState
from sosw.naming import NAMING_ROUNDS
from sosw.ports import Outcome
from sosw.testing import InMemorySlotStore, InMemoryTaskStore
from tests.factories import LABOURER, LEASE, NOW, World, a_task


class Raced(InMemorySlotStore):
    """Runs what `before_write` says ahead of each of our writes, as long as it says something."""

    def __init__(self, *before_write: Callable[[], None]) -> None:
        super().__init__()
        self._before_write = list(before_write)

    def write(self, row: SlotRow) -> SlotRow:
        if self._before_write:
            self._before_write.pop(0)()
        return super().write(row)


class Answering(InMemoryTaskStore):
    """Claims take effect where `is_done`, but are answered with `outcome`."""

    def __init__(self, outcome: Outcome, *, is_done: bool) -> None:
        super().__init__()
        self._answer, self._is_done = outcome, is_done

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        if self._is_done:
            super().apply_all(transitions)
        return [self._answer for _ in transitions]


class Interposed(InMemoryTaskStore):
    """Runs `interpose` between the naming of tasks and their claims."""

    def __init__(self, interpose: Callable[[], None]) -> None:
        super().__init__()
        self._interpose: Callable[[], None] | None = interpose

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        interpose, self._interpose = self._interpose, None
        if interpose:
            interpose()
        return super().apply_all(transitions)


def test_two_orchestrators_at_once_start_as_many_as_the_limit_allows_and_each_task_once() -> None:
    world = World(limit=3)
    world.queue(9)
    world.slots = Raced(lambda: _say(world.orchestrator()({})))
    assert world.orchestrator()({}) == {"started": {}}
    assert world.started == [("job#0", 1), ("job#1", 1), ("job#2", 1)]


def _say(answer: dict[str, object]) -> None:
    assert answer == {"started": {"sales": 3}}


def test_a_name_written_before_another_row_was_lost_is_still_ours_to_claim() -> None:
    world = World(limit=20)
    world.queue(20)

    def write_row_1() -> None:
        InMemorySlotStore.write(world.slots, SlotRow(labourer=LABOURER, number=1, capacity=4))

    world.slots = Raced(lambda: None, write_row_1)
    assert world.orchestrator()({}) == {"started": {"sales": 20}}
    assert len(set(world.started)) == 20


def test_rows_that_are_always_written_by_others_are_left_for_the_next_time() -> None:
    class Lost(InMemorySlotStore):
        tries = 0

        def write(self, row: SlotRow) -> SlotRow:
            self.tries += 1
            raise StaleRow(row)

    world = World()
    world.slots = store = Lost()
    world.queue(1)
    paused: list[int] = []
    assert world.orchestrator(pause=paused.append)({}) == {"started": {}}
    assert (store.tries, paused) == (NAMING_ROUNDS, list(range(NAMING_ROUNDS - 1)))
    assert world.task().state is TaskState.QUEUED


def test_where_a_row_cannot_be_written_what_was_named_in_another_starts_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def throttled() -> None:
        raise SoswError("the table refuses")

    world = World(limit=20)
    world.queue(20)
    world.slots = Raced(*[lambda: None] * 3, throttled)  # both are sized, then the first one is named in
    assert world.orchestrator()({}) == {"started": {"sales": 16}}
    assert "naming.cut" in [record.message for record in caplog.records]


def test_a_name_that_another_wrote_is_never_acted_on() -> None:
    world = World()
    world.queue(1)
    world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=2).named([a_task()], NOW))
    assert world.orchestrator()({}) == {"started": {}}
    assert (world.task().state, world.names()) == (TaskState.QUEUED, {0: ["job#0"]})


@pytest.mark.parametrize("outcome", [Outcome.STALE, Outcome.UNCERTAIN])
def test_a_claim_that_took_effect_although_its_reply_was_lost_is_started(outcome: Outcome) -> None:
    world = World()
    world.tasks = Answering(outcome, is_done=True)
    world.queue(2)
    assert world.orchestrator()({}) == {"started": {"sales": 2}}
    assert world.started == [("job#0", 1), ("job#1", 1)]


def test_a_claim_that_may_still_take_effect_keeps_its_slot_for_the_sweep() -> None:
    world = World()
    world.tasks = Answering(Outcome.UNCERTAIN, is_done=False)
    world.queue(1)
    assert world.orchestrator()({}) == {"started": {}}
    assert world.names() == {0: ["job#0"]}


def test_a_claim_that_took_effect_and_ended_is_not_started_again() -> None:
    world = World()

    class Ended(Answering):
        def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
            outcomes = super().apply_all(transitions)
            world.report("complete")
            return outcomes

    world.tasks = Ended(Outcome.UNCERTAIN, is_done=True)
    world.queue(1)
    assert world.orchestrator()({}) == {"started": {}}
    assert (world.started, world.names()) == ([], {})


def fenced(world: World) -> None:
    world.tasks.apply(lifecycle.fence(world.task()))


def taken(world: World) -> None:
    """Another Orchestrator has named the task in row 1, and claims it first."""
    InMemorySlotStore.write(
        world.slots, SlotRow(labourer=LABOURER, number=1, capacity=1).named([world.task()], world.clock.now())
    )
    world.tasks.apply(lifecycle.claim(world.task(), row=1, now=NOW, lease=LEASE))


def gone(world: World) -> None:
    del world.tasks.tasks[TaskId("job#0")]


@pytest.mark.parametrize(
    ("meanwhile", "names"), [(fenced, {}), (taken, {1: ["job#0"]}), (gone, {})], ids=["fenced", "taken", "gone"]
)
def test_a_claim_that_lost_its_race_frees_its_own_slot_and_no_other(
    meanwhile: Callable[[World], None], names: dict[int, list[str]]
) -> None:
    world = World()
    world.tasks = Interposed(lambda: meanwhile(world))
    world.queue(1)
    assert world.orchestrator()({}) == {"started": {}}
    assert (world.started, world.names()) == ([], names)
