"""What the stores say when AWS is busy, silent or unwilling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from sosw.aws.dynamodb import Database, DynamoTaskStore, TableFailed
from sosw.aws.dynamodb.batches import PATIENCE, Backoff
from sosw.aws.dynamodb.models import TASKS
from sosw.domain.errors import StaleRow, StaleTask
from sosw.domain.lifecycle import cancel, queue_key
from sosw.domain.slots import SlotRow
from sosw.domain.task import TaskId, TaskState
from sosw.ports import Outcome
from tests.contract.backends import REGION, Dynamo, DynamoWorld
from tests.contract.faults import Instead, LostReply, answer, body_of, on, refusal
from tests.contract.moves import NOW, brought, claim, complete

BATCH_WRITE = "dynamodb.BatchExecuteStatement"
BATCH_READ = "dynamodb.BatchGetItem"
FULL = [ceiling.total_seconds() for ceiling in map(PATIENCE.ceiling, range(1, PATIENCE.max_attempts))]
"""All waits, when chance makes each as long as it can be."""


@pytest.fixture
def waits() -> list[float]:
    """What the store slept, in seconds."""
    return []


@pytest.fixture
def world(dynamo: Dynamo, shared_dynamo_world: DynamoWorld, waits: list[float]) -> DynamoWorld:
    """Called without botocore's repetitions, and with a sleep that takes no time."""
    database = Database(region=REGION, endpoint=dynamo.endpoint, tries=1)
    world = dynamo.world_of(shared_dynamo_world.prefix, database)
    backoff = Backoff(sleep=waits.append, jitter=lambda: 1.0)
    world.tasks = DynamoTaskStore(database.table(TASKS, world.prefix), backoff=backoff)
    return world


def _all_refused(code: str) -> Any:
    """Every statement of a batch is refused by itself; none takes effect."""
    return lambda request: answer(request, {"Responses": [{"Error": {"Code": code}} for _ in _statements(request)]})


def _statements(request: Any) -> list[Any]:
    return list(body_of(request)["Statements"])


def _throttled(request: Any) -> Any:
    return refusal(request, "ThrottlingException", 400)


def _broken(request: Any) -> Any:
    return refusal(request, "InternalServerError", 500)


def _unreachable(request: Any) -> Any:
    raise EndpointConnectionError(endpoint_url=request.url)


PASSING: dict[str, Any] = {
    "statements throttled": _all_refused("ThrottlingError"),
    "statements over the table's throughput": _all_refused("ProvisionedThroughputExceeded"),
    "statements in conflict": _all_refused("TransactionConflict"),
    "call throttled": _throttled,
    "server's error": _broken,
    "error of something on the way": lambda request: refusal(request, "Unheard", 503),
    "no connection": _unreachable,
}
THROTTLED = ("statements throttled", "statements over the table's throughput")


# --- creating ---


@pytest.mark.parametrize("fault", PASSING)
def test_creating_waits_while_the_table_is_busy(world: DynamoWorld, waits: list[float], fault: str) -> None:
    tasks = world.new_tasks(20)
    busy = Instead(PASSING[fault], times=3)
    with on(world.database, f"before-send.{BATCH_WRITE}", busy):
        assert world.tasks.create(tasks) == 20
    assert (busy.calls, waits) == (4, FULL[:3])
    assert world.tasks.get_many(task.id for task in tasks) == {task.id: task for task in tasks}


@pytest.mark.parametrize("fault", PASSING)
def test_creating_gives_up_with_one_clear_sentence(world: DynamoWorld, waits: list[float], fault: str) -> None:
    busy = Instead(PASSING[fault], times=1000)
    with on(world.database, f"before-send.{BATCH_WRITE}", busy), pytest.raises(TableFailed) as failed:
        world.tasks.create([world.new_task()])
    assert (busy.calls, waits) == (PATIENCE.max_attempts, FULL)
    assert failed.value.is_passing
    assert str(failed.value).startswith(f"table {world.prefix}-tasks: ")


def test_creating_tries_again_what_was_refused_and_nothing_else(world: DynamoWorld, waits: list[float]) -> None:
    tasks = world.new_tasks(10)
    sent: list[int] = []

    def refuse_some(request: Any, **_: Any) -> Any:
        sent.append(len(_statements(request)))
        if len(sent) > 1:
            return None
        codes = [
            {"Error": {"Code": "DuplicateItem"}} if n % 2 else {"Error": {"Code": "ThrottlingError"}} for n in range(10)
        ]
        return answer(request, {"Responses": codes})

    with on(world.database, f"before-send.{BATCH_WRITE}", refuse_some):
        assert world.tasks.create(tasks) == 5
    assert (sent, len(waits)) == ([10, 5], 1)


