"""What the roles publish of the work that they do: read from the lines that CloudWatch takes its metrics from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from sosw.domain.backlog import COUNTED
from sosw.domain.errors import InvokeRefused, SoswError
from sosw.domain.metrics import Level
from sosw.domain.rounds import Round
from sosw.domain.settings import EssentialSettings
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.testing import InMemoryTaskStore
from tests.factories import LABOURER, NOW, World, a_task, seconds
from tests.metering import Metered

IDLE = {("test", "queued"): [0.0], ("test", "oldest"): [0.0]}


@pytest.fixture
def metrics() -> Metered:
    return Metered()


def _after(world: World, waited: float) -> World:
    world.clock.advance(seconds=waited)
    return world


# --- the Orchestrator ---


def test_the_minute_says_how_many_are_due_and_since_when_before_it_starts_any(metrics: Metered) -> None:
    world = World(limit=2)
    world.queue(3)
    _after(world, 40).orchestrator(metrics=metrics)({})
    told = metrics.told()
    assert (told["sales", "queued"], told["sales", "oldest"]) == ([3.0], [40.0])
    assert (told["test", "queued"], told["test", "oldest"]) == ([3.0], [40.0])


def test_an_environment_with_nothing_to_do_says_so_and_no_labourer_says_anything(metrics: Metered) -> None:
    world = World(labourers={f"idle-{number}": {"max_simultaneous_invocations": 1} for number in range(3)})
    world.orchestrator(metrics=metrics)({})
    assert metrics.told() == IDLE


def test_what_is_due_later_is_not_queued(metrics: Metered) -> None:
    world = World()
    world.queue(2, greenfield=NOW + seconds(60))
    world.orchestrator(metrics=metrics)({})
    assert metrics.told() == IDLE


def test_the_age_is_that_of_the_oldest_of_all_labourers_and_their_tasks_are_added_up(metrics: Metered) -> None:
    names = [LabourerName("a"), LabourerName("b")]
    world = World(labourers={name: {"max_simultaneous_invocations": 0} for name in names})
    _after(world, 100)
    for number, name in enumerate(names):
        world.tasks.create([a_task(number, labourer=name, created_at=NOW, greenfield=NOW + seconds(10 * number))])
    world.orchestrator(metrics=metrics)({})
    told = metrics.told()
    assert [told[name, "oldest"] for name in ("a", "b", "test")] == [[100.0], [90.0], [100.0]]
    assert told["test", "queued"] == [2.0]


def test_a_long_line_is_counted_as_far_as_one_question_reaches(metrics: Metered) -> None:
    world = World(limit=0)
    world.queue(COUNTED + 10)
    world.orchestrator(metrics=metrics)({})
    assert metrics.told()["sales", "queued"] == [float(COUNTED)]


class _Heads(InMemoryTaskStore):
    """Counts the reads of tasks; `error` stops them."""

    error: Exception | None = None

    def __init__(self) -> None:
        super().__init__()
        self.read: list[list[TaskId]] = []

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        ids = list(task_ids)
        self.read.append(ids)
        if self.error:
            raise self.error
        return super().get_many(ids, is_consistent=is_consistent)


def test_the_ages_of_all_labourers_cost_one_call_a_minute_and_none_where_nothing_is_due(metrics: Metered) -> None:
    names = [LabourerName("a"), LabourerName("b"), LabourerName("c")]
    world = World(labourers={name: {"max_simultaneous_invocations": 0} for name in names})
    world.tasks = store = _Heads()
    world.orchestrator(metrics=metrics)({})
    assert store.read == []
    store.create([a_task(number, labourer=name) for number, name in enumerate(names[:2])])
    world.orchestrator(metrics=metrics)({})
    assert store.read == [["job#0", "job#1"]]


def test_a_retry_that_waits_tells_its_age_by_its_place_without_a_read(metrics: Metered) -> None:
    world = World(limit=0)
    world.tasks = store = _Heads()
    world.queue(1, greenfield=NOW + seconds(5))
    _after(world, 35).orchestrator(metrics=metrics)({})
    assert (metrics.told()["sales", "oldest"], store.read) == ([30.0], [])


def test_a_head_that_cannot_be_read_costs_the_age_and_nothing_else(
    metrics: Metered, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(limit=0)
    world.tasks = store = _Heads()
    store.error = RuntimeError("no")
    world.queue(2)
    assert world.orchestrator(metrics=metrics)({}) == {"started": {}}
    told = metrics.told()
    assert (told["sales", "queued"], "oldest" in {name for owner, name in told if owner == "sales"}) == ([2.0], False)
    assert "backlogs.unread" in caplog.messages


def test_a_head_that_is_taken_meanwhile_has_no_age(metrics: Metered) -> None:
    world = World(limit=0)
    world.tasks = store = _Heads()
    world.queue(1)
    careful = store.get_many
    store.get_many = lambda ids, **how: {} if ids else careful(ids, **how)  # type: ignore[method-assign]
    world.orchestrator(metrics=metrics)({})
    assert ("sales", "oldest") not in metrics.told()


def test_what_a_minute_has_seen_is_told_once_by_a_warm_container(metrics: Metered) -> None:
    world = World(limit=0)
    world.queue(2)
    orchestrator = world.orchestrator(metrics=metrics)
    orchestrator({})
    metrics.told()
    orchestrator({"wake": {"sales": {}}})
    assert metrics.told() == {}


def test_each_start_says_how_long_its_task_has_been_due(metrics: Metered) -> None:
    world = World(limit=3)
    world.queue(2)
    _after(world, 1.5).orchestrator(metrics=metrics)({"wake": {"sales": {}}})
    assert metrics.told() == {
        (owner, name): values
        for owner in ("test", "sales")
        for name, values in (("started", [2.0]), ("dispatch_delay", [1500.0, 1500.0]))
    }


def test_what_was_refused_was_not_started(metrics: Metered) -> None:
    class Refusing:
        def start(self, function: str, _event: Mapping[str, object]) -> None:
            raise InvokeRefused(function, "no such function", is_passing=False)

    world = World(limit=1)
    world.queue(1)
    world.orchestrator(metrics=metrics, invoker=Refusing())({"wake": {"sales": {}}})
    assert metrics.told() == {}


def test_a_round_of_many_labourers_says_nothing_of_the_minute_itself(metrics: Metered) -> None:
    world = World()
    world.queue(1)
    world.orchestrator(metrics=metrics)(Round(labourers=[LABOURER]).to_event())
    assert metrics.told(Level.ENVIRONMENT)["test", "queued"] == [1.0]
    world.orchestrator(metrics=metrics)(Round(labourers=[LABOURER]).to_event())
    assert metrics.told() == {}


# --- the Scavenger ---


def test_the_sweep_says_how_many_slots_there_are_and_how_many_are_taken(metrics: Metered) -> None:
    world = World(limit=20)
    world.queue(17)
    world.orchestrator()({})
    world.scavenger(metrics=metrics).sweep()
    told = metrics.told()
    assert (told["sales", "running"], told["sales", "limit"]) == ([17.0], [20.0])
    assert (told["test", "running"], told["test", "limit"]) == ([17.0], [20.0])


def test_a_sweep_of_labourers_that_never_ran_says_that_nothing_runs(metrics: Metered) -> None:
    World().scavenger(metrics=metrics).sweep()
    assert metrics.told() == {("test", "running"): [0.0], ("test", "limit"): [0.0]}


def test_slots_of_which_one_row_has_lost_its_size_are_those_that_there_are(metrics: Metered) -> None:
    world = World()
    world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=0))
    world.scavenger(metrics=metrics).sweep()
    assert metrics.told()["sales", "limit"] == [0.0]


def test_the_stream_says_what_was_created_done_and_failed_and_how_many_are_left_open(metrics: Metered) -> None:
    world = World(limit=2, retry={"base": 0, "cap": 0})
    world.queue(4)
    world.orchestrator()({})
    world.report("complete", 0)
    world.report("fail", 1, error="ValueError", message="no")
    world.scavenger(metrics=metrics).pass_on(world.tasks.changes, token="t")
    told = metrics.told()
    assert {name: values for (owner, name), values in told.items() if owner == "test"} == {
        "created": [4.0],
        "done": [1.0],
        "failed": [1.0],
    }
    assert told["sales", "open"] == [3.0]


def test_a_batch_that_comes_again_is_not_told_again(metrics: Metered) -> None:
    world = World()
    world.queue(2)
    for _ in range(2):
        world.scavenger(metrics=metrics).pass_on(world.tasks.changes, token="t")
    assert metrics.told()["sales", "created"] == [2.0]


def test_the_stream_tells_also_while_the_totals_cannot_be_read(metrics: Metered) -> None:
    class Unread:
        def read(self, keys: object) -> dict[object, object]:
            raise SoswError(f"no {keys}")

    world = World()
    world.queue(2)
    world.scavenger(metrics=metrics, records=Unread()).pass_on(world.tasks.changes, token="t")
    assert metrics.told() == {("test", "created"): [2.0], ("sales", "created"): [2.0]}


# --- the level ---


@pytest.mark.parametrize(("given", "owners"), [("all", {"test", "sales"}), ("environment", {"test"}), ("none", set())])
def test_the_setting_says_whose_metrics_are_published(metrics: Metered, given: str, owners: set[str]) -> None:
    world = World(limit=1)
    world.config["metrics"] = given
    world.queue(1)
    orchestrator = world.orchestrator(metrics=metrics)
    orchestrator({})
    assert {owner for owner, _ in metrics.told(orchestrator.settings.metrics)} == owners


def test_without_a_setting_the_environment_alone_is_published() -> None:
    assert EssentialSettings.from_mapping({}).metrics is Level.ENVIRONMENT


def test_a_level_that_is_none_is_said_with_what_was_meant_and_changes_nothing() -> None:
    settings = EssentialSettings.from_mapping({"metrics": "al"})
    (problem,) = settings.problems
    assert str(problem) == "metrics: 'al' must be one of all, environment, none (did you mean 'all'?)"
    assert settings.metrics is Level.ENVIRONMENT
