"""Where an error was raised, on one short line."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest

from sosw.domain.report import TRACE_CHARS
from sosw.domain.trace import trace_of, trace_of_frame
from sosw.domain.verdicts import bounded

HERE = "domain/test_trace.py"


def caught(code: Callable[[], Any]) -> BaseException:
    try:
        code()
    except Exception as error:  # noqa: BLE001  (whatever it is)
        return error
    raise AssertionError


def parsing() -> None:
    int("x")


def reading() -> None:
    try:
        parsing()
    except ValueError as error:
        raise KeyError("rows") from error


def test_the_frames_stand_from_the_outermost_to_the_one_that_raised() -> None:
    trace = trace_of(caught(parsing))
    first, last = trace.split(" > ")
    assert first.startswith(f"{HERE}:")
    assert (first.split()[1], last.split()[1]) == ("caught", "parsing")


def test_what_an_error_was_raised_from_is_told_with_its_class() -> None:
    outer, inner = trace_of(caught(reading)).split("; ")
    assert outer.endswith(" reading")
    assert inner.startswith("from ValueError: ")
    assert inner.endswith(" parsing")


def test_an_error_while_another_was_handled_tells_both_unless_that_is_suppressed() -> None:
    def handling() -> None:
        try:
            parsing()
        except ValueError:
            raise KeyError  # noqa: B904  (on purpose without a cause)

    def hiding() -> None:
        try:
            parsing()
        except ValueError:
            raise KeyError from None

    assert "from ValueError: " in trace_of(caught(handling))
    assert "ValueError" not in trace_of(caught(hiding))


def test_a_deep_trace_keeps_its_innermost_frames() -> None:
    def sink(depth: int) -> None:
        if depth == 0:
            raise ValueError
        sink(depth - 1)

    trace = trace_of(caught(lambda: sink(50)))
    assert len(trace) <= TRACE_CHARS
    assert trace.startswith("… > ")
    assert trace.endswith(" sink")


def test_errors_that_come_from_each_other_end() -> None:
    error = caught(reading)
    error.__cause__ = error
    assert trace_of(error).count("from KeyError") == 3


def made(name: str, path: str, **names: Any) -> FrameType:
    """The frame of a function of that name in a file of that path, while it runs."""
    source = f"def {name}():\n    return frame()\n"
    code: CodeType = compile(source, path, "exec")
    space: dict[str, Any] = {"frame": lambda: sys._getframe(1), "__name__": "shops", **names}
    exec(code, space)  # noqa: S102  (a file of any path, made on the spot)
    found: FrameType = space[name]()
    return found


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/var/task/shops/load.py", "shops/load.py:2 load"),
        ("/opt/python/shops/load.py", "shops/load.py:2 load"),
        ("/usr/lib/python3.12/site-packages/requests/api.py", "requests/api.py:2 load"),
        ("/home/me/src/shops/load.py", "shops/load.py:2 load"),
    ],
)
def test_a_file_is_named_below_the_functions_folder(path: str, shown: str) -> None:
    assert trace_of_frame(made("load", path)).split(" > ")[-1] == shown


def test_frames_of_sosw_are_left_out() -> None:
    error = caught(lambda: bounded("soon"))
    assert trace_of(error).split(" > ")[-1].endswith(" <lambda>")


def test_of_a_place_within_sosws_call_what_called_sosw_is_left_out() -> None:
    place = made("lambda_handler", "/var/task/sosw/handler.py", __name__="sosw.handler", frame=lambda: sys._getframe(0))
    assert trace_of_frame(place) == f"{HERE}:{place.f_lineno} <lambda>"


def test_names_that_are_too_long_for_even_one_frame_are_cut() -> None:
    assert len(trace_of_frame(made("f" * 500, "a.py"))) == TRACE_CHARS


def test_no_frame_and_no_traceback_is_no_trace() -> None:
    assert trace_of_frame(None) == ""
    assert trace_of(ValueError()) == ""


def test_the_place_of_a_thread_ends_with_where_it_is() -> None:
    assert trace_of_frame(inspect.currentframe()).endswith(" test_the_place_of_a_thread_ends_with_where_it_is")