def test_creating_after_a_lost_reply_leaves_each_task_once_and_counts_too_few(
    world: DynamoWorld, waits: list[float]
) -> None:
    tasks = world.new_tasks(30)
    with on(world.database, f"after-call.{BATCH_WRITE}", LostReply(times=1)):
        assert world.tasks.create(tasks) in {5, 25}  # the batch of 25 or the one of 5 lost its reply
    assert len(waits) == 1
    assert world.tasks.get_many(task.id for task in tasks) == {task.id: task for task in tasks}


@pytest.mark.parametrize(
    ("code", "told"), [("AccessDeniedException", "give the role the rights"), ("ValidationException", "injected")]
)
def test_creating_does_not_insist_on_what_will_not_pass(
    world: DynamoWorld, waits: list[float], code: str, told: str
) -> None:
    refused = Instead(lambda request: refusal(request, code, 400), times=1000)
    with on(world.database, f"before-send.{BATCH_WRITE}", refused), pytest.raises(TableFailed, match=told) as failed:
        world.tasks.create([world.new_task()])
    assert (refused.calls, waits, failed.value.is_passing) == (1, [], False)


def test_a_statement_that_is_refused_for_good_ends_the_creation_at_once(world: DynamoWorld, waits: list[float]) -> None:
    codes = [{"Error": {"Code": "ThrottlingError"}}, {"Error": {"Code": "AccessDenied"}}]
    mixed = Instead(lambda request: answer(request, {"Responses": codes}), times=1000)
    with on(world.database, f"before-send.{BATCH_WRITE}", mixed), pytest.raises(TableFailed, match="AccessDenied"):
        world.tasks.create(world.new_tasks(2))
    assert (mixed.calls, waits) == (1, [])


# --- moving ---


@pytest.mark.parametrize("fault", PASSING)
def test_a_batch_without_an_answer_is_uncertain_and_what_was_throttled_is_tried_again(
    world: DynamoWorld, fault: str
) -> None:
    came_out = Outcome.APPLIED if fault in THROTTLED else Outcome.UNCERTAIN
    claims = [claim(task) for task in world.created(3)]
    with on(world.database, f"before-send.{BATCH_WRITE}", Instead(PASSING[fault], times=1)):
        assert world.tasks.apply_all(claims) == [came_out] * 3
    assert came_out is Outcome.APPLIED or world.tasks.apply_all(claims) == [Outcome.APPLIED] * 3


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "ResourceNotFound", "SomethingNew"])
def test_whatever_is_not_a_failed_condition_is_uncertain(world: DynamoWorld, code: str) -> None:
    claims = [claim(task) for task in world.created(2)]
    with on(world.database, f"before-send.{BATCH_WRITE}", Instead(_all_refused(code), times=1)):
        assert world.tasks.apply_all(claims) == [Outcome.UNCERTAIN] * 2


def test_a_batch_whose_reply_was_lost_is_uncertain_although_it_took_effect(world: DynamoWorld) -> None:
    tasks = world.created(30)
    with on(world.database, f"after-call.{BATCH_WRITE}", LostReply(times=1)):
        outcomes = world.tasks.apply_all([claim(task) for task in tasks])
    assert outcomes in (
        [Outcome.UNCERTAIN] * 25 + [Outcome.APPLIED] * 5,
        [Outcome.APPLIED] * 25 + [Outcome.UNCERTAIN] * 5,
    )
    found = world.tasks.get_many(task.id for task in tasks)
    assert {task.state for task in found.values()} == {TaskState.RUNNING}


def test_a_transition_whose_reply_was_lost_fails_in_passing_and_looks_stale_when_repeated(world: DynamoWorld) -> None:
    task = brought(world.tasks, world.new_task(), "running")
    with (
        on(world.database, "after-call.dynamodb.UpdateItem", LostReply(times=1)),
        pytest.raises(TableFailed) as failed,
    ):
        world.tasks.apply(complete(task))
    assert failed.value.is_passing
    with pytest.raises(StaleTask) as stale:
        world.tasks.apply(complete(task))
    assert stale.value.found is not None
    assert stale.value.found.state is TaskState.DONE


