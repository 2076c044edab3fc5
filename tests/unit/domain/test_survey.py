"""A job looked over: all that is wrong with it at once, and how many tasks it makes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sosw.domain import survey as survey_module
from sosw.domain.chunking import chunk
from sosw.domain.survey import Survey, check_payload, survey

TODAY = date(2026, 1, 1)
SCHEMA = ("section", "shop")


def looked_over(job: dict[str, Any], schema: tuple[str, ...] = SCHEMA) -> Survey:
    return survey(job, schema, TODAY)


def problems(job: dict[str, Any], schema: tuple[str, ...] = SCHEMA) -> list[str]:
    return list(map(str, looked_over(job, schema).problems))


def test_the_tasks_are_counted_without_being_made() -> None:
    sections = {name: {"shops": list(range(1_000))} for name in "abc"}
    job = {"period": "last_30_days", "isolate_days": True, "sections": sections, "max_shops_per_batch": 7}
    assert looked_over(job) == Survey(problems=(), tasks=30 * 3 * 143)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    job = {
        "isolate_secions": True,
        "isolate_shops": True,
        "max_shops_per_batch": -1,
        "period": {"from": "2026-02-30", "to": "2026-01-01"},
        "sections": {"a": {"shops": []}, "b": {"shops": [None]}, "c": {"sosw": 1, "isolate_shop": 1, "shops": [1]}},
        "x": float("nan"),
        "payload": {"task_id": 7},
    }
    assert [problem.field for problem in looked_over(job).problems] == [
        "x",
        "payload.task_id",
        "isolate_secions",
        "max_shops_per_batch",
        "sections.c.sosw",
        "period.from",
        "sections.a.shops",
    ]


@pytest.mark.parametrize(
    ("flag", "hint"),
    [
        ("isolate_shpos", "did you mean 'isolate_shops'?"),
        ("isolate_day", "did you mean 'isolate_days'?"),
        ("isolat_sections", "did you mean 'isolate_sections'?"),
        ("max_shops_per_bach", "did you mean 'max_shops_per_batch'?"),
        ("max_shps_per_batch", "did you mean 'max_shops_per_batch'?"),
        ("max_day_per_batch", "did you mean 'max_days_per_batch'?"),
        ("isolate_warehouses_too", "known: isolate_days, isolate_section, "),
    ],
)
@pytest.mark.parametrize("path", ["", "sections.a."])
def test_a_flag_that_is_misspelt_is_refused_at_every_level(flag: str, hint: str, path: str) -> None:
    job = {"sections": {"a": {flag: True}}} if path else {flag: True}
    (sentence,) = problems(job)
    assert sentence.startswith(f"{path}{flag}: True is no flag of this job's schema; payload of such a name goes into")
    assert hint in sentence


@pytest.mark.parametrize(
    "key", ["max_retries", "max_shops_per_day", "isolated", "isolation_level", "shops_per_batch_of"]
)
def test_payload_that_merely_resembles_a_flag_passes(key: str) -> None:
    assert problems({key: True}) == []


def test_payload_that_has_the_name_of_a_flag_goes_into_payload() -> None:
    assert problems({"payload": {"isolate_network": True}}) == []


@pytest.mark.parametrize("payload", [{"task_id": 1}, '{"task_id": 1}'])
def test_names_of_ours_are_found_inside_of_payload(payload: Any) -> None:
    (sentence,) = problems({"payload": payload})
    assert sentence == "payload.task_id: 1 is a name that sosw gives to Workers: choose another"


@pytest.mark.parametrize("payload", ["no JSON", "[1]", 7, None])
def test_payload_that_is_no_object_is_a_value_like_any_other(payload: Any) -> None:
    assert problems({"payload": payload}) == []


def test_names_of_ours_are_found_below_the_last_attribute() -> None:
    (sentence,) = problems({"sections": {"a": {"shops": {"b": {"sosw": 1}}}}})
    assert sentence.startswith("sections.a.shops.b.sosw: 1 is a name that sosw gives")


def test_a_job_without_a_schema_has_flags_for_its_days_alone() -> None:
    assert problems({"isolate_days": True, "period": "today"}, ()) == []
    assert [problem.field for problem in looked_over({"isolate_shops": True}, ()).problems] == ["isolate_shops"]


def test_one_problem_is_told_once_and_of_many_the_first() -> None:
    levels: dict[str, Any] = {str(n): {"shops": []} for n in range(100)}
    told = problems({"sections": levels, "isolate_shops": True})
    assert len(told) == survey_module.TOLD + 1
    assert told[-1] == "job: 100 problems were found; these are the first 20"


def test_a_job_of_too_many_tasks_is_refused() -> None:
    job = {"period": "last_36600_days", "isolate_days": True, "sections": list(range(1_000)), "isolate_sections": True}
    assert "makes 36,600,000 tasks, more than 10,000,000" in problems(job)[0]


def test_a_payload_that_is_too_large_is_found_wherever_it_is() -> None:
    rest = {"isolate_sections": True, "sections": {"a": {"y": "z" * 200_000}, "b": {"y": "z"}}}
    assert problems({**rest, "x": "z" * 50_000}) == []
    (sentence,) = problems({**rest, "x": "z" * 70_000})
    assert "is 270,056 bytes of JSON, over the limit of 262,144" in sentence


def test_a_large_job_of_small_payloads_passes() -> None:
    sections = {name: {"shops": ["z" * 1_000] * 150} for name in "ab"}
    assert looked_over({"sections": sections, "isolate_shops": True}) == Survey(problems=(), tasks=300)


def test_days_that_are_not_isolated_count_as_well() -> None:
    assert problems({"period": "last_15000_days"}) == []
    assert "over the limit of 262,144" in problems({"period": "last_36600_days"})[0]


def test_a_payload_that_cannot_be_written_down_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    (sentence,) = problems({"x": loop})
    assert sentence.startswith("x: {'loop': {...}} is not JSON: ")


def test_a_right_payload_passes() -> None:
    check_payload({"x": 1})


def test_a_payload_nested_too_deep_to_be_read_is_a_text() -> None:
    job = {"payload": "[" * 20_000}
    assert survey(job, [], TODAY).problems == ()
    assert list(chunk(job, [], TODAY)) == [job]


def test_a_size_of_thousands_of_digits_is_none() -> None:
    (problem,) = survey({"max_days_per_batch": "9" * 5_000, "period": "last_3_days"}, [], TODAY).problems
    assert "must be a whole number from 1" in str(problem)
