"""docs/reference/jobs.md lists the keys, periods, steps and limits that the code has; docs/explanation/chunking.md all
differences from sosw 0.7.51 that the comparison knows.
"""

from __future__ import annotations

import json
import re
from datetime import date, timezone
from typing import Any

import pytest

from sosw.domain.assignment import RESERVED_KEYS
from sosw.domain.chunking import chunk
from sosw.domain.errors import InvalidInput
from sosw.domain.extensions import Extensions
from sosw.domain.fairness import MAX_WEIGHT
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES
from sosw.domain.keys import MAX_FAIR_KEY, MAX_KEY, KeyTemplate
from sosw.domain.lines import MAX_LINE_BYTES
from sosw.domain.periods import MAX_DAYS, dates
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from sosw.domain.sources import MAX_BATCH, Source
from sosw.domain.steps import UNITS, pieces
from sosw.domain.survey import MAX_TASKS
from tests.factories import NOW
from tests.peer.differences import REFUSALS, RULES
from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Row

PAGE = md.page("docs/reference/jobs.md")
TEXT = PAGE.read_text("utf-8")
(KEYS,) = md.tables(PAGE, under="Keys")
PERIODS, STEPS = md.tables(PAGE, under="Periods")
(SOURCES,) = md.tables(PAGE, under="Sources")
SETTINGS = EssentialSettings.checked({"task_config": {"labourers": {"worker": {"max_simultaneous_invocations": 1}}}})
OWN: dict[str, Any] = {
    "lambda_name": "worker",
    "job_schema_name": "default",
    "idempotency_key": "k",
    "period": "today",
    "time_zone": "UTC",
    "isolate_days": True,
    "max_days_per_batch": 1,
    "payload": {"y": 1},
    "priority": 1,
    "fair_key": "tenant",
    "fair_weight": 2,
    "concurrency_key": "{y}",
    "not_before": "2026-01-31T06:00:00+01:00",
    "dry_run": False,
    "source": "s3://bucket/x.csv",
    "batch": 7,
    "on_bad_line": "skip",
}


def test_the_page_lists_the_keys_of_a_job_and_which_of_them_stay_in_the_payload() -> None:
    said = {row["key"].strip("`"): row["in the payload"] for row in KEYS if "<attribute>" not in row["key"]}
    assert set(said) == {*OWN, "chunker"}
    request = JobRequest.from_event({**OWN, "colour": "red"}, SETTINGS, NOW)
    (payload,) = request.payloads(NOW, parts=[{"lines": []}])
    assert set(payload) - {"colour", "date_list", "y", "lines"} == {
        key for key, stays in said.items() if stays == "yes"
    }


def test_every_key_of_the_page_is_read() -> None:
    wrong = {"job_schema_name": 7, "idempotency_key": 7, "period": 7, "time_zone": 7, "priority": "x", "not_before": 7,
             "dry_run": 7, "fair_key": 7, "fair_weight": 0, "concurrency_key": "{", "batch": "x", "on_bad_line": "x",
             "max_days_per_batch": -1}  # fmt: skip
    for key, value in wrong.items():
        with pytest.raises(InvalidInput, match=rf"^{key}: "):
            JobRequest.from_event({**OWN, key: value}, SETTINGS, NOW)


def test_the_flags_of_the_page_chunk_an_attribute() -> None:
    flags = [row["key"].strip("`") for row in KEYS if "<attribute>" in row["key"]]
    assert len(flags) == 2
    for flag in flags:
        many = {"shops": ["a", "b"], flag.replace("<attribute>", "shop"): 1}
        assert len(list(chunk(many, ["shop"], date(2026, 1, 10)))) == 2


@pytest.mark.parametrize("row", PERIODS, ids=lambda row: row["`period`"])
def test_a_period_means_the_days_that_the_page_says(row: Row) -> None:
    said = row["`period`"].strip("`")
    days = dates(json.loads(said) if said.startswith("{") else said, date(2026, 1, 10))
    assert len(days) == int(row["days"])
    named = re.findall(r"\d{4}-\d{2}-\d{2}", row["means, on 2026-01-10 (UTC)"])
    assert not named or (str(days[0]), str(days[-1])) == (named[0], named[-1])


@pytest.mark.parametrize("row", STEPS, ids=lambda row: row["`step`"])
def test_a_step_is_what_the_page_says(row: Row) -> None:
    (column,) = (name for name in row if name.startswith("of `"))
    period = json.loads(md.codes(column)[0])
    plain, counted = (json.loads(code) for code in md.codes(row["`step`"]))
    assert plain in counted
    first = next(pieces({**period, "step": counted if plain == "days" else plain}, timezone.utc))
    ends = first.get("date_list") or [first["period_from"], first["period_to"]]
    assert re.findall(r"\d{4}-\S*[\d]", row[column])[:2] == [ends[0], ends[-1]]
    assert set(first) == set(md.codes(row["the task has"]))


def test_the_page_has_every_step_and_every_kind_of_source() -> None:
    assert {json.loads(md.codes(row["`step`"])[0]) for row in STEPS} == set(UNITS)
    for row in SOURCES:
        assert Source.of({"source": md.codes(row["`source`"])[0]})


def test_the_functions_of_the_page_are_rules() -> None:
    (block,) = md.blocks(PAGE, "python")
    scope: dict[str, Any] = {}
    exec(block.text, scope)  # noqa: S102  (what the page shows)
    (pattern,) = re.findall(r'^"(.*)" = "our_rules:weeks_back"$', TEXT, re.MULTILINE)
    own = Extensions(periods={pattern: scope["weeks_back"]}, chunkers={"by_weight": scope["by_weight"]})
    assert dates("2_weeks_back", date(2026, 1, 15), own) == [date(2026, 1, 1)]
    made = list(chunk({"chunker": "by_weight", "weights": [1, 2]}, [], date(2026, 1, 1), own))
    assert made == [{"weights": [n], "day": "2026-01-01"} for n in (1, 2)]


def test_the_page_tells_the_limits() -> None:
    for limit in (MAX_PAYLOAD_BYTES, MAX_TASKS, MAX_DAYS, MAX_LINE_BYTES, MAX_BATCH):
        assert f"{limit:,}" in TEXT
    assert all(f"`{key}`" in TEXT for key in RESERVED_KEYS)


def test_the_page_makes_the_keys_that_it_says() -> None:
    (block,) = (b for b in md.blocks(PAGE, "json") if "concurrency_key" in b.text)
    job = json.loads(block.text)
    template = KeyTemplate.of(job["concurrency_key"])
    assert template is not None
    keys = [template.fill(payload) for payload in chunk(job, ["origin"], date(2026, 1, 10))]
    assert keys == ["airport-EWR", "airport-JFK"]
    assert all(f"`{key}`" in TEXT for key in keys)
    assert f"1 … {MAX_WEIGHT}" in TEXT
    assert f"1 to {MAX_FAIR_KEY} characters" in TEXT
    assert f"at most {MAX_KEY} characters" in TEXT


def test_every_difference_from_sosw_is_on_its_page() -> None:
    other, refused, _keys = md.tables(md.page("docs/explanation/chunking.md"), under="Beside sosw 0.7.51")
    assert [row["name"].strip("`") for row in other] == list(RULES)
    assert {row["name"].strip("`") for row in refused} == {rule.name for rule in REFUSALS}
