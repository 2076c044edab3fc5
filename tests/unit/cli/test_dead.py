"""`sosw dead list`, `show`, `replay`, `discard`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from sosw.cli import show_dead
from sosw.client import Client
from sosw.domain.dead_orders import Fate
from sosw.domain.task import TaskState
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import SHOPS, ClientWorld, configured

WHY = ("--why", "mended")


@pytest.fixture
def world() -> ClientWorld:
    """A job `k` of three tasks, of which 0 and 2 are dead."""
    made = configured()
    made.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    made.end("k", 0, 2, is_dead=True)
    return made


@pytest.mark.parametrize("columns", [80, 120])
def test_dead_tasks_are_counted_and_the_last_ones_listed(sosw: Run, columns: int) -> None:
    lines = sosw("dead", "list", columns=columns).out.splitlines()
    assert [line.split() for line in lines[:2]] == [["labourer", "error", "dead"], ["sales", "ValueError", "2"]]
    assert lines[2:] == [
        "2 dead in all, 2026-01-01 12:00:00 UTC",
        "",
        "k#0  2026-01-01 12:00:00 UTC  ValueError",
        "    no",
        "k#2  2026-01-01 12:00:00 UTC  ValueError",
        "    no",
    ]


def test_the_last_ones_are_those_of_all_labourers(sosw: Run, world: ClientWorld) -> None:
    world.config["task_config"]["labourers"]["a-later-one"] = {"max_simultaneous_invocations": 1}
    world.client.submit("a-later-one", idempotency_key="l", **SHOPS, shops=["a"])
    world.clock.advance(seconds=9)
    world.end("l", 0, is_dead=True)
    lines = sosw("dead", "list", "--limit", "1").out.splitlines()
    assert lines[-2:] == ["l#0  2026-01-01 12:00:09 UTC  ValueError", "    no"]


def test_fewer_are_listed_than_are_counted(sosw: Run, world: ClientWorld) -> None:
    world.end("k", 1, is_dead=True)
    lines = sosw("dead", "list", "sales", "--limit", "1").out.splitlines()
    assert (lines[2].split()[0], lines[4]) == ("3", "the 1 that died last:")
    assert sosw("dead", "list", "--limit", "0").out.splitlines()[-1].startswith("3 dead in all")


def test_none_are_said(sosw: Run) -> None:
    assert sosw("dead", "list", "--error", "Timeout*").out == "no dead tasks\n"


def test_a_list_in_json(sosw: Run) -> None:
    found = sosw("dead", "list", "--json").json
    assert (found["total"], found["counts"]) == (2, [{"labourer": "sales", "error": "ValueError", "dead": 2}])
    assert [task["task_id"] for task in found["tasks"]] == ["k#0", "k#2"]


def test_many_kinds_are_summed_up(sosw: Run, world: ClientWorld) -> None:
    kinds = show_dead.ROWS + 2
    world.client.submit("sales", idempotency_key="many", **SHOPS, shops=[f"shop {n:02}" for n in range(kinds + 1)])
    for number in range(kinds + 1):
        if number == kinds:
            world.clock.advance(seconds=5)
        world.end("many", number, is_dead=True)
        task = world.task_of("many", number)
        failure = replace(task.failures[0], error=f"E{number % kinds:02}")
        world.tasks.tasks[task.id] = replace(task, failures=(failure,))
    lines = sosw("dead", "list", "--error", "E*", "--limit", "0").out.splitlines()
    assert lines[-2:] == ["and 2 of 2 other kinds", "23 dead in all, 2026-01-01 12:00:00 UTC … 2026-01-01 12:00:05 UTC"]


def test_one_is_shown_with_every_attempt(sosw: Run, world: ClientWorld) -> None:
    world.client.dead.replay("k#0", why="mended")
    world.end("k", 0, is_dead=True)
    lines = sosw("dead", "show", "k#0").out.splitlines()
    assert [line.split(maxsplit=1) for line in lines[:7]] == [
        ["task", "k#0"],
        ["labourer", "sales"],
        ["job", "k"],
        ["died", "2026-01-01 12:00:00 UTC"],
        ["reason", "it failed in a way that no retry can mend"],
        ["attempts", "1"],
        ["replayed", "1×"],
    ]
    assert lines[-4:] == [
        "attempt 1   2026-01-01 12:00:00 UTC  ValueError: no",
        "attempt 2   2026-01-01 12:00:00 UTC  ValueError: no",
        *ways_out("k#0"),
    ]
    found = sosw("dead", "show", "k#0", "--json").json
    assert (found["replays"], found["failures"]) == (1, [each.to_json() for each in world.task_of("k", 0).failures])
    assert sosw("dead", "show", "k#1").code == 1
    told = sosw("dead", "show", "k")
    assert (told.code, told.err) == (2, "sosw: 'k' is not the id of a task: those are such as k#0\n")


def test_without_a_task_the_one_that_died_last_is_shown(sosw: Run, world: ClientWorld) -> None:
    world.client.dead.discard("k#2", why="looked at")
    world.clock.advance(seconds=9)
    world.end("k", 1, is_dead=True)
    assert sosw("dead", "show", "--json").json["task_id"] == "k#1"
    world.client.dead.discard(why="looked at")
    told = sosw("dead", "show")
    assert (told.code, told.err) == (1, "sosw: no task is dead: there is nothing to show\n")


def test_where_the_last_attempt_failed_is_shown(sosw: Run, world: ClientWorld) -> None:
    task = world.task_of("k", 0)
    world.tasks.tasks[task.id] = replace(task, failures=(replace(task.failures[0], trace="app.py:12 __call__"),))
    assert sosw("dead", "show", "k#0").out.splitlines()[-3] == "            at app.py:12 __call__"


@pytest.mark.parametrize(("order", "state"), [("replay", TaskState.QUEUED), ("discard", TaskState.CANCELLED)])
def test_an_order_shows_how_many_and_asks(sosw: Run, world: ClientWorld, order: str, state: TaskState) -> None:
    refused = sosw("dead", order, "sales", *WHY, typed="n\n")
    assert (refused.code, f"{order.capitalize()} 2 tasks?" in refused.err) == (1, True)
    assert ["sales", "ValueError", "2"] in [line.split() for line in refused.err.splitlines()]
    assert world.task_of("k", 0).state is TaskState.DEAD
    done = sosw("dead", order, "sales", *WHY, typed="y\n")
    assert (done.code, done.out.removeprefix(" y\n")) == (0, f"2 {order}ed\n")
    assert [world.task_of("k", n).state for n in (0, 2)] == [state] * 2


def test_nobody_is_asked_with_yes(sosw: Run) -> None:
    done = sosw("dead", "replay", "--all", "--yes", "--json", *WHY)
    assert (done.code, done.json["moved"], done.json["found"]) == (0, 2, 2)
    assert sosw("dead", "replay", "--all", "--yes", *WHY).out == "no dead tasks\n"
    again = sosw("dead", "replay", "k#0", *WHY)
    assert (again.code, again.out) == (0, "0 replayed; 1 not dead any more (replayed or discarded already)\n")


def test_naming_none_that_is_there_is_a_failure(sosw: Run) -> None:
    ended = sosw("dead", "replay", "k#77", "--yes", *WHY)
    assert (ended.code, ended.out) == (1, "0 replayed; 1 not in the table, or not any more\n")


def test_a_dry_run_does_nothing(sosw: Run, world: ClientWorld) -> None:
    before = len(world.calls)
    assert sosw("dead", "replay", "--all", "--dry-run", *WHY).out.splitlines()[1].split() == [
        "sales",
        "ValueError",
        "2",
    ]
    found = sosw("dead", "discard", "--job", "k", "--dry-run", "--json", *WHY).json
    assert (found["order"], found["dry_run"], found["total"]) == ("discard", True, 2)
    assert len(world.calls) == before


def test_no_more_are_moved_than_were_shown(sosw: Run, world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_session: object, _question: str, *, is_sure: bool) -> None:
        assert not is_sure
        world.clock.advance(seconds=1)
        world.end("k", 1, is_dead=True)

    monkeypatch.setattr("sosw.cli.session.Session.confirm", die)
    assert sosw("dead", "replay", "sales", *WHY).out == "2 replayed\n"
    assert world.task_of("k", 1).state is TaskState.DEAD


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*WHY], "say which"),
        (["sales", "--all", *WHY], "say which"),
        (["sales", "--why", " "], "--why must tell why"),
        (["sales", *WHY, "--rate", "fast"], "--rate 'fast' must be a number"),
        (["sales", *WHY, "--rate", "0/s"], "--rate '0/s' must be a number"),
        (["sales", *WHY, "--since", "soon"], "since: 'soon' must be an ISO moment"),
    ],
)
def test_what_cannot_be_meant_is_refused(sosw: Run, world: ClientWorld, words: list[str], said: str) -> None:
    before = len(world.calls)
    ended = sosw("dead", "replay", *words)
    assert (ended.code, said in ended.err) == (2, True)
    assert len(world.calls) == before


def test_what_stays_unclear_is_a_failure(sosw: Run, world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "_call", None)
    service = world.service.__class__
    unclear = {"fates": {Fate.UNSURE.value: 2}}
    given: dict[str, Any] = {name: getattr(world.service, name) for name in service.__dataclass_fields__}
    world.client = Client(service=service(**{**given, "call": lambda *_: unclear}))
    ended = sosw("dead", "replay", "sales", "--yes", *WHY)
    assert (ended.code, ended.out) == (1, "0 replayed; 2 unclear, the table was too busy: order it again\n")


def test_on_a_terminal_a_bar_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch, world: ClientWorld) -> None:
    from rich.console import Console  # noqa: PLC0415

    out = Console(force_terminal=True, record=True, width=80)
    monkeypatch.setattr(show_dead, "stderr", lambda: out)
    with show_dead.progress("replay", 2) as tell:
        tell(world.client.dead.replay("sales", why="mended"))
    assert "replay" in out.export_text()


def ways_out(task: str, words: str = "") -> list[str]:
    return [
        f"try it anew: sosw dead replay '{task}' --why 'TEXT'{words}",
        f"or look at it no more: sosw dead discard '{task}' --why 'TEXT'{words}",
    ]


@pytest.mark.parametrize("command", [("dead", "show"), ("task",), ("why",)])
def test_a_dead_task_is_shown_with_what_can_be_done_about_it(sosw: Run, command: tuple[str, ...]) -> None:
    told = sosw(*command, "k#0", "--region", "eu-west-1").out.splitlines()
    assert told[-2:] == ways_out("k#0", " --region eu-west-1")
    for words in (shlex.split(line.partition(": sosw ")[2]) for line in told[-2:]):
        assert sosw(*words, "--yes", "--dry-run").code == 0  # it can be copied as it is


@pytest.mark.parametrize("command", [("task",), ("why",)])
def test_what_is_not_dead_is_shown_without(sosw: Run, command: tuple[str, ...]) -> None:
    assert "sosw dead" not in sosw(*command, "k#1").out
