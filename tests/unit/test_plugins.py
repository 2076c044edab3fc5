"""Periods and chunkers of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from sosw import plugins
from sosw.domain.chunking import chunk
from sosw.domain.errors import InvalidInput
from sosw.domain.periods import dates

CODE = """
from datetime import timedelta

def weeks_back(today, match):
    return [today - timedelta(weeks=int(match[1]))]

def halves(job, schema, today):
    return [{**job, "half": n} for n in (1, 2)]

def backlog(details, now):
    return details["depth"] + now.hour

number = 7
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as pip would install it; what it says of its entry points goes into the file."""
    (tmp_path / "own_rules.py").write_text(CODE)
    info = tmp_path / "own_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-rules\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    for found in (plugins.installed, plugins.health_functions):
        found.cache_clear()
    yield info / "entry_points.txt"
    for found in (plugins.installed, plugins.health_functions):
        found.cache_clear()


def test_what_packages_bring_is_a_period_or_a_chunker(package: Path) -> None:
    package.write_text(
        "[sosw.periods]\n([0-9]+)_weeks_back = own_rules:weeks_back\n[sosw.chunkers]\nhalves = own_rules:halves\n"
    )
    own = plugins.installed()
    assert dates("2_weeks_back", date(2026, 1, 15), own) == [date(2026, 1, 1)]
    made = list(chunk({"chunker": "halves", "x": 1}, [], date(2026, 1, 1), own))
    assert made == [{"x": 1, "half": 1}, {"x": 1, "half": 2}]
    assert plugins.installed() is own


def test_without_any_there_are_none(package: Path) -> None:
    assert not package.exists()
    assert not plugins.installed().periods
    assert not plugins.installed().chunkers


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("x = own_rules:gone", "sosw.periods: 'x = own_rules:gone' cannot be loaded: AttributeError("),
        ("x = no_such_module:f", "sosw.periods: 'x = no_such_module:f' cannot be loaded: ModuleNotFoundError("),
        ("x = own_rules:number", "sosw.periods: 'x = own_rules:number' must be a function"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(package: Path, entry: str, sentence: str) -> None:
    package.write_text(f"[sosw.periods]\n{entry}\n")
    with pytest.raises(InvalidInput) as refused:
        plugins.installed()
    assert sentence in str(refused.value)


def test_a_source_of_health_is_a_function_of_details_and_moment(package: Path) -> None:
    package.write_text("[sosw.health]\nbacklog = own_rules:backlog\n")
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    assert plugins.health_functions()["backlog"]({"depth": 3}, noon) == 15


@pytest.mark.parametrize(
    ("entry", "sentence"), [("gone:f", "cannot be loaded"), ("own_rules:number", "must be a function")]
)
def test_a_source_of_health_that_is_none_fails_when_it_is_asked(package: Path, entry: str, sentence: str) -> None:
    package.write_text(f"[sosw.health]\nbacklog = own_rules:backlog\nbroken = {entry}\n")
    found = plugins.health_functions()
    with pytest.raises(InvalidInput, match=sentence):
        found["broken"]({}, datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert found["backlog"]({"depth": 1}, datetime(2026, 1, 1, tzinfo=timezone.utc)) == 1
