"""What a task costs, counted by the server that counts as AWS does: budgets of DESIGN §7."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.aws.dynamodb.models import TASKS, TaskModel, item_of
from sosw.domain import job as moves
from sosw.domain.fairness import FAIR, Placement
from sosw.domain.job import Job, Totals
from sosw.domain.messages import change
from sosw.domain.records import Record, of_labourer
from sosw.domain.recount import QUIET
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from sosw.domain.slots import ROW_SLOTS, Name, SlotRow
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState, task_id
from sosw.line import Line
from sosw.placer import Placer
from sosw.recounting import Recounting
from sosw.tallies import Tallies
from sosw.testing import FakeClock
from tests.contract.backends import Dynamo, DynamoWorld
from tests.contract.faults import on
from tests.contract.moves import MOVES, NOW, brought, claim, complete, fail
from tests.factories import one_by_one

OPERATIONS = ("BatchExecuteStatement", "UpdateItem", "PutItem", "GetItem", "BatchGetItem", "Query")


@dataclass
class Bill:
    """Calls, and units where the server tells them (not for batches of statements)."""

    calls: Counter[str] = field(default_factory=Counter)
    units: float = 0.0

    def __call__(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        told = parsed.get("ConsumedCapacity") or []
        self.units += sum(entry["CapacityUnits"] for entry in (told if isinstance(told, list) else [told]))


@pytest.fixture(scope="session")
def metered_world(metered: Dynamo) -> DynamoWorld:
    return metered.world()


@pytest.fixture
def world(metered_world: DynamoWorld) -> DynamoWorld:
    return metered_world.fresh()


@contextmanager
def _billed(world: DynamoWorld) -> Iterator[Bill]:
    bill = Bill()
    with ExitStack() as stack:
        for operation in OPERATIONS:
            stack.enter_context(on(world.database, f"after-call.dynamodb.{operation}", bill))
        yield bill


def _real(world: DynamoWorld, **fields: Any) -> Task:
    """As a real job makes them: a UUID for a job, a long name, a small payload."""
    job = JobId(str(uuid.uuid4()))
    payload = {"date_list": ["2013-01-01"], "origins": ["EWR"], "carriers": ["UA"], "isolate_days": True}
    labourer = LabourerName("flight-delays-worker-function")
    return world.new_task(
        **{"id": task_id(job, 123_456), "job_id": job, "payload": payload, "labourer": labourer} | fields
    )


def _put(world: DynamoWorld, task: Task) -> None:
    """Create it by a conditional put: this server does not bill statements, and AWS bills an INSERT like it."""
    world.database.table(TASKS, world.prefix).put(item_of(TaskModel, task), TaskModel.id.does_not_exist())


def test_creating_a_small_task_costs_2_units_the_item_and_its_place_in_line(world: DynamoWorld) -> None:
    with _billed(world) as bill:
        _put(world, _real(world))
    assert bill.units == 2


def test_a_claim_costs_2_units_the_item_and_its_leaving_the_line(world: DynamoWorld) -> None:
    task = brought(world.tasks, _real(world), "queued")
    with _billed(world) as bill:
        world.tasks.apply(claim(task))
    assert (bill.units, bill.calls) == (2, {"UpdateItem": 1})


@pytest.mark.parametrize("answer", ["complete", "heartbeat"])
def test_an_answer_costs_1_unit_and_1_call(world: DynamoWorld, answer: str) -> None:
    task = brought(world.tasks, _real(world), "running")
    with _billed(world) as bill:
        world.tasks.apply(MOVES[answer](task))
    assert (bill.units, bill.calls) == (1, {"UpdateItem": 1})


def test_a_failure_costs_2_units_for_it_stands_in_line_again(world: DynamoWorld) -> None:
    task = brought(world.tasks, _real(world), "running")
    with _billed(world) as bill:
        world.tasks.apply(fail(task))
    assert bill.units == 2


def test_the_whole_life_of_a_small_task_costs_5_units(world: DynamoWorld) -> None:
    task = _real(world)
    with _billed(world) as bill:
        _put(world, task)
        world.tasks.apply(complete(world.tasks.apply(claim(task))))
    assert bill.units == 5


def test_a_stale_move_costs_1_unit_and_no_call_to_tell_what_was_found(world: DynamoWorld) -> None:
    task = brought(world.tasks, _real(world), "done")
    with _billed(world) as bill, pytest.raises(Exception, match="it is done, attempt 1"):
        world.tasks.apply(claim(task))
    assert bill.calls == {"UpdateItem": 1}


def test_60_tasks_are_created_and_claimed_in_3_calls_each(world: DynamoWorld) -> None:
    tasks = world.new_tasks(60)
    with _billed(world) as bill:
        world.tasks.create(tasks)
        world.tasks.apply_all([claim(task) for task in tasks])
    assert bill.calls == {"BatchExecuteStatement": 6}


def test_an_idle_labourer_costs_half_a_unit_and_1_call(world: DynamoWorld) -> None:
    with _billed(world) as bill:
        assert world.due(NOW, 64) == []
    assert bill.calls == {"Query": 1}
    assert bill.units <= 0.5  # this server bills nothing for nothing, AWS does


@pytest.mark.parametrize("length", [30, 600])
def test_who_is_due_costs_half_a_unit_however_long_the_line(world: DynamoWorld, length: int) -> None:
    world.tasks.create(world.new_tasks(length, tag=1))
    with _billed(world) as bill:
        assert len(world.due(NOW, 25)) == 25
    assert (bill.units, bill.calls) == (0.5, {"Query": 1})


@pytest.mark.parametrize("length", [30, 600])
def test_retries_that_wait_cost_one_call_more_however_many(world: DynamoWorld, length: int) -> None:
    world.tasks.create(world.new_tasks(length, greenfield=NOW + timedelta(days=1)))
    world.tasks.create(world.new_tasks(30, tag=1))
    with _billed(world) as bill:
        assert len(world.due(NOW, 25)) == 25
    assert (bill.units, bill.calls) == (1, {"Query": 2})


def test_each_shard_costs_a_call(world: DynamoWorld) -> None:
    tasks = world.new_tasks(64, tag=1, shards=4)
    world.tasks.create(tasks)
    with _billed(world) as bill:
        assert world.due(NOW, 25, shards=4) == [task.id for task in tasks[:25]]
    assert (bill.units, bill.calls) == (2, {"Query": 4})


def test_a_task_with_everything_that_places_it_is_created_for_2_units(world: DynamoWorld) -> None:
    with _billed(world) as bill:
        _put(world, _real(world, tag=10**13, shards=16, key="k" * 200))
    assert bill.units == 2


@pytest.mark.parametrize(("more", "writes", "units"), [({}, {}, 1.5), ({"fair_key": "tenant"}, {"PutItem": 1}, 2.5)])
def test_to_place_a_job_costs_as_much_as_the_page_says(
    world: DynamoWorld, more: dict[str, Any], writes: dict[str, int], units: float
) -> None:
    world.tasks.create(world.new_tasks(300, tag=7))
    world.records.write(Record(key=of_labourer(world.labourer, FAIR)))
    request = _request({"lambda_name": world.labourer, **more})
    placer = Placer(world.records, Line(world.tasks), FakeClock())
    with _billed(world) as bill:
        placement = placer.place(request.job("j", NOW), request)
    assert (placement, bill.units) == (Placement(tag=7), units)
    assert bill.calls == {"BatchGetItem": 1, "Query": 1} | writes


def _request(job: dict[str, Any]) -> JobRequest:
    labourers = {job["lambda_name"]: {"max_simultaneous_invocations": 1}}
    return JobRequest.from_event(job, EssentialSettings.checked({"task_config": {"labourers": labourers}}), NOW)


@pytest.mark.parametrize(("is_consistent", "units"), [(True, 50), (False, 25)])
def test_reading_50_small_tasks_is_1_call_at_a_unit_or_half_of_one_each(
    world: DynamoWorld, *, is_consistent: bool, units: float
) -> None:
    tasks = [_real(world) for _ in range(50)]
    world.tasks.create(tasks)
    with _billed(world) as bill:
        assert len(world.tasks.get_many((task.id for task in tasks), is_consistent=is_consistent)) == 50
    assert (bill.units, bill.calls) == (units, {"BatchGetItem": 1})


def test_a_full_slot_row_is_written_and_read_for_a_unit_each(world: DynamoWorld) -> None:
    since = NOW + timedelta(milliseconds=123)
    names = {TaskId(f"{uuid.uuid4()}#{123_456 + n}"): Name(12, since) for n in range(ROW_SLOTS)}
    row = SlotRow(labourer=LabourerName("l" * 40 + world.labourer), number=3, capacity=ROW_SLOTS, names=names)
    with _billed(world) as bill:
        world.slots.write(row)
    assert (bill.units, bill.calls) == (1, {"PutItem": 1})
    with _billed(world) as bill:
        assert world.slots.rows(row.labourer)[0].names == names
    assert (bill.units, bill.calls) == (1, {"Query": 1})


def test_a_batch_of_the_stream_costs_each_labourer_a_unit_and_a_call_and_all_of_them_one_read(
    world: DynamoWorld,
) -> None:
    tallies = Tallies(world.records, one_by_one)
    names = [LabourerName(f"flight-delays-worker-function-{n}-{world.labourer}") for n in range(3)]
    tasks = [_real(world, labourer=names[n % 3]) for n in range(99)]
    for number in range(10):  # as many as are remembered, with names as long as AWS's
        tallies.count([change(None, task) for task in tasks], f"{10**28 + number}-{10**28 + number}-100")
    with _billed(world) as bill:
        tallies.count([change(None, task) for task in tasks], "next")
    assert (bill.units, bill.calls) == (3 + 3, {"BatchGetItem": 1, "PutItem": 3})


def test_to_check_the_totals_of_a_job_costs_half_a_unit_a_task_and_5_calls_besides(world: DynamoWorld) -> None:
    job = Job(id=JobId(str(uuid.uuid4())), labourer=world.labourer, submitted_at=NOW, held_until=NOW, body="{}")
    world.jobs.apply(moves.ready(world.jobs.open(job), total=100))
    tasks = [_real(world, id=task_id(job.id, n), job_id=job.id) for n in range(100)]
    world.tasks.create([replace(t, state=TaskState.DONE, closed_at=NOW, queue=None, rank=None) for t in tasks])
    clock = FakeClock(NOW + 2 * QUIET)
    tallies = Tallies(world.records, one_by_one)
    world.jobs.count(job.id, Totals(created=100, done=100), token="a", again=NOW)
    with _billed(world) as bill:
        Recounting(tasks=world.tasks, jobs=world.jobs, tallies=tallies, clock=clock).run(lambda: True)
    assert bill.calls == {"Query": 1, "GetItem": 3, "BatchGetItem": 1, "UpdateItem": 1}
    assert bill.units == 0.5 + 3 + 50 + 2
    seen = world.jobs.recount(job.id)
    assert seen is not None
    assert seen.at is None
