"""A Worker: how late the flights of one airport, airline and day were, from the day's file on S3 into a table."""

from __future__ import annotations

import codecs
import csv
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import boto3

from rehearsal import rehearse_outage
from sosw import Worker, get_lambda_handler
from stats import Flight, summarise

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client


class Processor(Worker):
    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        if self.task:  # None when it was not sosw that invoked the function
            rehearse_outage(event, attempt=self.task.attempt)
        wanted = product(event["origins"], event["carriers"], event["date_list"])
        return {"summaries": [self.summarise_day(*each) for each in wanted]}

    def summarise_day(self, origin: str, carrier: str, date: str) -> dict[str, Any]:
        summary = summarise(self.flights(origin, carrier, date)).as_dict()
        item = {"origin_carrier": f"{origin}#{carrier}", "date": date, **summary}
        # A put under the same key: done twice, the table is the same. DynamoDB's numbers are decimals, not floats.
        self.table.put_item(Item=json.loads(json.dumps(item), parse_float=Decimal))
        return item

    def flights(self, origin: str, carrier: str, date: str) -> Iterator[Flight]:
        file = self.s3.get_object(Bucket=os.environ["FLIGHTS_BUCKET"], Key=f"flights/date={date}.csv")["Body"]
        for row in csv.DictReader(codecs.getreader("utf-8")(file)):
            if (row["origin"], row["carrier"]) == (origin, carrier):
                yield Flight.from_row(row)

    @cached_property
    def s3(self) -> S3Client:
        return boto3.client("s3")

    @cached_property
    def table(self) -> Table:
        return boto3.resource("dynamodb").Table(os.environ["DELAYS_TABLE"])


lambda_handler = get_lambda_handler(Processor)
