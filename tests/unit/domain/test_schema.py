"""The version of the tables, as they say it."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.schema import FIRST, SCHEMA_VERSION, TablesTooNew, version_of


def test_tables_that_say_nothing_are_of_the_first_version() -> None:
    assert version_of(None) == FIRST


def test_tables_of_this_version_say_so() -> None:
    assert version_of({"version": SCHEMA_VERSION}) == SCHEMA_VERSION


def test_tables_of_a_newer_version_are_refused_with_what_to_do() -> None:
    with pytest.raises(TablesTooNew, match="install the sosw that they were made with, or a newer one"):
        version_of({"version": SCHEMA_VERSION + 1})


@pytest.mark.parametrize("wrong", [{}, {"version": "1"}, {"version": True}, {"version": 0}])
def test_what_is_no_version_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"sosw_schema\.version: .* must be a number, from 1 on"):
        version_of(wrong)
