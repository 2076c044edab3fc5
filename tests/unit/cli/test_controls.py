"""`sosw labourers`, `sosw why`, `sosw pause`, `sosw resume`, `sosw limit`."""

from __future__ import annotations

import pytest

from sosw.domain.facts import COUNTED
from sosw.domain.records import Entry, Record, of_labourer, of_resource
from sosw.domain.settings import EssentialSettings
from sosw.domain.standing import Budget
from sosw.domain.tally import TOTALS, Counted, Tally
from sosw.domain.task import LabourerName
from tests.factories import LABOURER, NOW
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import SHOPS, ClientWorld, configured
from tests.unit.domain.why_facts import DATABASE, RESOURCE, settings

LONG = LabourerName("orders-sync-of-the-north")


@pytest.fixture
def world() -> ClientWorld:
    return configured()


@pytest.fixture
def busy(world: ClientWorld) -> ClientWorld:
    """A world with two running, one waiting."""
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    world.orchestrator()({})
    return world


@pytest.fixture
def many(busy: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> ClientWorld:
    """The same with more labourers and a resource."""
    named = {name: settings(name=name, draws={DATABASE: 1.0}) for name in (LABOURER, LONG)}
    found = EssentialSettings(labourers=named, resources={DATABASE: RESOURCE})
    monkeypatch.setattr(EssentialSettings, "from_mapping", lambda _given: found)
    budget = Budget(limit=48, reading=83, read_at=NOW, shares={LABOURER: 2, LONG: 46})
    busy.records.write(Record(key=of_resource(DATABASE), value=budget.to_json()))
    return busy


def test_labourers_and_resources_are_tables(sosw: Run, many: ClientWorld) -> None:
    wide = [line.rstrip() for line in sosw("labourers", columns=200).out.splitlines()]
    narrow = sosw("labourers", columns=80).out.splitlines()

    assert wide[0].split() == ["labourer", "running", "due", "health", "why"]
    assert wide[1].split(maxsplit=4) == [LONG, "0/46", "0", "–", "idle: nothing waits"]
    assert wide[2].split(maxsplit=4)[:4] == ["sales", "2/2", "1", "–"]
    assert "2 of 2 running; limit 2 of 100 because rds:orders CPU is at 83 %, target 70 ± 5; 1 due" in wide[2]
    assert wide[4].split() == ["resource", "attempts", "why"]
    assert wide[5].split(maxsplit=2)[:2] == ["rds:orders", "48"]
    assert (max(map(len, narrow)) <= 80, LONG in narrow[1]) == (True, True)
    assert many.calls[1:] == []


def test_what_became_of_their_tasks_in_all_is_a_table_that_fits_into_80_columns(sosw: Run, many: ClientWorld) -> None:
    many.count()
    tally = Tally(created=123_456, started=2_345_678, failed=99_999, done=12_345_678_901, cancelled=7)
    many.records.write(Record(key=of_labourer(LONG, TOTALS), value=Counted(tally=tally).to_json()))
    lines = [line.rstrip() for line in sosw("labourers", columns=80).out.splitlines()]
    at = next(number for number, line in enumerate(lines) if line.startswith("in all"))

    assert lines[at].split()[2:] == ["created", "started", "failed", "retried", "done", "dead", "cancelled"]
    assert lines[at + 1].split() == [LONG, "123.5k", "2.346M", "99,999", "0", "12.35G", "0", "7"]
    assert lines[at + 2].split() == ["sales", "3", "0", "0", "0", "0", "0", "0"]
    assert max(map(len, lines)) <= 80
    found = sosw("labourers", "--json").json["labourers"]
    assert [each["totals"]["created"] for each in found] == [123_456, 3]


def test_more_than_are_counted_are_told_as_more(sosw: Run, world: ClientWorld) -> None:
    world.queue(COUNTED + 1)
    assert sosw("labourers").out.splitlines()[1].split()[2] == "1,000+"


def test_labourers_in_json(sosw: Run, many: ClientWorld) -> None:
    found = sosw("labourers", "--json").json
    assert [(each["labourer"], each["running"], each["due"]) for each in found["labourers"]] == [
        (LONG, 0, 0), ("sales", 2, 1),
    ]  # fmt: skip
    assert [(each["resource"], each["shares"]) for each in found["resources"]] == [
        ("rds:orders", {"sales": 2, LONG: 46})
    ]
    assert many.calls[1:] == []


def test_wrong_settings_and_no_labourer_are_told(sosw: Run, world: ClientWorld) -> None:
    world.config["task_config"]["labourers"] = {"wrong": {"max_simultaneous_invocations": -1}}
    assert sosw("labourers").out.splitlines()[1].split(maxsplit=4)[:4] == ["wrong", "0", "0", "–"]
    world.config["task_config"]["labourers"] = {}
    assert sosw("labourers").out == "no labourer is registered here yet: declare them by `sosw apply`\n"


def test_why_tells_a_task_and_a_labourer(sosw: Run, busy: ClientWorld) -> None:
    assert sosw("why", "k#2").out == "k#2: waiting: 2 of 2 running; limit 2\n  it is the first in line\n"
    assert sosw("why", "sales").out == "sales: 2 of 2 running; limit 2; 1 due\n"
    assert sosw("why", "k#2", "--json").json == {
        "about": "k#2", "reason": "full", "why": "waiting: 2 of 2 running; limit 2",
        "more": ["it is the first in line"],
    }  # fmt: skip
    assert busy.calls[1:] == []


def test_why_tells_a_resource_and_everything(sosw: Run, many: ClientWorld) -> None:
    told = sosw("why", "--resource", "rds:orders").out
    assert told.startswith("resource/rds:orders: rds:orders CPU is at 83 %, target 70 ± 5; 48 attempts at once\n")
    assert sosw("why", "--all").out == "everything: neither paused nor limited\n"
    assert many.calls[1:] == []


def test_why_with_the_log_tells_who_when_and_why(sosw: Run, busy: ClientWorld) -> None:
    assert sosw("why", "sales", "--log").out.endswith("nothing of it was changed in the last 90 days\n")
    busy.client.limit("sales", 1, why="locks", by="ann")
    busy.clock.advance(seconds=60)
    busy.records.note(Entry(owner="labourer/sales", at=busy.clock.now(), what={"why": "health 4 → 2"}))
    told, document = sosw("why", "sales", "--log"), sosw("why", "sales", "--log", "--json").json

    assert told.out.splitlines()[-2:] == [
        "2026-01-01 12:01:00 UTC  health 4 → 2", "2026-01-01 12:00:00 UTC  limit none → 1 by ann: locks",
    ]  # fmt: skip
    assert [line["said"] for line in document["log"]] == ["health 4 → 2", "limit none → 1 by ann: locks"]
    assert document["log"][1]["what"]["by"] == "ann"


def test_a_pause_is_ordered_and_ended(sosw: Run, busy: ClientWorld) -> None:
    paused = sosw("pause", "sales", "--why", "migration")
    again = sosw("pause", "sales", "--why", "also", "--json")
    busy.end("k", 2)
    resumed, twice = sosw("resume", "sales"), sosw("resume", "sales")

    assert (paused.code, paused.out) == (0, "labourer sales is paused: nothing of it starts, what runs may end\n")
    assert (again.code, again.json["changed"], again.json["target"]) == (0, False, "labourer/sales")
    assert "labourer sales is paused already, by " in again.json["said"]
    assert resumed.out == "labourer sales is resumed\n"
    assert (twice.code, twice.out) == (0, "labourer sales is not paused\n")


def test_what_starts_at_once_is_told(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")
    sosw("pause", "--all", "--why", "an incident")
    assert sosw("why", "--all").out.startswith("everything: everything is paused by ")
    assert sosw("resume", "--all", "--why", "over").out == "everything is resumed; started at once: 1 of sales\n"


def test_a_limit_is_ordered_and_lifted(sosw: Run, many: ClientWorld) -> None:
    words = ("limit", "--resource", "rds:orders", "--why", "locks", "--to")
    assert sosw(*words, "7").out == ("resource rds:orders is limited to 7; what its settings allow is never exceeded\n")
    assert sosw(*words, "none", "--json").json["said"] == "the ordered limit of resource rds:orders, 7, is lifted"
    assert [line.said.split(" by ")[0] for line in many.client.log("resource/rds:orders")] != []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pause", "--why", "x"), "name one: LABOURER, --resource NAME, or --all"),
        (("pause", "sales", "--all", "--why", "x"), "name one: LABOURER, --resource NAME, or --all"),
        (("resume",), "name one: LABOURER"),
        (("why",), "name one: TASK or LABOURER, --resource NAME, or --all"),
        (("why", "k#0", "--log"), "--log is of a labourer, of --resource or of --all: tasks have none"),
        (("pause", "sales", "--why", " "), "--why must tell why"),
        (("limit", "sales", "--to", "many", "--why", "x"), "--to 'many' must be a whole number from 0 to 10,000"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage_and_nothing_is_sent(
    sosw: Run, world: ClientWorld, words: tuple[str, ...], sentence: str
) -> None:
    ended = sosw(*words)
    assert (ended.code, ended.out, world.calls) == (2, "", [])
    assert sentence in ended.err


@pytest.mark.parametrize(
    "words", [("pause", "sales"), ("limit", "sales", "--to", "1"), ("limit", "sales", "--why", "x")]
)
def test_an_order_needs_its_reason_and_its_number(sosw: Run, words: tuple[str, ...]) -> None:
    assert sosw(*words).code == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pause", "slaes", "--why", "x"), "pause: 'slaes' is not a registered labourer (did you mean 'sales'?)"),
        (("limit", "sales", "--to", "-1", "--why", "x"), "to: -1 must be a whole number from 0 to 10,000"),
        (("limit", "sales", "--to", "10001", "--why", "x"), "to: 10001 must be a whole number"),
        (("resume", "--resource", "rds:x"), "resume: 'rds:x' is not a registered resource (known: none)"),
        (("why", "slaes"), "there is no labourer 'slaes' (did you mean 'sales'?)"),
        (("why", "k#9"), "there is no task 'k#9': there is no job 'k'"),
        (("why", "--resource", "rds:x"), "there is no resource 'rds:x' (known: none)"),
    ],
)
def test_what_is_refused_is_one_sentence_and_exit_code_1(sosw: Run, words: tuple[str, ...], sentence: str) -> None:
    told, document = sosw(*words), sosw(*words, "--json")
    assert (told.code, told.out, document.code) == (1, "", 1)
    assert sentence in told.err
    assert sentence in document.json["error"]["message"]
