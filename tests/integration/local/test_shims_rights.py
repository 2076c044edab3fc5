"""The shims for stacks that enforce rights, twice: without them the defect is still there, with them it is gone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sosw.local import LocalStack, local_stack
from sosw.local.tools import PYTHON_MINOR
from tests.integration.local.support import ROOT, eventually

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/kept"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:kept"
CODE = """
import boto3
from botocore.exceptions import ClientError

def lambda_handler(event, context):
    said = []
    for service, call, asked in event:
        try:
            getattr(boto3.client(service), call)(**asked)
            said.append("allowed")
        except ClientError as error:
            said.append("denied" if "Denied" in error.response["Error"]["Code"] else "allowed")
    return said
"""
MAY = [
    {"Effect": "Allow", "Action": "dynamodb:PartiQLInsert", "Resource": TABLE},
    {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": QUEUE},
    {
        "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE,
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#mine"]}},
    },
]  # fmt: skip
OVER_TLS = {
    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::kept/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def stacks() -> Iterator[dict[str, LocalStack]]:
    """Two that enforce rights: with every shim, and with none."""
    with ExitStack() as both:
        found = {}
        for shims in ("all", "none"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("SOSW_LOCAL_SHIMS", shims)
                found[shims] = both.enter_context(local_stack(ROOT, name=f"rights-{shims}", enforces_rights=True))
            _prepare(found[shims])
        yield found


def _prepare(stack: LocalStack) -> None:
    keys = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    defined = [{"AttributeName": "id", "AttributeType": "S"}]
    stack.client("dynamodb").create_table(TableName="kept", AttributeDefinitions=defined, **keys)
    stack.client("sqs").create_queue(QueueName="kept")
    stack.client("s3").create_bucket(Bucket="kept")
    policy = {"Version": "2012-10-17", "Statement": [OVER_TLS]}
    stack.client("s3").put_bucket_policy(Bucket="kept", Policy=json.dumps(policy))
    may = [*MAY, {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::kept/*"}]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = stack.client("iam")
    role = iam.create_role(RoleName="tries", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    iam.put_role_policy(RoleName="tries", PolicyName="may", PolicyDocument=json.dumps({"Statement": may}))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    stack.client("lambda").create_function(
        FunctionName="tries", Runtime=f"python{PYTHON_MINOR}", Role=role["Arn"], Handler="app.lambda_handler",
        Code={"ZipFile": packed.getvalue()}, Timeout=60,
    )  # fmt: skip


def tried(stack: LocalStack, service: str, call: str, **asked: Any) -> str:
    event = json.dumps([[service, call, asked]])
    (said,) = json.loads(stack.client("lambda").invoke(FunctionName="tries", Payload=event)["Payload"].read())
    return str(said)


def statement(text: str) -> dict[str, Any]:
    return {"Statements": [{"Statement": text}]}


def batch() -> dict[str, Any]:
    url = "http://sqs.us-east-1.amazonaws.com/000000000000/kept"
    return {"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "{}"}]}


INSERT = statement("""INSERT INTO "kept" VALUE {'id': 'a'}""")
DELETE = statement("""DELETE FROM "kept" WHERE "id"='a'""")
NOT_MINE, MINE = ({"TableName": "kept", "Item": {"id": {"S": key}}} for key in ("a", "a#mine"))
OBJECT = {"Bucket": "kept", "Key": "a", "Body": "a"}
CASES = [
    ("dynamodb", "batch_execute_statement", INSERT, "denied", "allowed"),
    ("dynamodb", "batch_execute_statement", DELETE, "denied", "denied"),
    ("sqs", "send_message_batch", batch(), "denied", "allowed"),
    ("dynamodb", "put_item", NOT_MINE, "allowed", "denied"),
    ("dynamodb", "put_item", MINE, "allowed", "allowed"),
    ("s3", "put_object", OBJECT, "denied", "allowed"),
]


@pytest.mark.parametrize(
    ("service", "call", "asked", "without", "with_it"), CASES, ids=[f"{case[1]}-{case[4]}" for case in CASES]
)
def test_with_the_shims_a_call_needs_the_right_of_aws(
    stacks: dict[str, LocalStack], service: str, call: str, asked: dict[str, Any], without: str, with_it: str
) -> None:
    assert tried(stacks["none"], service, call, **asked) == without
    assert tried(stacks["all"], service, call, **asked) == with_it


@pytest.mark.parametrize(("shims", "status"), [("none", "ROLLBACK_COMPLETE"), ("all", "CREATE_COMPLETE")])
def test_with_imported_buckets_a_change_set_takes_over_a_bucket(
    stacks: dict[str, LocalStack], shims: str, status: str
) -> None:
    cloudformation = stacks[shims].client("cloudformation")
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "kept"}}
    change_set = {"StackName": "takes", "ChangeSetName": "over"}
    cloudformation.create_change_set(
        **change_set, ChangeSetType="CREATE", ImportExistingResources=True,
        TemplateBody=json.dumps({"Resources": {"Kept": bucket}}),
    )  # fmt: skip
    cloudformation.get_waiter("change_set_create_complete").wait(**change_set, WaiterConfig={"Delay": 1})
    cloudformation.execute_change_set(**change_set)

    def end() -> str:
        (stack,) = cloudformation.describe_stacks(StackName="takes")["Stacks"]
        return stack["StackStatus"] if stack["StackStatus"].endswith("_COMPLETE") else ""

    assert eventually(end) == status
