"""Settings read from mappings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.retry import RetryPolicy
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.task import LabourerName
from tests.factories import LABOURER, seconds

ARN = "must be a function's name, or its ARN, such as arn:aws:lambda:eu-west-1:123456789012:function:sales"
LEAST = {"max_simultaneous_invocations": 5}


def labourers(**settings: Any) -> EssentialSettings:
    return EssentialSettings.from_mapping({"task_config": {"labourers": settings}})


def problems(given: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        EssentialSettings.checked(given)
    return [str(problem) for problem in refused.value.problems]


def test_a_labourer_needs_its_limit_alone() -> None:
    assert Labourer.from_mapping("sales", LEAST) == Labourer(
        name=LABOURER,
        arn="sales",
        max_simultaneous_invocations=5,
        duration=seconds(900),
        cooldown=seconds(300),
        retry=RetryPolicy(max_attempts=3, base=seconds(60), cap=timedelta(hours=1)),
        retention=timedelta(days=30),
    )


def test_every_setting_of_a_labourer_is_read() -> None:
    given = {
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:sales:live",
        "max_simultaneous_invocations": 0,
        "max_attempts": 7,
        "duration": 10.5,
        "cooldown": 20,
        "retry": {"base": 1, "cap": 2},
        "retention_days": 400,
    }
    labourer = Labourer.from_mapping("sales", given)
    assert (labourer.arn, labourer.max_simultaneous_invocations, labourer.lease) == (given["arn"], 0, seconds(30.5))
    assert labourer.retry == RetryPolicy(max_attempts=7, base=seconds(1), cap=seconds(2))
    assert labourer.retention == timedelta(days=400)


def test_settings_of_nothing_are_no_labourers_and_the_default_schema() -> None:
    settings = EssentialSettings.checked({})
    assert (settings.labourers, settings.job_schema_variants) == ({}, {"default": ()})


def test_a_schema_is_the_names_of_its_attributes_outermost_first() -> None:
    variants = {"a": {"chunkable_attrs": [["section", {}], ["shop", {}]]}, "b": {"chunkable_attrs": ["shop"]}, "c": {}}
    settings = EssentialSettings.checked({"job_schema_variants": variants})
    assert settings.job_schema_variants == {"default": (), "a": ("section", "shop"), "b": ("shop",), "c": ()}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("max_simultaneous_invocations", -1, "must be a whole number from 0 to 10,000, and has no default"),
        ("max_simultaneous_invocations", None, "must be a whole number from 0 to 10,000, and has no default"),
        ("max_simultaneous_invocations", "5", "must be a whole number from 0 to 10,000, and has no default"),
        ("max_simultaneous_invocations", True, "must be a whole number from 0 to 10,000, and has no default"),
        ("max_attempts", 0, "must be a whole number from 1 to 100"),
        ("max_attempts", 101, "must be a whole number from 1 to 100"),
        ("duration", 901, "must be a number of seconds from 1 to 900"),
        ("duration", float("nan"), "must be a number of seconds from 1 to 900"),
        ("cooldown", 0, "must be a number of seconds from 1 to 21,600"),
        ("cooldown", "300", "must be a number of seconds from 1 to 21,600"),
        ("arn", "", ARN),
        ("arn", 7, ARN),
        ("arn", "arn:aws:lambda:eu-west-1:123:function:sales", ARN),
        ("arn", "arn:aws:sns:eu-west-1:123456789012:sales", ARN),
        ("retention_days", 0, "must be a whole number from 1 to 3,650"),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_the_range(key: str, value: Any, rule: str) -> None:
    given = {"task_config": {"labourers": {"sales": {**LEAST, key: value}}}}
    assert problems(given) == [f"task_config.labourers.sales.{key}: {value!r} {rule}"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "configuration: [] must be an object of settings"),
        ({"task_confg": {}}, "task_confg: {} is not a setting (did you mean 'task_config'?)"),
        ({"task_config": []}, "task_config: [] must be an object of settings"),
        ({"task_config": {"x": 1}}, "task_config.x: 1 is not a setting (known: labourers)"),
        ({"task_config": {"labourers": []}}, "task_config.labourers: [] must be an object"),
        ({"task_config": {"labourers": {"a": 7}}}, "task_config.labourers.a: 7 must be an object of settings"),
        (
            {"task_config": {"labourers": {"a": {**LEAST, "cooldwon": 1}}}},
            "task_config.labourers.a.cooldwon: 1 is not a setting (did you mean 'cooldown'?)",
        ),
        (
            {"task_config": {"labourers": {"a": {**LEAST, "retry": {"bass": 1}}}}},
            "task_config.labourers.a.retry.bass: 1 is not a setting (did you mean 'base'?)",
        ),
        (
            {"task_config": {"labourers": {"a": {**LEAST, "retry": 7}}}},
            "task_config.labourers.a.retry: 7 must be an object of settings",
        ),
        ({"job_schema_variants": 7}, "job_schema_variants: 7 must be an object"),
        ({"job_schema_variants": {"x": {"attrs": []}}}, "job_schema_variants.x.attrs: [] is not a setting"),
        (
            {"job_schema_variants": {"x": {"chunkable_attrs": [[7, {}]]}}},
            'job_schema_variants.x.chunkable_attrs: [[7, {}]] must be a list of ["attribute", {}] pairs',
        ),
        (
            {"job_schema_variants": {"x": {"chunkable_attrs": "shop"}}},
            """job_schema_variants.x.chunkable_attrs: 'shop' must be a list of ["attribute", {}] pairs""",
        ),
    ],
)
def test_what_is_no_setting_is_refused_naming_it(given: Any, sentence: str) -> None:
    assert sentence in problems(given)[0]


def test_all_mistakes_are_told_at_once() -> None:
    given = {
        "x": 1,
        "task_config": {"y": 2, "labourers": {"a": {"duration": 0}, "b": LEAST}},
        "job_schema_variants": {"s": 7},
    }
    fields = [sentence.split(":")[0] for sentence in problems(given)]
    assert fields == [
        "x",
        "task_config.y",
        "job_schema_variants.s",
        "task_config.labourers.a.max_simultaneous_invocations",
        "task_config.labourers.a.duration",
    ]


def test_a_mistaken_labourer_does_not_stop_the_others() -> None:
    settings = labourers(good=LEAST, bad={})
    assert list(settings.labourers) == ["good"]
    with pytest.raises(InvalidInput, match=r"labourers\.bad\.max_simultaneous_invocations: None must be"):
        settings.labourer("bad")


def test_a_labourer_is_found_by_its_name_or_its_functions_arn() -> None:
    settings = labourers(sales=LEAST)
    for name in ("sales", "arn:aws:lambda:eu-west-1:123456789012:function:sales"):
        assert settings.labourer(name).name == "sales"
    with pytest.raises(InvalidInput, match="is not a registered labourer"):
        settings.labourer("arn:aws:sns:eu-west-1:123456789012:topic:sales")


def test_what_an_unregistered_labourer_began_ends_by_the_defaults_but_is_not_buried() -> None:
    settings = labourers(bad={"max_attempts": 1})
    for name in (LabourerName("gone"), LabourerName("bad"), None):
        labourer = settings.labourer_or_default(name)
        assert (labourer.name, labourer.max_simultaneous_invocations) == (name or "", 0)
        assert (labourer.retention, labourer.retry.max_attempts) == (timedelta(days=30), 100)


def test_what_a_registered_labourer_began_ends_by_its_settings() -> None:
    assert labourers(sales=LEAST).labourer_or_default(LABOURER).retry.max_attempts == 3
