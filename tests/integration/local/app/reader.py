"""Writes down whatever it is given: records of a stream or of a destination, or an event with an `id`. Fails, sleeps
or ends, if told so.
"""

import importlib.util
import json
import os
import time
from typing import Any

import boto3
import iniconfig  # named in requirements.txt, and so in the package

SEEN = os.environ["SEEN_TABLE"]
dynamodb = boto3.client("dynamodb")


def handle(event: dict[str, Any], context: Any) -> Any:
    if "Records" in event:
        for record in event["Records"]:
            write(f"stream {record['dynamodb']['Keys']['id']['S']}")
        return {}
    if "requestContext" in event:
        write(event["requestPayload"]["id"], told=json.dumps(event))
        return {}
    if event.get("imports"):
        return [name for name in event["imports"] if importlib.util.find_spec(name)]
    if event.get("variables"):
        return dict(os.environ)
    if event.get("print"):
        print(event["print"])  # noqa: T201
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("id"):
        write(event["id"])
    end(event)
    return {"remaining": context.get_remaining_time_in_millis(), "package": iniconfig.__name__}


def end(event: dict[str, Any]) -> None:
    if "exit" in event:
        os._exit(event["exit"])
    if event.get("kill"):
        os.kill(os.getpid(), event["kill"])
    if event.get("fail"):
        raise ValueError(event["fail"])


def write(key: str, told: str = "-") -> None:
    dynamodb.update_item(
        TableName=SEEN,
        Key={"id": {"S": key}},
        UpdateExpression="ADD times :one SET written = :now, told = :told",
        ExpressionAttributeValues={":one": {"N": "1"}, ":now": {"N": str(time.time())}, ":told": {"S": told}},
    )
