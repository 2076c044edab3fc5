"""What is written often stays within one write unit: sizes by DynamoDB's rules for items."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from pynamodb.models import Model

from sosw.aws.dynamodb.models import SCHEMAS, TASKS, ConfigModel, JobModel, SlotModel, TaskModel, fields_of, item_of
from sosw.aws.dynamodb.transitions import insert_statement, update_statement
from sosw.domain.job import Job
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES, MAX_STATS_BYTES
from sosw.domain.lifecycle import MAX_FAILURES
from sosw.domain.report import ERROR_CHARS, MESSAGE_CHARS, NOTE_CHARS, TRACE_CHARS
from sosw.domain.slots import ROW_SLOTS, Name, SlotRow
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, task_id
from sosw.testing import InMemoryTaskStore
from tests.contract.backends import Memory
from tests.contract.moves import MOVES, NOW, STATES, brought

WRITE_UNIT, ITEM_BYTES = 1024, 400 * 1024
STATEMENT_CHARS = 8192
UUID = "c56a4180-65aa-42ec-a945-5fd21dec0538"


def _bytes(value: dict[str, Any]) -> int:
    """Of one attribute's value."""
    ((kind, inner),) = value.items()
    match kind:
        case "S":
            return len(str(inner).encode())
        case "N":  # a byte for two digits, one besides, one for a sign; noughts at either end are not counted
            digits = str(inner).lstrip("-").replace(".", "").strip("0")
            return (len(digits) + 1) // 2 + 1 + str(inner).startswith("-")
        case "M":
            return 3 + sum(1 + len(key.encode()) + _bytes(held) for key, held in inner.items())
    message = f"no rule for {kind}"
    raise AssertionError(message)


def item_bytes(item: dict[str, dict[str, Any]]) -> int:
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


@pytest.mark.parametrize("state", STATES)
def test_a_task_of_a_uuids_job_leaves_half_a_unit_to_its_payload_and_result_a_quarter_once_it_failed(
    state: str,
) -> None:
    job, labourer = JobId(UUID), LabourerName("flight-delays-worker-function")
    placed = {"tag": 10**13 + 1, "shards": 16}
    given = Memory().world().new_task(id=task_id(job, 123_456), job_id=job, labourer=labourer, payload={}, **placed)
    task = brought(InMemoryTaskStore(), given, state)
    room = WRITE_UNIT // 4 if task.failures else WRITE_UNIT // 2
    assert item_bytes(item_of(TaskModel, task)) <= WRITE_UNIT - room


def test_a_full_row_of_uuids_under_the_longest_name_of_a_function_is_within_one_unit() -> None:
    names = {TaskId(f"{UUID}#{123_456 + n}"): Name(99, NOW + timedelta(milliseconds=123 + n)) for n in range(ROW_SLOTS)}
    row = SlotRow(labourer=LabourerName("f" * 64), number=624, capacity=ROW_SLOTS, names=names)
    row = replace(row, version=10**6 - 1, sized=10**6 - 1)
    assert item_bytes(item_of(SlotModel, row)) <= WRITE_UNIT


@pytest.mark.parametrize("move", MOVES)
def test_a_statement_is_short_whatever_it_writes(move: str) -> None:
    task = Memory().world().new_task(payload={"text": "x" * 100_000})
    statements = [
        insert_statement("p" * 31 + "-tasks", item_of(TaskModel, task)),
        update_statement("p" * 31 + "-tasks", MOVES[move](task)),
    ]
    assert max(len(statement["Statement"]) for statement in statements) < STATEMENT_CHARS / 8


@pytest.mark.parametrize(("model", "record"), [(TaskModel, Task), (SlotModel, SlotRow), (JobModel, Job)])
def test_a_model_has_the_fields_of_its_record(model: type[Model], record: Any) -> None:
    own_row = {"totals"}  # of a job
    assert set(model.get_attributes()) == {field.name for field in fields(record)} - own_row


def test_attributes_of_tomorrow_are_left_alone() -> None:
    job = Job(id=JobId("j"), labourer=LabourerName("l"), submitted_at=NOW, body="{}")
    assert Job(**fields_of(JobModel, {**item_of(JobModel, job), "colour": {"S": "red"}})) == job


def test_tables_and_keys_are_those_that_the_design_names() -> None:
    names = ["sosw-tasks", "sosw-slots", "sosw-jobs", "sosw-labourers", "sosw-config"]
    assert [schema.table_name("sosw") for schema in SCHEMAS] == names
    keys = {s.name: [(k["AttributeName"], k["KeyType"]) for k in s.key_schema] for s in SCHEMAS}
    assert keys == {
        "tasks": [("id", "HASH")],
        "slots": [("labourer", "HASH"), ("row", "RANGE")],
        "jobs": [("id", "HASH")],
        "labourers": [("owner", "HASH"), ("what", "RANGE")],
        "config": [("env", "HASH"), ("config_name", "RANGE")],
    }
    assert (TASKS.ttl_attribute, TASKS.stream_view_type) == ("expires_at", "NEW_AND_OLD_IMAGES")
    assert [s.ttl_attribute or s.stream_view_type for s in SCHEMAS[1:]] == ["expires_at", None, "expires_at", None]
    assert ConfigModel.config_value.attr_name == "config_value"


def test_a_task_with_everything_at_its_limit_still_fits_into_an_item() -> None:
    worst = Failure(
        attempt=100, at=NOW, error="\x00" * ERROR_CHARS, message="\x00" * MESSAGE_CHARS, started_at=NOW,
        request_id="r" * 64, log_stream="s" * 128, log_group="g" * 512,
    )  # fmt: skip
    last = replace(worst, trace="\x00" * TRACE_CHARS)
    task = Task(
        id=TaskId("i" * 80), job_id=JobId("j" * 64), labourer=LabourerName("l" * 64), created_at=NOW, greenfield=NOW,
        payload={"x": "x" * (MAX_PAYLOAD_BYTES - 8)}, result="x" * (MAX_RESULT_BYTES - 2),
        stats={"x": "x" * (MAX_STATS_BYTES - 8)}, failures=(*[worst] * (MAX_FAILURES - 1), last),
        progress=0.3333, note="\N{GRINNING FACE}" * NOTE_CHARS, snoozes=1000, snoozed_attempt=1000,
        request_id="r" * 64, log_stream="s" * 128, log_group="g" * 512,
    )  # fmt: skip
    assert item_bytes(item_of(TaskModel, task)) < ITEM_BYTES
