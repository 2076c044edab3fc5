"""Both forms of a declaration, and what becomes of what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.declaration import Declaration, Outcome
from sosw.domain.errors import InvalidInput

LEAST = {"max_simultaneous_invocations": 5}
RESOURCE = {"target": 70, "band": 5, "ceiling": 100}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:sales"


def over(given: Any, stored: Any = None, region: str | None = None, *, adds: bool = False) -> Outcome:
    return Declaration.of(given).over(stored or {}, region=region, adds=adds)


def config(given: Any, stored: Any = None) -> Any:
    outcome = over(given, stored)
    assert outcome.problems == ()
    return outcome.config


def told(given: Any, stored: Any = None, region: str | None = None) -> list[str]:
    return list(map(str, over(given, stored, region).problems))


def test_the_json_of_sosw_is_taken_as_it_is() -> None:
    given = {"task_config": {"labourers": {"sales": LEAST}}, "invocation_number_coefficient": {2: 0.4}}
    assert config(given) == {
        "task_config": {"labourers": {"sales": LEAST}},
        "invocation_number_coefficient": {"2": 0.4},
    }


def test_a_file_has_labourers_and_resources_at_its_top() -> None:
    given = {"labourers": {"sales": {**LEAST, "draws": ["api"]}}, "resources": {"api": RESOURCE}}
    assert config(given) == {
        "task_config": {"labourers": {"sales": {**LEAST, "draws": ["api"]}}},
        "resources": {"api": RESOURCE},
    }


def test_defaults_are_for_what_a_labourer_does_not_say() -> None:
    defaults = {"cooldown": 60, "max_simultaneous_invocations": 2, "retry": {"base": 1, "cap": 9}}
    given = {"defaults": defaults, "labourers": {"a": None, "b": {"retry": {"base": 2}}, "c": {}}}
    assert config(given)["task_config"]["labourers"] == {
        "a": defaults,
        "b": {**defaults, "retry": {"base": 2}},
        "c": defaults,
    }


def test_what_is_not_declared_stays_and_what_is_is_replaced_whole() -> None:
    stored = {
        "task_config": {"labourers": {"a": LEAST, "b": LEAST}},
        "resources": {"api": RESOURCE},
        "custom_period_patterns": ["x"],
        "theirs": 1,
    }
    assert config({"labourers": {"a": LEAST}}, stored) == {**stored, "task_config": {"labourers": {"a": LEAST}}}
    assert config({"resources": None}, stored) == {**stored, "resources": {}}
    assert config({"labourers": None}, stored) == {**stored, "task_config": {"labourers": {}}}


def test_other_keys_of_the_stored_task_config_stay() -> None:
    stored = {"task_config": {"labourers": {}, "theirs": 1}}
    outcome = over({"labourers": {"a": LEAST}}, stored)
    assert outcome.config == {"task_config": {"labourers": {"a": LEAST}, "theirs": 1}}
    assert over({"labourers": {"a": LEAST}}, {"task_config": 7}).config["task_config"] == {"labourers": {"a": LEAST}}


def test_what_is_wrong_is_told_by_the_names_of_the_file_all_at_once() -> None:
    given = {
        "labourrs": {},
        "labourers": {"sales": {"max_simultaneous_invocations": -1, "cooldwon": 1}, "bad": 7, "ok": LEAST},
        "resources": {"api": {**RESOURCE, "floor": 101}},
        "job_schema_variants": {"s": 7},
        "invocation_number_coefficient": {"2": 2},
    }
    assert sorted(line.split(": ")[0] for line in told(given)) == [
        "invocation_number_coefficient.2",
        "job_schema_variants.s",
        "labourers.bad",
        "labourers.bad.max_simultaneous_invocations",
        "labourers.sales.cooldwon",
        "labourers.sales.max_simultaneous_invocations",
        "labourrs",
        "resources.api.floor",
    ]


def test_what_is_wrong_with_the_defaults_is_told_once_and_there() -> None:
    given = {
        "defaults": {"cooldown": -1, "draws": ["gone"], "duration": 0},
        "labourers": {"a": LEAST, "a.b": {**LEAST, "arn": "a", "duration": 0}, "b": None},
    }
    assert [line.split(": ")[0] for line in told(given)] == [
        "defaults.duration",
        "defaults.cooldown",
        "defaults.draws",
        "labourers.a.b.duration",
        "labourers.b.max_simultaneous_invocations",
    ]


def test_problems_of_sosws_own_form_are_told_by_its_names() -> None:
    (line,) = told({"task_config": {"labourers": {"sales": {}}}})
    assert line.startswith("task_config.labourers.sales.max_simultaneous_invocations: None must be")
    assert told({"task_config": {"labourers": {}}, "labourers": {}}) == [
        "labourers: {} is not a setting (did you mean 'task_config'?)"
    ]
    assert told({"task_config": {"labourers": {}, "max_attempts": 3}}) == [
        "task_config.max_attempts: 3 is not a setting (known: labourers)"
    ]
    assert told({"task_config": 7}) == ["task_config: 7 must be an object of settings"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "settings: {} declare nothing (known: labourers, defaults, resources, job_schema_variants, "),
        ({"defaults": {}}, "settings: {'defaults': {}} declare nothing"),
        (None, "configuration: None must be an object of settings"),
        ([], "configuration: [] must be an object of settings"),
        ({"labourers": [1]}, "labourers: [1] must be an object"),
        ({"defaults": 7, "labourers": {}}, "defaults: 7 must be an object"),
    ],
)
def test_what_declares_nothing_is_refused(given: Any, line: str) -> None:
    (said,) = told(given)
    assert said.startswith(line)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"settings: .* is not JSON"):
        Declaration.of({"labourers": {"a": {1, 2}}})


def test_a_function_of_another_region_is_refused_where_the_region_is_known() -> None:
    given = {"labourers": {"sales": {**LEAST, "arn": ARN}, "other": {**LEAST, "arn": "sales"}}}
    assert told(given) == told(given, region="eu-west-1") == []
    assert told(given, region="us-east-1") == [
        f"labourers.sales.arn: {ARN!r} is a function of eu-west-1, and this environment of sosw is in us-east-1"
    ]
    stored = {"task_config": {"labourers": {"sales": {**LEAST, "arn": ARN}}}}
    assert told({"resources": {}}, stored, region="us-east-1") == []


def test_a_resource_that_a_stored_labourer_draws_on_cannot_be_removed() -> None:
    stored = {"task_config": {"labourers": {"sales": {**LEAST, "draws": ["api"]}}}, "resources": {"api": RESOURCE}}
    (line,) = told({"resources": {}}, stored)
    assert line == "task_config.labourers.sales.draws: 'api' is not a declared resource (known: none)"


def test_what_was_wrong_before_and_is_not_touched_stops_nothing_and_is_told() -> None:
    stored = {"theirs": 1, "resources": {"bad": 7}, "task_config": {"labourers": {"old": {}}}}
    outcome = over({"job_schema_variants": {}}, stored)
    assert outcome.problems == ()
    assert [each.field for each in outcome.old_problems] == [
        "theirs",
        "resources.bad",
        "resources.bad.ceiling",
        "task_config.labourers.old.max_simultaneous_invocations",
    ]


def test_a_declared_labourer_that_draws_on_a_stored_mistake_is_refused() -> None:
    stored = {"resources": {"bad": {**RESOURCE, "floor": 101}}}
    outcome = over({"labourers": {"sales": {**LEAST, "draws": ["bad"]}}}, stored)
    assert [each.field for each in outcome.problems] == ["resources.bad.floor"]
    assert over({"labourers": {"sales": LEAST}}, stored).problems == ()


def test_what_is_added_replaces_what_it_names_and_removes_nothing() -> None:
    stored = {
        "task_config": {"labourers": {"a": {**LEAST, "cooldown": 60}, "b": LEAST}, "theirs": 1},
        "resources": {"api": RESOURCE},
        "job_schema_variants": {"old": {}},
        "custom_period_patterns": ["last_two_days", "yesterday"],
        "linger": 5,
    }
    given = {
        "labourers": {"a": {"max_simultaneous_invocations": 9}, "c": LEAST},
        "resources": {"db": RESOURCE},
        "custom_period_patterns": ["yesterday", "tomorrow"],
        "linger": 2,
    }
    assert over(given, stored, adds=True).config == {
        "task_config": {
            "labourers": {"a": {"max_simultaneous_invocations": 9}, "b": LEAST, "c": LEAST}, "theirs": 1,
        },
        "resources": {"api": RESOURCE, "db": RESOURCE},
        "job_schema_variants": {"old": {}},
        "custom_period_patterns": ["last_two_days", "yesterday", "tomorrow"],
        "linger": 2,
    }  # fmt: skip


def test_adding_to_nothing_is_as_declaring() -> None:
    given = {"labourers": {"a": LEAST}, "resources": {"api": RESOURCE}}
    assert over(given, adds=True) == over(given)
    damaged = {"task_config": 7, "resources": {"db": RESOURCE}}
    assert over(given, damaged, adds=True).config["task_config"] == {"labourers": {"a": LEAST}}
    assert over({"task_config": {"more": 1}}, {"task_config": {"labourers": {"a": LEAST}}}, adds=True).config == {
        "task_config": {"labourers": {"a": LEAST}, "more": 1}
    }


def test_the_whole_that_comes_of_an_addition_is_checked() -> None:
    stored = {"task_config": {"labourers": {"a": {**LEAST, "draws": ["api"]}}}, "resources": {"api": RESOURCE}}
    assert over({"resources": {"db": RESOURCE}}, stored, adds=True).problems == ()
    assert over({"labourers": {"b": {**LEAST, "draws": ["api"]}}}, stored, adds=True).problems == ()
    (problem,) = over({"labourers": {"b": {**LEAST, "draws": ["apo"]}}}, stored, adds=True).problems
    assert str(problem) == "labourers.b.draws: 'apo' is not a declared resource (did you mean 'api'?)"


def test_what_is_wrong_with_others_does_not_stop_an_addition_and_is_told() -> None:
    bad = {"max_simultaneous_invocations": -1}
    stored = {"task_config": {"labourers": {"old": bad, "a": bad}}, "resources": {"bad": {**RESOURCE, "floor": 101}}}
    added = over({"labourers": {"b": LEAST}, "resources": {"db": RESOURCE}}, stored, adds=True)
    assert added.problems == ()
    assert {each.field.split(".")[-2] for each in added.old_problems} == {"old", "a", "bad"}
    again = over({"labourers": {"a": bad}}, stored, adds=True)
    assert [each.field for each in again.problems] == ["labourers.a.max_simultaneous_invocations"]
    drawing = over({"labourers": {"b": {**LEAST, "draws": ["bad"]}}}, stored, adds=True)
    assert [each.field for each in drawing.problems] == ["resources.bad.floor"]
    assert [each.field for each in over({"linger": 99}, {"linger": 99}, adds=True).problems] == ["linger"]


def test_a_function_of_another_region_is_refused_of_what_is_added_alone() -> None:
    stored = {"task_config": {"labourers": {"far": {**LEAST, "arn": ARN}}}}
    assert over({"labourers": {"b": LEAST}}, stored, "us-east-1", adds=True).problems == ()
    (problem,) = over({"labourers": {"c": {**LEAST, "arn": ARN}}}, stored, "us-east-1", adds=True).problems
    assert problem.field == "labourers.c.arn"
