"""CloudWatch as a `HealthSource`: its metrics, as sosw's health metrics ask for them, and the states of its alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

from sosw.aws.clients import Clients
from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.health import Query, Reading
from sosw.domain.series import MINUTE, Point, Series

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

SERIES_A_CALL, ALARMS_A_CALL = 500, 100
TRIES, CONNECT_SECONDS, READ_SECONDS = 2, 2, 5
"""A slow CloudWatch costs a run some 14 s at most, not its waves: after a call without an answer no other is made."""
MAX_CALLS = 40
"""Calls of one reading: so many are spent on finding, by halves, the series that CloudWatch refuses."""
OK, ALARM = 0.0, 1.0
"""What the states of an alarm are as a value: it is a load that is too high, or not. `INSUFFICIENT_DATA` is none."""

Item = TypeVar("Item")

_BUSY = "CloudWatch is too busy, or slow to answer"
_UNKNOWN_CALLER = "there are no valid AWS credentials"
_PASSING = ("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "LimitExceeded")
_FORBIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_NO_CALLER = (
    "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
    "ExpiredToken", "ExpiredTokenException", "NoCredentialsError", "PartialCredentialsError",
)  # fmt: skip
_CLIENT_ERRORS = range(400, 500)


class CloudWatch:
    """One client, made at the first call: short of patience, for the next minute asks again."""

    def __init__(self, client: CloudWatchClient | None = None, *, clients: Clients | None = None) -> None:
        self._clients, self._client, self._lock = clients or Clients(), client, Lock()

    @property
    def client(self) -> CloudWatchClient:
        """The one client: safe to share among threads."""
        with self._lock:
            if self._client is None:
                config = Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": TRIES},
                )
                self._client = self._clients.make("cloudwatch", config)
            return self._client


class CloudWatchMetrics:
    """A `HealthSource`. `details` are those of get_metric_statistics in sosw's form: see `Series`.

    All series of a reading are asked for together, each once. A wrong name is not an error of CloudWatch's: it has no
    data, and the reading says of what.
    """

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """See `HealthSource.read`."""
        asked, readings = _understood(queries, Series.of)
        found = _each_once(asked, SERIES_A_CALL, lambda batch: self._ask(batch, now), self._permission)
        return readings | {query: found[series] for query, series in asked.items()}

    _permission = "cloudwatch:GetMetricData"

    def _ask(self, batch: Sequence[Series], now: datetime) -> dict[Series, Reading]:
        points: dict[int, list[Point]] = {number: [] for number in range(len(batch))}
        troubles: dict[int, str] = {}
        for result in self._results(batch, now):
            number = int(result["Id"][1:])
            points[number] += zip(result.get("Timestamps", []), result.get("Values", []), strict=True)
            if result.get("StatusCode") in {"InternalError", "Forbidden"}:
                troubles[number] = f"CloudWatch answers {result['StatusCode']} for {batch[number]}"
        return {
            series: Reading(problem=troubles[number]) if number in troubles else series.reading(points[number], now)
            for number, series in enumerate(batch)
        }

    def _results(self, batch: Sequence[Series], now: datetime) -> Iterator[Any]:
        asked: dict[str, Any] = {
            "MetricDataQueries": [_metric_data_query(number, series) for number, series in enumerate(batch)],
            "StartTime": min(series.since(now) for series in batch),
            "EndTime": now.replace(second=0, microsecond=0) + MINUTE,
            "ScanBy": "TimestampDescending",
        }
        while True:
            answer = self._cloudwatch.client.get_metric_data(**asked)
            yield from answer["MetricDataResults"]
            if not answer.get("NextToken"):
                return
            asked["NextToken"] = answer["NextToken"]


class CloudWatchAlarms:
    """A `HealthSource`. `details` are `{"AlarmName": …}`, of a metric alarm or a composite one.

    `OK` is 0.0 and `ALARM` is 1.0; `INSUFFICIENT_DATA` is missing data.
    """

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """See `HealthSource.read`."""
        asked, readings = _understood(queries, _alarm_name)
        found = _each_once(asked, ALARMS_A_CALL, lambda batch: self._ask(batch, now), self._permission)
        return readings | {query: found[name] for query, name in asked.items()}

    _permission = "cloudwatch:DescribeAlarms"

    def _ask(self, batch: Sequence[str], now: datetime) -> dict[str, Reading]:
        asked: dict[str, Any] = {
            "AlarmNames": list(batch),
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
            "MaxRecords": ALARMS_A_CALL,
        }
        states: dict[str, str] = {}
        while True:
            answer = self._cloudwatch.client.describe_alarms(**asked)
            alarms: list[Any] = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
            states |= {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}
            if not answer.get("NextToken"):
                return {name: _state(name, states.get(name), now) for name in batch}
            asked["NextToken"] = answer["NextToken"]


def _alarm_name(details: Mapping[str, Any]) -> str:
    name = details.get("AlarmName")
    if not isinstance(name, str) or not name or len(details) > 1:
        raise invalid("details", dict(details), 'must be {"AlarmName": …}')
    return name


def _state(name: str, state: str | None, now: datetime) -> Reading:
    match state:
        case "OK":
            return Reading(value=OK, at=now)
        case "ALARM":
            return Reading(value=ALARM, at=now)
        case None:
            return Reading(problem=f"there is no alarm {name} in this account and region")
        case _:
            return Reading(problem=f"alarm {name} is in {state}")


def _metric_data_query(number: int, series: Series) -> MetricDataQueryTypeDef:
    stat: Any = {
        "Metric": {
            "Namespace": series.namespace,
            "MetricName": series.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
        },
        "Period": series.period,
        "Stat": series.statistic,
    }
    return {"Id": f"m{number}", "MetricStat": stat | ({"Unit": series.unit} if series.unit else {})}


def _understood(
    queries: Sequence[Query], read: Callable[[Mapping[str, Any]], Item]
) -> tuple[dict[Query, Item], dict[Query, Reading]]:
    """What each query asks for, and the readings of those that cannot be understood."""
    asked: dict[Query, Item] = {}
    refused: dict[Query, Reading] = {}
    for query in queries:
        try:
            asked[query] = read(jsontext.parse_object(query.details, "details"))
        except InvalidInput as error:
            refused[query] = Reading(problem=str(error))
    return asked, refused


def _each_once(
    asked: Mapping[Query, Item], size: int, ask: Callable[[Sequence[Item]], dict[Item, Reading]], permission: str
) -> dict[Item, Reading]:
    """The readings of all that is asked for, `size` a call.

    What CloudWatch refuses is asked for again by halves, until the refused stand alone. What fails otherwise fails for
    all that is left.
    """
    items = iter(dict.fromkeys(asked.values()))
    waiting = list(iter(lambda: list(islice(items, size)), []))
    found: dict[Item, Reading] = {}
    for _ in range(MAX_CALLS):
        if not waiting:
            return found
        batch = waiting.pop()
        try:
            found |= ask(batch)
        except (BotoCoreError, ClientError) as error:
            if not _is_about_a_query(error):
                waiting.append(batch)
                return found | _all_of(waiting, _problem(error, permission))
            half = len(batch) // 2
            if half:
                waiting += [batch[:half], batch[half:]]
            else:
                found |= _all_of([batch], f"CloudWatch refuses it: {error}")
    return found | _all_of(waiting, "CloudWatch refuses too many others that were asked for with it")


def _all_of(batches: Sequence[Sequence[Item]], problem: str) -> dict[Item, Reading]:
    return {item: Reading(problem=problem) for batch in batches for item in batch}


def _code(error: Exception) -> str:
    facts: Mapping[str, Any] = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
    return str(facts.get("Code", "")) or type(error).__name__


def _is_about_a_query(error: Exception) -> bool:
    """Another batch may do better."""
    if isinstance(error, ParamValidationError):
        return True
    if not isinstance(error, ClientError) or _code(error) in (*_PASSING, *_FORBIDDEN, *_NO_CALLER):
        return False
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _CLIENT_ERRORS


def _problem(error: Exception, permission: str) -> str:
    code = _code(error)
    if code in _FORBIDDEN:
        return f"the Orchestrator's role may not ask CloudWatch: it needs {permission}"
    if code in _NO_CALLER:
        return _UNKNOWN_CALLER
    if code in _PASSING or isinstance(error, HTTPClientError | NoConnection):
        return _BUSY
    return f"CloudWatch failed: {error}"
