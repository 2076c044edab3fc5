"""The example's Worker: reads the day's file, writes its table, returns what it wrote; done twice it is the same."""

import importlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rehearsal import RehearsedOutage
from sosw.testing import run_task
from sosw.testing.running import Run

BUCKET, TABLE = "flights-bucket", "delays-table"
HEADING = "year,month,day,dep_delay,arr_delay,carrier,flight,origin,dest\n"
DAY = (
    "2013,2,6,2,-11,UA,1545,EWR,IAH\n"
    "2013,2,6,20,31,UA,7,EWR,SFO\n"
    "2013,2,6,NA,NA,UA,9,EWR,BOS\n"
    "2013,2,6,5,5,DL,11,EWR,ATL\n"
    "2013,2,6,5,5,UA,12,LGA,ORD\n"
    "2013,2,6,n/k,0,HA,51,JFK,HNL\n"
)
PAYLOAD = {"origins": ["EWR"], "carriers": ["UA"], "date_list": ["2013-02-06"]}


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FLIGHTS_BUCKET", BUCKET)
    monkeypatch.setenv("DELAYS_TABLE", TABLE)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="flights/date=2013-02-06.csv", Body=(HEADING + DAY).encode())
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "origin_carrier", "KeyType": "HASH"},
                {"AttributeName": "date", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "origin_carrier", "AttributeType": "S"},
                {"AttributeName": "date", "AttributeType": "S"},
            ],
        )
        yield


def run(payload: dict[str, Any], *, attempt: int = 1) -> Run:
    return run_task(importlib.import_module("app").Processor(), payload, attempt=attempt)


def rows() -> list[dict[str, Any]]:
    return boto3.resource("dynamodb").Table(TABLE).scan()["Items"]


def test_the_delays_of_the_asked_origin_carrier_and_day_are_written_and_returned() -> None:
    attempt = run(PAYLOAD)

    (summary,) = attempt.returned["summaries"]
    (row,) = rows()
    assert (summary["flights"], summary["cancelled"], summary["arrival"]["mean"]) == (3, 1, 10.0)
    assert summary["worst"] == {"name": "UA7", "dest": "SFO", "dep_delay": 20, "arr_delay": 31}
    assert row == summary
    assert (row["origin_carrier"], row["date"]) == ("EWR#UA", "2013-02-06")
    assert [report.action for report in attempt.reports] == ["complete"]
    assert attempt.reports[0].result == attempt.returned


def test_a_day_without_such_flights_is_a_result_of_none() -> None:
    run(PAYLOAD | {"carriers": ["AS"]})

    (row,) = rows()
    assert (row["flights"], row["late_share"], row["worst"]) == (0, None, None)


def test_a_task_done_twice_leaves_the_table_as_done_once() -> None:
    run(PAYLOAD)
    before = rows()

    run(PAYLOAD, attempt=2)

    assert rows() == before


def test_a_task_of_many_is_all_of_them() -> None:
    run(PAYLOAD | {"carriers": ["UA", "DL"], "origins": ["EWR", "LGA"]})

    assert sorted(row["origin_carrier"] for row in rows()) == ["EWR#DL", "EWR#UA", "LGA#DL", "LGA#UA"]


def test_a_damaged_line_fails_the_task_that_needs_it_and_no_other() -> None:
    attempt = run(PAYLOAD | {"origins": ["JFK"], "carriers": ["HA"]})

    assert isinstance(attempt.raised, ValueError)
    assert attempt.reports[0].message == "flight HA51 to HNL: dep_delay 'n/k' is neither whole minutes nor NA"
    assert run(PAYLOAD).raised is None


def test_a_day_that_is_not_there_is_a_failure_not_a_day_without_flights() -> None:
    attempt = run(PAYLOAD | {"date_list": ["2014-01-01"]})

    assert "NoSuchKey" in attempt.reports[0].message
    assert rows() == []


def test_an_outage_that_the_job_asks_for_passes_after_its_attempts() -> None:
    payload = PAYLOAD | {"outage": {"origin": "EWR", "carrier": "UA", "date": "2013-02-06", "failures": 2}}

    raised = [run(payload, attempt=number).raised for number in (1, 2, 3)]

    assert list(map(type, raised)) == [RehearsedOutage, RehearsedOutage, type(None)]
