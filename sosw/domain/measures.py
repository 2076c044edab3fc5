"""Reads what is measured, and how it feels: `health_metrics` of a labourer in sosw 0.7's form, and resources."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput
from sosw.domain.health import ALARM, CLOUDWATCH, SIGNALS, HealthMetric, OnMissing, Query
from sosw.domain.reader import NO_DEFAULT, Reader, each, guess, is_number
from sosw.domain.signalled import SIGNALS as SIGNALLED

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
"""What each `feeling_comparison_operator` means, of a value and a threshold."""
_BY_NAME = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=="}
"""As sosw 0.7 took them; its documentation shows the others."""

STATUSES = {0: "bad", 1: "poor", 2: "moderate", 3: "good", 4: "high"}
STATISTICS = ("Average", "Maximum", "Minimum", "Sum", "SampleCount")
METRIC_KEYS = ("details", "feelings", "feeling_comparison_operator", "source", "on_missing")
CLOUDWATCH_KEYS = (
    "Namespace", "MetricName", "Dimensions", "Period", "Statistics", "ExtendedStatistics", "Unit",
    "MetricAggregationTimeSlice",
)  # fmt: skip
_MOST_DETAILS = 4 * 1024
_SECONDS_OF_PERIOD = (1, 5, 10, 30)
_PERCENTILE = re.compile(r"p(100|\d{1,2})(\.\d{1,2})?")
_SOURCE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def health_metrics(values: Reader) -> tuple[HealthMetric, ...]:
    """The `health_metrics` of a labourer, in their order; what is wrong is added to its problems."""
    path = values.at("health_metrics")
    found, wrong = each(lambda name, given: _metric(f"{path}.{name}", name, given), values.mapping("health_metrics"))
    values.problems += [problem for problems in wrong.values() for problem in problems]
    return tuple(found.values())


def by_health(values: Reader, key: str, rule: str, *, fits: Callable[[Any], bool]) -> dict[int, float]:
    """`{health: number}`; a health is 0 … 4 as a number, or as the text that JSON makes of it."""
    found: dict[int, float] = {}
    for name, number in values.mapping(key).items():
        status = _STATUS_OF.get(str(name)) if type(name) in {int, str} else None
        if status is None:
            known = ", ".join(f"{status} {word}" for status, word in STATUSES.items())
            values.wrong(f"{key}.{name}", number, f"is of no health: it must be one of {known}")
        elif status in found:
            values.wrong(f"{key}.{name}", number, "is there twice, as a number and as a text")
        elif not fits(number):
            values.wrong(f"{key}.{name}", number, rule)
        else:
            found[status] = number
    return found


_STATUS_OF = {str(status): status for status in STATUSES}


def query(values: Reader) -> Query:
    """The `source` and `details` of an object that has them."""
    source = values.checked("source", CLOUDWATCH, "must be the name of a source", fits=_is_source)
    near = guess(source, (CLOUDWATCH, ALARM, SIGNALS))
    match source:
        case "cloudwatch":
            _check_cloudwatch(values.inner("details", CLOUDWATCH_KEYS, meant={"Name": "MetricName"}))
        case "alarm":
            values.inner("details", ["AlarmName"]).checked(
                "AlarmName", None, f"must be a text{NO_DEFAULT}", fits=_is_text
            )
        case "signals":
            inner = values.inner("details", ["resource", "signal"])
            inner.checked("resource", None, f"must be the name of a resource{NO_DEFAULT}", fits=_is_text)
            rule = f"must be one of {', '.join(SIGNALLED)}{NO_DEFAULT}"
            inner.checked("signal", None, rule, fits=lambda v: isinstance(v, str) and v in SIGNALLED)
        case _ if near:
            values.wrong(
                "source", source, "is no source that is built in, and too near to one for another's name", near
            )
    return Query(source=source, details=_json(values))


def _is_source(value: Any) -> bool:
    return isinstance(value, str) and _SOURCE.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _metric(path: str, name: str, given: Any) -> HealthMetric:
    values = Reader(path, given, METRIC_KEYS)
    source = values.get("source", CLOUDWATCH)
    symbol = _operator(values, "<=" if source == ALARM else None)
    metric = HealthMetric(
        name=name,
        query=query(values),
        feelings=_feelings(values, symbol, {4: 0} if source == ALARM else None),
        operator=symbol or ">=",
        on_missing=values.choice("on_missing", OnMissing.HOLD),
    )
    values.done()
    return metric


def _operator(values: Reader, default: str | None) -> str | None:
    """Its symbol; None where it is wrong."""
    given = values.get("feeling_comparison_operator", default)
    symbol = _BY_NAME.get(given, given) if isinstance(given, str) else given
    if symbol in list(COMPARE):
        return str(symbol)
    known = [*COMPARE, *_BY_NAME]
    rule = f"must be one of {', '.join(known)}{'' if default else NO_DEFAULT}"
    values.wrong("feeling_comparison_operator", given, rule, _ALIKE.get(str(given)) or guess(given, known))
    return None


_ALIKE = {
    "=>": "did you mean '>='?",
    "=<": "did you mean '<='?",
    "=": "did you mean '=='?",
    "gte": "did you mean 'ge'?",
    "lte": "did you mean 'le'?",
}


def _feelings(values: Reader, symbol: str | None, default: Mapping[int, float] | None) -> Mapping[int, float]:
    """Thresholds from best to worst: each must feel worse, by the operator, than the one before."""
    if default is not None and not values.has("feelings"):
        return default
    had = len(values.problems)
    found = by_health(values, "feelings", "must be a number, the threshold of that health", fits=is_number)
    if not found and len(values.problems) == had:
        values.wrong(
            "feelings", values.get("feelings", None), "must have a threshold for a health, such as {3: 50, 4: 25}"
        )
    for better, worse in pairwise(sorted(found, reverse=True)):
        if symbol and COMPARE[symbol](found[worse], found[better]):
            rule = (
                f"are in the wrong order for {symbol}: {found[worse]:g}, the threshold of {worse} ({STATUSES[worse]}), "
                f"is {better} ({STATUSES[better]}) already"
            )
            values.wrong("feelings", values.get("feelings", None), rule, _turned(symbol))
    return dict(sorted(found.items(), reverse=True))


def _turned(symbol: str) -> str:
    """The way in which the thresholds must go."""
    ways = {
        "<": "the better the health, the lower its threshold",
        ">": "the better the health, the higher its threshold",
    }
    return ways.get(symbol[0], "each health needs a value of its own")


def _check_cloudwatch(values: Reader) -> None:
    """A query of get_metric_statistics, as sosw 0.7 took it: what is left out it has defaults for."""
    for key in ("Namespace", "MetricName"):
        values.checked(key, None, f"must be a text{NO_DEFAULT}", fits=_is_text)
    if values.has("Unit"):
        values.text("Unit", "")
    values.checked("Period", 60, "must be 1, 5, 10, 30 or a multiple of 60 seconds", fits=_is_period)
    values.whole("MetricAggregationTimeSlice", 300, 1, 86_400)
    values.checked(
        "Statistics", ["Average"], f"must be a list of one of {', '.join(STATISTICS)}, p99", fits=_is_statistics
    )
    if values.has("ExtendedStatistics"):
        rule = "must be a list of one percentile, such as p99, and stand without Statistics"
        fits = not values.has("Statistics")
        values.checked("ExtendedStatistics", None, rule, fits=lambda v: fits and _is_percentiles(v))
    values.checked("Dimensions", [], 'must be a list of {"Name": …, "Value": …}, both texts', fits=_are_dimensions)


def _is_period(value: Any) -> bool:
    return type(value) is int and (value in _SECONDS_OF_PERIOD or (value > 0 and value % 60 == 0))


def _is_statistics(value: Any) -> bool:
    return _is_percentiles(value) or (isinstance(value, list) and len(value) == 1 and value[0] in STATISTICS)


def _is_percentiles(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 1
        and isinstance(value[0], str)
        and _PERCENTILE.fullmatch(value[0]) is not None
    )


def _are_dimensions(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and set(each) == {"Name", "Value"} and all(map(_is_text, each.values()))
        for each in value
    )


def _json(values: Reader) -> str:
    """Of `details`, with sorted keys: equal queries are asked once."""
    details = values.mapping("details")
    try:
        jsontext.checked(details, values.at("details"), limit=_MOST_DETAILS)
        return jsontext.dump(_sorted(details))
    except InvalidInput as error:
        values.problems += error.problems
        return "{}"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
