"""Whatever is stored or declared: it is read without an exception, and one mistake stops no other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.changes import How, changes
from sosw.domain.declaration import FILE_KEYS, Declaration
from sosw.domain.declared import RESOURCE_KEYS
from sosw.domain.errors import InvalidInput
from sosw.domain.labourer import LABOURER_KEYS
from sosw.domain.measures import CLOUDWATCH_KEYS, METRIC_KEYS
from sosw.domain.settings import SHARED_KEYS, EssentialSettings

GOOD = {"max_simultaneous_invocations": 1}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 20_000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
WORDS = st.sampled_from(["a", "api", "3", "<=", "signals", "alarm", "hold", "p99", ""])
ANY = st.recursive(
    SCALARS | WORDS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=4
)


def objects(keys: tuple[str, ...], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of such keys that may be right, or anything."""
    some = st.fixed_dictionaries({}, optional={key: known.get(key, ANY) for key in keys})
    return some | some | ANY


DETAILS = objects(CLOUDWATCH_KEYS)
METRICS = st.dictionaries(WORDS, objects(METRIC_KEYS, details=DETAILS), max_size=2)
LABOURERS = st.dictionaries(WORDS, objects(LABOURER_KEYS, health_metrics=METRICS), max_size=3)
RESOURCES = st.dictionaries(WORDS, objects(RESOURCE_KEYS, details=DETAILS), max_size=3)
STORED = objects(SHARED_KEYS, task_config=st.fixed_dictionaries({"labourers": LABOURERS}), resources=RESOURCES).filter(
    lambda value: isinstance(value, dict)
)
FILES = objects(FILE_KEYS, labourers=LABOURERS, resources=RESOURCES, defaults=objects(LABOURER_KEYS)) | STORED


@given(stored=STORED)
def test_whatever_is_stored_is_read_and_a_good_labourer_works_on(stored: Any) -> None:
    labourers = (
        stored.get("task_config", {}).get("labourers", {}) if isinstance(stored.get("task_config"), dict) else {}
    )
    if isinstance(labourers, dict):
        stored = {**stored, "task_config": {"labourers": {**labourers, "good": GOOD}}}
        settings = EssentialSettings.from_mapping(stored)
        assert settings.labourer("good").max_simultaneous_invocations == 1
        assert set(settings.labourers) | set(settings.mistaken) == {*labourers, "good"}
        assert not set(settings.labourers) & set(settings.mistaken)


@given(declared=FILES, stored=STORED)
def test_what_is_declared_without_a_problem_is_stored_whole_and_once(declared: Any, stored: Any) -> None:
    outcome = Declaration.of(declared).over(stored, region="eu-west-1")
    if outcome.problems:
        return
    again = Declaration.of(declared).over(outcome.config, region="eu-west-1")
    assert again.config == outcome.config
    assert {each.how for each in changes(outcome.config, again.config)} <= {How.UNCHANGED}
    assert json.loads(json.dumps(outcome.config)) == outcome.config
    assert set(map(str, EssentialSettings.from_mapping(outcome.config).every_problem)) == set(
        map(str, outcome.old_problems)
    )


@given(settings=STORED)
def test_what_has_no_problem_is_taken_at_the_door_and_nothing_else(settings: Any) -> None:
    problems = EssentialSettings.from_mapping(settings).every_problem
    if problems:
        with pytest.raises(InvalidInput, match=re.escape(str(problems[0]))):
            EssentialSettings.checked(settings)
    else:
        assert EssentialSettings.checked(settings) == EssentialSettings.from_mapping(settings)
