"""The base of every Lambda."""

from __future__ import annotations

from typing import Any, ClassVar

from sosw.processor import Processor


class Greeter(Processor):
    DEFAULT_CONFIG: ClassVar[dict[str, Any]] = {"a": {"x": 1}, "b": 1, "c": 1}


def test_layers_of_configuration_replace_whole_values() -> None:
    greeter = Greeter({"c": 3}, stored_config={"a": {"y": 2}, "c": 2})
    assert greeter.config == {"a": {"y": 2}, "b": 1, "c": 3}
    assert Greeter.DEFAULT_CONFIG == {"a": {"x": 1}, "b": 1, "c": 1}


def test_a_processor_without_code_answers_with_its_result() -> None:
    processor = Processor()
    assert processor({}) is None
    processor.result["rows"] += 3
    assert processor({}) == {"rows": 3}


def test_a_result_that_is_empty_or_zero_is_still_one() -> None:
    processor = Processor()
    results: list[Any] = [0, False, "", []]
    for result in results:
        processor.result = result
        assert processor({}) == result
        assert processor({}) is not None


def test_counters_and_result_begin_anew_with_each_invocation() -> None:
    processor = Processor()
    processor.stats["rows"] += 2
    processor.result = [1]
    assert processor.get_stats() == {"rows": 2}
    processor.reset_stats()
    assert (processor.get_stats(), processor.kept_result) == ({}, None)


def test_whether_it_is_a_test_is_said_by_the_caller() -> None:
    assert (Processor().test, Processor(test=True).test) == (False, True)
