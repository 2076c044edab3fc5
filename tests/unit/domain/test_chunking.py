"""A job as the payloads of its tasks."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any

import pytest

from sosw.domain.chunking import chunk, count
from sosw.domain.errors import InvalidInput

TODAY = date(2026, 1, 1)


def payloads(job: dict[str, Any], *schema: str) -> list[dict[str, Any]]:
    return list(chunk(job, schema, TODAY))


def test_as_many_payloads_are_counted_as_are_made() -> None:
    job = {"shops": ["a", "b", "c"], "isolate_shops": True}
    assert count(job, ["shop"], TODAY) == len(payloads(job, "shop")) == 3


def test_a_job_that_asks_for_no_chunks_is_one_task() -> None:
    assert payloads({"shops": ["a", "b"], "x": 1}, "shop") == [{"shops": ["a", "b"], "x": 1}]


def test_a_period_becomes_its_days_and_stays_where_nothing_is_chunked() -> None:
    days = {"date_list": ["2025-12-30", "2025-12-31"]}
    assert payloads({"period": "last_2_days", "x": 1}) == [{"x": 1, "period": "last_2_days", **days}]
    assert payloads({"period": "last_2_days", "shops": ["a"], "isolate_shops": 1}, "shop") == [
        {"isolate_shops": 1, "shops": ["a"], **days}
    ]


def test_isolated_days_are_a_task_each() -> None:
    job = {"period": "last_2_days", "isolate_days": True, "x": 1}
    assert payloads(job) == [{"x": 1, "date_list": ["2025-12-30"]}, {"x": 1, "date_list": ["2025-12-31"]}]


def test_days_that_are_listed_can_be_isolated_as_well() -> None:
    assert payloads({"date_list": ["2013-01-01"], "isolate_days": True}) == [{"date_list": ["2013-01-01"]}]


def test_days_that_are_not_to_be_isolated_stay_together() -> None:
    job = {"date_list": ["2013-01-01"], "isolate_days": False}
    assert payloads(job) == [job]


@pytest.mark.parametrize("days", [{}, {"date_list": []}, {"date_list": "2013-01-01"}, {"date_list": None}])
def test_isolating_days_that_are_not_there_is_refused(days: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="isolate_days: True needs a period, or a date_list of days to isolate"):
        payloads({"isolate_days": True, **days})


@pytest.mark.parametrize("flag", ["isolate_shop", "isolate_shops"])
@pytest.mark.parametrize("name", ["shop", "shops"])
def test_isolated_values_are_a_task_each_under_the_plural_name(name: str, flag: str) -> None:
    job = {name: ["a", "b"], flag: True, "x": 1}
    assert payloads(job, "shop") == [{flag: True, "x": 1, "shops": ["a"]}, {flag: True, "x": 1, "shops": ["b"]}]


@pytest.mark.parametrize("values", [["a"], {"a": None}, "a"])
def test_values_may_be_a_list_an_object_without_more_or_one_value(values: Any) -> None:
    assert payloads({"shops": values, "isolate_shops": 1}, "shop") == [{"shops": ["a"], "isolate_shops": 1}]


@pytest.mark.parametrize("name", ["max_shop_per_batch", "max_shops_per_batch"])
def test_values_come_in_batches_of_at_most_the_size_asked_for(name: str) -> None:
    tasks = payloads({"shops": [1, 2, 3, 4, 5], name: 2}, "shop")
    assert [task["shops"] for task in tasks] == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize(
    ("above", "level", "size"),
    [
        ({"max_shops_per_batch": 2}, {"max_shops_per_batch": 3}, 3),
        ({"max_shops_per_batch": 2}, {"max_shop_per_batch": 3}, 2),
        ({"max_shop_per_batch": 2}, {"max_shops_per_batch": 3}, 3),
        ({"max_shop_per_batch": 2}, {"max_shop_per_batch": 3}, 3),
        ({"isolate_shops": True, "max_shops_per_batch": "2"}, {}, 2),
        ({"isolate_shops": True, "max_shops_per_batch": 0}, {}, 1),
    ],
)
def test_a_batch_is_as_large_as_the_plural_flag_says_the_nearest_one_first(
    above: dict[str, Any], level: dict[str, Any], size: int
) -> None:
    job = {"sections": {"food": {"shops": list(range(7)), **level}}, **above}
    assert len(payloads(job, "section", "shop")[0]["shops"]) == size


@pytest.mark.parametrize("above", [False, True])
def test_the_flag_of_an_outer_level_holds_over_that_of_an_inner_one(above: bool) -> None:  # noqa: FBT001
    job = {"isolate_shops": above, "isolate_sections": True}
    job["sections"] = {"food": {"shops": ["a", "b"], "isolate_shops": not above}}  # type: ignore[assignment]
    assert len(payloads(job, "section", "shop")) == 1 + above


def test_an_outer_flag_that_says_no_leaves_the_whole_job_whole() -> None:
    job = {"isolate_shops": False, "sections": {"food": {"shops": ["a", "b"], "isolate_shops": True}}}
    assert payloads(job, "section", "shop") == [job]


@pytest.mark.parametrize("no", ["false", "No", "off", "0", "", 0, None, False], ids=repr)
def test_a_flag_that_says_no_asks_for_nothing(no: Any) -> None:
    job = {"shops": ["a", "b"], "isolate_shops": no}
    assert payloads(job, "shop") == [job]


def test_several_objects_of_values_are_chunked_one_after_the_other() -> None:
    job = {"shops": [{"a": None, "b": None, "c": None}, {}, {"d": {"x": 1}, "e": None}], "max_shops_per_batch": 2}
    found = [(task["shops"], task.get("x")) for task in payloads(job, "shop")]
    assert found == [(["a", "b"], None), (["c"], None), (["d"], 1), (["e"], None)]


@pytest.mark.parametrize(
    ("shops", "expected"),
    [
        ({"shop": ["a"]}, {"shops": ["a"]}),
        ({"shops": {"a": None, "b": None}}, {"shops": ["a", "b"]}),
        ({"shops": {"a": {"y": 1}}}, {"shops": [{"a": {"y": 1}}]}),
        ({"shops": {"a": {"y": 1}, "b": None}}, {"shops": {"a": {"y": 1}, "b": None}}),
        ({"shop": "a"}, {"shop": "a"}),
        ({"shops": [["a"]]}, {"shops": [["a"]]}),
        ({"shops": []}, {"shops": []}),
    ],
)
def test_an_inner_level_that_stays_whole_goes_along_in_the_form_of_sosw(
    shops: dict[str, Any], expected: dict[str, Any]
) -> None:
    job = {"sections": {"food": {**shops, "vat": 7}}, "isolate_sections": True}
    whole = {"isolate_sections": True, "sections": ["food"], "vat": 7, **expected}
    assert payloads(job, "section", "shop") == [whole]


def test_an_attribute_under_both_names_is_refused_where_it_is_to_be_chunked() -> None:
    job = {"shop": ["a"], "shops": ["b"]}
    assert payloads(job, "shop") == [job]
    with pytest.raises(InvalidInput, match=r"shop: \['a'\] stands beside shops, and only one of them can be chunked"):
        payloads({**job, "isolate_shops": True}, "shop")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"x": 7, "y": 1}, {"x": 1, "y": 1}),
        ('{"y": 1}', {"x": 1, "y": 1}),
        ("no JSON", {"x": 1, "payload": "no JSON"}),
        ("[1]", {"x": 1, "payload": "[1]"}),
        (5, {"x": 1, "payload": 5}),
    ],
)
def test_what_stands_in_payload_joins_it_and_the_rest_wins(payload: Any, expected: dict[str, Any]) -> None:
    assert payloads({"x": 1, "payload": payload}) == [expected]


def test_days_come_in_batches_too() -> None:
    job = {"period": "last_5_days", "max_days_per_batch": 2}
    assert [len(task["date_list"]) for task in payloads(job)] == [2, 2, 1]


@pytest.mark.parametrize("size", [-1, "-2", "two", 1.5, True])
def test_a_batch_of_no_whole_number_is_refused(size: Any) -> None:
    with pytest.raises(InvalidInput, match=r"max_shops_per_batch: .* must be a whole number from 1"):
        payloads({"shops": [1, 2], "max_shops_per_batch": size}, "shop")


def test_values_with_more_below_them_are_a_task_each_with_what_belongs_to_them() -> None:
    job = {"sections": {"food": {"shops": ["a", "b"], "vat": 7}, "toys": None}, "isolate_sections": True}
    assert payloads(job, "section", "shop") == [
        {"isolate_sections": True, "sections": ["food"], "shops": ["a", "b"], "vat": 7},
        {"isolate_sections": True, "sections": ["toys"]},
    ]


def test_a_flag_holds_for_all_levels_below_it() -> None:
    job = {"sections": {"food": {"shops": ["a", "b"]}, "toys": {"shops": ["c"]}}, "isolate_shops": True}
    chunks = payloads(job, "section", "shop")
    assert [(task["sections"], task["shops"]) for task in chunks] == [
        (["food"], ["a"]),
        (["food"], ["b"]),
        (["toys"], ["c"]),
    ]


def test_a_flag_in_a_level_holds_there_alone() -> None:
    job = {"sections": {"food": {"shops": ["a", "b"], "isolate_shops": True}, "toys": {"shops": ["c", "d"]}}}
    chunks = payloads(job, "section", "shop")
    assert [(task["sections"], task["shops"]) for task in chunks] == [
        (["food"], ["a"]),
        (["food"], ["b"]),
        (["toys"], ["c", "d"]),
    ]


def test_below_the_last_attribute_of_the_schema_all_is_payload() -> None:
    job = {"shops": {"a": {"vat": 7}, "b": {"vat": 19}}, "isolate_shops": True}
    assert [(task["shops"], task["vat"]) for task in payloads(job, "shop")] == [(["a"], 7), (["b"], 19)]


def test_days_and_attributes_multiply_days_outermost() -> None:
    job = {"period": "last_2_days", "isolate_days": True, "isolate_shops": True, "shops": ["a", "b"]}
    assert [(task["date_list"][0][-2:], task["shops"]) for task in payloads(job, "shop")] == [
        ("30", ["a"]),
        ("30", ["b"]),
        ("31", ["a"]),
        ("31", ["b"]),
    ]


@pytest.mark.parametrize("values", [{}, {"shops": []}, {"shops": {}}, {"shops": None}])
def test_isolating_values_that_are_not_there_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"shops?: .* has no values, but they are asked to be isolated"):
        payloads({"isolate_shops": True, **values}, "shop")


def test_isolating_what_is_no_text_and_no_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"shops: \['a'\] must hold texts or numbers"):
        payloads({"isolate_shops": True, "shops": [["a"]]}, "shop")


def test_below_a_value_there_is_an_object_or_null() -> None:
    with pytest.raises(InvalidInput, match=r"shops\.a: 7 must be an object of what belongs to that value, or null"):
        payloads({"isolate_shops": True, "shops": {"a": 7}}, "shop")


def test_chunks_are_made_one_by_one() -> None:
    job = {"period": "last_36600_days", "isolate_days": True, "isolate_shops": True, "shops": list(range(100_000))}
    first = list(islice(chunk(job, ["shop"], TODAY), 2))
    assert [task["shops"] for task in first] == [[0], [1]]


def test_the_job_is_left_as_it_was() -> None:
    job = {"period": "today", "isolate_days": True, "shops": {"a": {"x": 1}}, "isolate_shops": True}
    payloads(job, "shop")
    assert job == {"period": "today", "isolate_days": True, "shops": {"a": {"x": 1}}, "isolate_shops": True}
