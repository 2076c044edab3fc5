"""Statements are billed by what they make of an item."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.fake_lambda import FakeLambda
from bench.here.statements import StatementMeter, changing
from bench.meter import Bill, split
from sosw.aws.dynamodb.models import Item

WAITING: Item = {"id": {"S": "job#1"}, "queue": {"S": "sales"}, "rank": {"N": "5"}, "state": {"S": "queued"}}
RUNNING: Item = {"id": {"S": "job#1"}, "state": {"S": "running"}}


INSERT = {
    "Statement": "INSERT INTO \"tasks\" VALUE {'id': ?, 'queue': ?}",
    "Parameters": [{"S": "job#1"}, {"S": "q"}],
}
UPDATE = {
    "Statement": 'UPDATE "tasks" SET "state"=? WHERE "id"=?',
    "Parameters": [{"S": "running"}, {"S": "job#1"}],
}


class Model:
    name = "BatchExecuteStatement"


def test_each_place_in_line_that_is_left_or_taken_is_a_unit() -> None:
    moved = {**WAITING, "rank": {"N": "6"}}
    assert changing({}, WAITING) == 2
    assert changing(WAITING, RUNNING) == 2
    assert changing(WAITING, moved) == 3
    assert changing(RUNNING, RUNNING) == 1
    assert changing({}, {}) == 1


def test_the_larger_item_is_billed() -> None:
    large = {**RUNNING, "payload": {"S": "x" * 1024}}
    assert (changing(large, RUNNING), changing(RUNNING, large)) == (2, 2)


def send(meter: StatementMeter, statement: dict[str, Any], answer: dict[str, Any]) -> None:
    """A batch of one, and what came back."""
    meter.before(Model, {"body": json.dumps({"Statements": [statement]})})
    meter.after(Model, {"Responses": [answer]})


def test_a_statement_is_billed_by_what_the_stream_tells_of_its_item() -> None:
    meter = StatementMeter()
    send(meter, INSERT, {})
    send(meter, UPDATE, {})
    with pytest.raises(KeyError):
        meter.units()
    meter.see({"dynamodb": {"NewImage": WAITING}})
    meter.see({"dynamodb": {"OldImage": WAITING, "NewImage": RUNNING}})
    meter.see({"dynamodb": {"OldImage": RUNNING, "NewImage": {**RUNNING, "state": {"S": "done"}}}})
    assert meter.units() == {"create": 2, "claim": 2}


def test_a_statement_that_was_refused_has_no_bill() -> None:
    with pytest.raises(ValueError, match="a statement was refused"):
        send(StatementMeter(), INSERT, {"Error": {"Code": "DuplicateItem"}})


def test_the_stand_in_of_lambda_takes_events_and_tells_its_calls() -> None:
    bill = Bill()
    fake = FakeLambda(bill.add)
    assert fake.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    assert fake.get_function_configuration(FunctionName="f") == {"Timeout": 900}
    assert list(fake.invoked) == [("f", b"{}")]
    assert bill.take()[0] == {"lambda:Invoke": 1, "lambda:GetFunctionConfiguration": 1}


def test_units_are_split_into_reads_and_writes() -> None:
    assert split({"Query": 1.5, "GetItem": 1.0, "PutItem": 3.0, "UpdateItem": 1.0}) == (2.5, 4.0)
