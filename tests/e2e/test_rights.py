"""What the role of each function may do, and that it is refused all else, by functions that try it with that role.

All tests here run on a stack that enforces rights: that the roles suffice is shown by every other one.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sosw.local.tools import PYTHON_MINOR
from tests.e2e.conftest import ROOT

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

BUCKET = "sosw-000000000000-us-east-1"
QUEUES = "http://sqs.us-east-1.amazonaws.com/000000000000"
TOPIC = "arn:aws:sns:us-east-1:000000000000:sosw-dead"
ROLES = {
    "Scheduler": "sosw-scheduler", "Orchestrator": "sosw-orchestrator", "WorkerAssistant": "sosw-worker-assistant",
    "Scavenger": "sosw-scavenger", "Worker": "obedient",
}  # fmt: skip


class Call(NamedTuple):
    """One call of AWS."""

    service: str
    call: str
    asked: dict[str, Any]

    @property
    def words(self) -> str:
        return f"{self.service}:{self.call} {self.asked}"


def _typed(plain: dict[str, str]) -> dict[str, Any]:
    return {name: {"N" if name == "row" else "S": value} for name, value in plain.items()}


def invoke(function: str) -> Call:
    return Call("lambda", "invoke", {"FunctionName": function, "InvocationType": "DryRun"})


def get(table: str, **key: str) -> Call:
    return Call("dynamodb", "get_item", {"TableName": f"sosw-{table}", "Key": _typed(key)})


def put(table: str, **item: str) -> Call:
    return Call("dynamodb", "put_item", {"TableName": f"sosw-{table}", "Item": _typed(item)})


def update(table: str, **key: str) -> Call:
    asked = {"TableName": f"sosw-{table}", "Key": _typed(key), "ConditionExpression": "attribute_exists(nothing)"}
    return Call("dynamodb", "update_item", {**asked, "UpdateExpression": "SET nothing = nothing"})


def delete(table: str, **key: str) -> Call:
    return Call("dynamodb", "delete_item", {"TableName": f"sosw-{table}", "Key": _typed(key)})


def query(table: str, index: str | None = None, **key: str) -> Call:
    ((name, value),) = key.items()
    asked = {"KeyConditionExpression": "#k = :k", "ExpressionAttributeNames": {"#k": name}}
    on = {"TableName": f"sosw-{table}", **({"IndexName": index} if index else {})}
    return Call("dynamodb", "query", {**on, **asked, "ExpressionAttributeValues": {":k": {"S": value}}})


def many(table: str, **key: str) -> Call:
    return Call("dynamodb", "batch_get_item", {"RequestItems": {f"sosw-{table}": {"Keys": [_typed(key)]}}})


def said(statement: str) -> Call:
    return Call("dynamodb", "batch_execute_statement", {"Statements": [{"Statement": statement}]})


def scan(table: str) -> Call:
    return Call("dynamodb", "scan", {"TableName": f"sosw-{table}"})


def keep(key: str) -> Call:
    return Call("s3", "put_object", {"Bucket": BUCKET, "Key": key, "Body": "tried"})


def read(key: str) -> Call:
    return Call("s3", "get_object", {"Bucket": BUCKET, "Key": key})


def send(queue: str) -> Call:
    # A wake of nobody: whoever takes it does nothing.
    return Call("sqs", "send_message", {"QueueUrl": f"{QUEUES}/sosw-{queue}", "MessageBody": "{}", "DelaySeconds": 900})


INSERT = said("""INSERT INTO "sosw-tasks" VALUE {'id': 'tried#0'}""")
UPDATE = said("""UPDATE "sosw-tasks" SET "n"=1 WHERE "id"='tried#0' AND "n"=7""")
DELETE = said("""DELETE FROM "sosw-tasks" WHERE "id"='tried#0'""")
TASK, JOB, RECORD = {"id": "tried#0"}, {"id": "tried"}, {"owner": "tried", "what": "tried"}
SLOT = {"labourer": "tried", "row": "0"}
CONFIG = {"env": "production", "config_name": "tried"}
LINE = partial(query, "tasks", "queue", queue="tried/0")
PUBLISH = Call("sns", "publish", {"TopicArn": TOPIC, "Message": "tried"})
OBJECTS = Call("s3", "list_objects_v2", {"Bucket": BUCKET})
METRICS = Call("cloudwatch", "describe_alarms", {})
POLICY = Call("iam", "list_roles", {})
READ_CONFIG, WRITE_CONFIG = get("config", **CONFIG), put("config", **CONFIG)

EVERYTHING = [
    *map(invoke, [*ROLES.values()]),
    INSERT, UPDATE, DELETE, get("tasks", **TASK), many("tasks", **TASK), put("tasks", **TASK), update("tasks", **TASK),
    delete("tasks", **TASK), LINE(), query("tasks", id="tried#0"), scan("tasks"),
    query("slots", labourer="tried"), put("slots", **SLOT), delete("slots", **SLOT),
    get("jobs", **JOB), many("jobs", **JOB), put("jobs", **JOB), update("jobs", **JOB), delete("jobs", **JOB),
    update("jobs", id="tried#totals"), many("jobs", id="tried#archive"), put("jobs", id="tried#archive"),
    query("jobs", "open", open="tried"), query("jobs", "month", month="2000-01"), scan("jobs"),
    get("labourers", **RECORD), many("labourers", **RECORD), put("labourers", **RECORD), delete("labourers", **RECORD),
    READ_CONFIG, WRITE_CONFIG, delete("config", **CONFIG),
    *map(keep, ["payloads/tried", "results/tried", "archive/tried", "tried"]),
    *map(read, ["payloads/tried", "results/tried", "archive/tried", "tried"]), OBJECTS,
    send("wakes"), send("failed"), PUBLISH, METRICS, POLICY,
]  # fmt: skip
"""Whatever somebody could try here; each role may do the few of these that are listed below."""

MAY: dict[str, list[Call]] = {
    "Scheduler": [
        invoke("sosw-scheduler"), INSERT, UPDATE, many("tasks", **TASK), LINE(),
        get("jobs", **JOB), put("jobs", **JOB), update("jobs", **JOB), put("jobs", id="tried#archive"),
        update("jobs", id="tried#totals"),
        many("labourers", **RECORD), put("labourers", **RECORD), READ_CONFIG,
        keep("payloads/tried"), read("payloads/tried"), send("failed"),
    ],
    "Orchestrator": [
        invoke("sosw-orchestrator"), invoke("obedient"), UPDATE, many("tasks", **TASK), update("tasks", **TASK), LINE(),
        query("slots", labourer="tried"), put("slots", **SLOT),
        get("jobs", **JOB), update("jobs", id="tried#totals"),
        many("labourers", **RECORD), put("labourers", **RECORD), READ_CONFIG,
        send("wakes"), send("failed"), METRICS,
    ],
    "WorkerAssistant": [
        get("tasks", **TASK), update("tasks", **TASK),
        many("labourers", **RECORD), put("labourers", **RECORD), READ_CONFIG,
        read("payloads/tried"), keep("results/tried"), send("failed"),
    ],
    "Scavenger": [
        invoke("sosw-scheduler"), invoke("sosw-orchestrator"), many("tasks", **TASK), update("tasks", **TASK), LINE(),
        query("slots", labourer="tried"), put("slots", **SLOT),
        get("jobs", **JOB), update("jobs", **JOB), update("jobs", id="tried#totals"),
        many("jobs", id="tried#archive"), put("jobs", id="tried#archive"), query("jobs", "open", open="tried"),
        many("labourers", **RECORD), put("labourers", **RECORD), READ_CONFIG,
        keep("archive/tried"), send("wakes"), send("failed"), PUBLISH,
    ],
    "Worker": [invoke("sosw-worker-assistant")],
}  # fmt: skip


@pytest.fixture(scope="module")
def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(ROOT / "tests" / "e2e" / "rights" / "app.py", "app.py")
    return packed.getvalue()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_function_needs_and_is_refused_all_else(
    deployment: Deployment, code: bytes, role: str
) -> None:
    functions = deployment.stack.client("lambda", read_timeout=120)
    arn = functions.get_function_configuration(FunctionName=ROLES[role])["Role"]
    name = f"tries-as-{role.lower()}"
    functions.create_function(
        FunctionName=name, Runtime=f"python{PYTHON_MINOR}", Role=arn, Handler="app.lambda_handler",
        Code={"ZipFile": code}, Timeout=100,
    )  # fmt: skip
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps([each._asdict() for each in EVERYTHING]))
        answered = dict(zip([each.words for each in EVERYTHING], json.loads(answer["Payload"].read()), strict=True))
    finally:
        functions.delete_function(FunctionName=name)

    allowed = {words for words, code in answered.items() if code == "allowed"}
    assert allowed == {each.words for each in MAY[role]}
