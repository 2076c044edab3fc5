"""`sosw doctor`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sosw.aws.dynamodb.errors import TableAbsent
from sosw.client import Client
from sosw.domain.job import Totals
from sosw.domain.recount import QUIET
from tests.factories import LABOURER
from tests.unit.cli.conftest import Run
from tests.unit.client.doctoring import Examined
from tests.unit.client.test_doctor_work import drifted


@pytest.fixture
def world() -> Examined:
    return Examined()


def test_what_is_clean_is_one_line_and_0(sosw: Run, world: Examined) -> None:
    ended = sosw("doctor")
    assert (ended.code, ended.out.count("\n"), world.calls) == (0, 1, [])
    assert ended.out.startswith("clean; looked at 5 configurations, 4 functions, 5 tables, 2 rules, 2 feeds, 1 queue, ")


@pytest.mark.parametrize("columns", [80, 120])
def test_a_finding_is_told_with_its_reason_and_a_cure_to_copy(sosw: Run, world: Examined, columns: int) -> None:
    world.inspector.tables.pop("sosw-jobs")
    world.inspector.change(LABOURER, retries=2)
    ended = sosw("doctor", columns=columns)
    lines = ended.out.splitlines()
    cures = [line for line in lines if line.startswith("    → ")]
    assert (ended.code, lines[0]) == (5, "tables: table sosw-jobs is not there")
    assert lines[1:3] == ["    nothing works without it", f"    → {cures[0][6:]}"]
    assert cures[1].endswith("--maximum-retry-attempts 0 --maximum-event-age-in-seconds 300")
    assert max(len(line.rstrip()) for line in lines if line not in cures) <= columns
    assert "2 findings; looked at " in ended.out


def test_what_could_not_be_looked_at_is_no_clean_end(sosw: Run, world: Examined) -> None:
    world.inspector.blind.add("rules")
    ended = sosw("doctor")
    first, reason = ended.out.splitlines()[0].rsplit(": ", 1)
    assert (ended.code, first) == (5, "rules: could not look: the minute rule of sosw-orchestrator: aws:rules")
    assert reason == "the credentials in use do not allow it (AccessDenied)"
    assert ended.out.splitlines()[-1].startswith("2 things could not be looked at; looked at ")


def test_all_of_it_is_one_document(sosw: Run, world: Examined) -> None:
    world.inspector.tables.pop("sosw-jobs")
    ended = sosw("doctor", "--json")
    assert (ended.code, ended.json["is_clean"], ended.json["unseen"], ended.json["mended"]) == (5, False, [], [])
    (finding,) = ended.json["findings"]
    assert list(finding) == ["check", "where", "what", "why", "mend"]
    assert ended.json["looked_at"]["tables"] == 5


def test_totals_of_a_job_are_mended(sosw: Run, world: Examined) -> None:
    drifted(world)
    world.clock.advance(QUIET)
    found = sosw("doctor", "--all")
    mended = sosw("doctor", "--job", "job", "--mend")
    assert (found.code, mended.code) == (5, 0)
    assert "    → sosw doctor --job job --mend\n" in found.out
    assert mended.out.splitlines()[0] == "mended: job job has the totals of its tasks again"
    assert world.jobs.jobs[next(iter(world.jobs.jobs))].totals == Totals(created=3, done=3)


def test_a_job_and_all_of_them_is_wrong_usage(sosw: Run, world: Examined) -> None:
    assert sosw("doctor", "--job", "a", "--all").code == 2
    assert world.calls == []


@pytest.mark.parametrize("words", [("doctor",), ("jobs",), ("labourers",), ("submit", LABOURER)])
def test_an_environment_that_is_not_there_is_one_sentence_of_every_command(
    sosw: Run, world: Examined, words: tuple[str, ...]
) -> None:
    def absent(*_: object, **__: object) -> None:
        raise TableAbsent("sosw-jobs", "GetItem", "ResourceNotFound", "no table", is_passing=False)

    world.inspector.functions.clear()
    stores = {name: Absent(absent) for name in ("jobs", "tasks", "slots", "records", "config")}
    service = replace(world.service, **stores, call=absent)  # type: ignore[arg-type]
    world.client = Client(service=service)
    damaged = sosw(*words)
    assert words == ("doctor",) or (damaged.code, damaged.err) == (
        1, "sosw: table sosw-jobs: GetItem failed (ResourceNotFound): no table\n"
    )  # fmt: skip

    world.inspector.tables.clear()
    ended = sosw(*words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("sosw: there is no environment 'sosw' in account 123456789012, region eu-west-1")


class Absent:
    """A store without a table."""

    def __init__(self, answer: Callable[..., None]) -> None:
        self.answer = answer

    def __getattr__(self, _method: str) -> Callable[..., None]:
        return self.answer