def test_a_slot_row_whose_reply_was_lost_may_be_written_all_the_same(world: DynamoWorld) -> None:
    row = SlotRow(labourer=world.labourer, number=0, capacity=4)
    with on(world.database, "after-call.dynamodb.PutItem", LostReply(times=1)), pytest.raises(TableFailed):
        world.slots.write(row)
    assert [written.version for written in world.slots.rows(world.labourer)] == [1]
    with pytest.raises(StaleRow):
        world.slots.write(row)


# --- reading ---


def test_what_a_batch_of_reads_left_over_is_asked_for_again(world: DynamoWorld, waits: list[float]) -> None:
    tasks = world.created(9)
    asked: list[int] = []

    def leave_most(parsed: dict[str, Any], **_: Any) -> None:
        table = f"{world.prefix}-tasks"
        items = parsed["Responses"][table]
        asked.append(len(items))
        if len(items) > 2:
            keys = [{"id": item["id"]} for item in items[2:]]
            parsed["Responses"][table], parsed["UnprocessedKeys"] = items[:2], {table: {"Keys": keys}}

    with on(world.database, f"after-call.{BATCH_READ}", leave_most):
        assert world.tasks.get_many(task.id for task in tasks) == {task.id: task for task in tasks}
    assert (asked, waits) == ([9, 7, 5, 3, 1], [])  # no wait: each call brought something


def _nothing_read(request: Any) -> Any:
    return answer(request, {"Responses": {}, "UnprocessedKeys": body_of(request)["RequestItems"]})


def test_reading_waits_where_nothing_is_read(world: DynamoWorld, waits: list[float]) -> None:
    tasks = world.created(3)
    with on(world.database, f"before-send.{BATCH_READ}", Instead(_nothing_read, times=2)):
        assert len(world.tasks.get_many(task.id for task in tasks)) == 3
    assert waits == FULL[:2]


def test_reading_gives_up_with_one_clear_sentence(world: DynamoWorld, waits: list[float]) -> None:
    with (
        on(world.database, f"before-send.{BATCH_READ}", Instead(_nothing_read, times=1000)),
        pytest.raises(TableFailed, match="too busy") as failed,
    ):
        world.tasks.get_many([world.new_id()])
    assert (failed.value.is_passing, waits) == (True, FULL)


def test_the_line_is_read_on_until_the_limit_however_short_the_pages(world: DynamoWorld) -> None:
    tasks, line = world.created(7), queue_key(world.labourer)
    limits: list[int] = []

    def at_most_two(params: dict[str, Any], **_: Any) -> None:
        limits.append(params["Limit"])
        params["Limit"] = min(2, params["Limit"])

    with on(world.database, "provide-client-params.dynamodb.Query", at_most_two):
        assert {place.task for place in world.tasks.places(line, 0, 7)} == {task.id for task in tasks}
        assert len(world.tasks.places(line, 0, 5)) == 5
        assert len(world.tasks.places(line, 0, 100)) == 7
    assert limits == [7, 5, 3, 1, 5, 3, 1, 100, 98, 96, 94]


def test_all_rows_are_read_however_short_the_pages(world: DynamoWorld) -> None:
    for number in range(5):
        world.slots.write(SlotRow(labourer=world.labourer, number=number))

    def one(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 1

    with on(world.database, "provide-client-params.dynamodb.Query", one):
        assert [row.number for row in world.slots.rows(world.labourer)] == [0, 1, 2, 3, 4]


# --- errors of the environment ---


def test_a_missing_table_is_told_with_its_name_and_the_next_step(dynamo: Dynamo) -> None:
    store = DynamoTaskStore.for_prefix("nowhere", region=REGION, endpoint=dynamo.endpoint)
    task = TaskId("job#0")
    calls: list[Callable[[], object]] = [
        lambda: store.get(task),
        lambda: store.get_many([task]),
        lambda: store.places("line", 0, 1),
        lambda: store.apply(cancel(task, now=NOW, retention=timedelta())),
    ]
    for call in calls:
        with pytest.raises(TableFailed, match=r"table nowhere-tasks: .*deploy the stack, or set SOSW_PREFIX"):
            call()


def test_missing_credentials_are_told_as_such(world: DynamoWorld) -> None:
    def none_found(**_: Any) -> None:
        raise NoCredentialsError

    with (
        on(world.database, "before-send.dynamodb.GetItem", none_found),
        pytest.raises(TableFailed, match="there are no valid AWS credentials"),
    ):
        world.tasks.get(world.new_id())
