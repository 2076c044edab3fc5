"""`sosw jobs`, `sosw job`, `sosw cancel`, and what holds for every command."""

from __future__ import annotations

import json

import pytest
import typer

from sosw.cli.session import Session
from sosw.domain.job import JobState
from sosw.domain.task import JobId
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import SHOPS, ClientWorld

KEYS = {
    "job_id", "labourer", "state", "is_finished", "total", "created", "open", "queued", "running", "done", "dead",
    "cancelled", "gone", "failed", "is_counted", "cursor", "priority", "not_before", "submitted_at", "submitted_by",
    "source_event", "skipped_lines", "waits_why", "failed_why", "cancelled_by", "cancelled_why",
}  # fmt: skip
"""Of a job in JSON: programs rely on them."""


@pytest.fixture
def ended(world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> ClientWorld:
    """A world with a job of three tasks: two done, one dead."""
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    world.end("k", 0, 2)
    world.end("k", 1, is_dead=True)
    world.count()
    return world


def test_jobs_are_a_table_newest_first(sosw: Run, ended: ClientWorld) -> None:
    ended.clock.advance(seconds=1)
    ended.client.submit("sales")
    ended.count()
    head, newest, oldest = sosw("jobs", columns=80).out.splitlines()

    assert head.split() == ["job", "labourer", "state", "closed", "at", "(UTC)"]
    assert newest.split()[1:] == ["sales", "open", "0/1", "01-01", "12:00"]
    assert oldest.split() == ["k", "sales", "1", "dead", "3/3", "01-01", "12:00"]
    assert len(newest.split()[0]) == 36


@pytest.mark.parametrize("columns", [60, 80])
def test_a_table_fits_and_loses_nothing_of_an_id_and_of_a_moment(sosw: Run, world: ClientWorld, columns: int) -> None:
    key = "nightly." + "x" * 56
    world.client.submit("sales", idempotency_key=key)
    lines = sosw("jobs", columns=columns).out.splitlines()

    assert (max(map(len, lines)) <= columns, lines[1].rstrip()[-12:]) == (True, " 01-01 12:00")
    assert "".join(line.split()[0] for line in lines[1:]) == key


def test_jobs_and_job_in_json_have_the_same_keys(sosw: Run, ended: ClientWorld) -> None:
    (listed,) = sosw("jobs", "--json").json["jobs"]
    shown = sosw("job", "k", "--json").json

    assert listed.keys() == shown.keys() == KEYS
    assert listed == shown
    assert (shown["done"], shown["dead"], shown["is_finished"], shown["state"]) == (2, 1, True, "ready")
    assert ended.calls[1:] == []


def test_where_no_job_is_the_next_step_is_told(sosw: Run) -> None:
    assert sosw("jobs").out == "no job was submitted here yet: see `sosw submit --help`\n"
    assert sosw("jobs", "--json").json == {"jobs": []}


def test_a_job_is_shown_a_fact_a_line(sosw: Run, ended: ClientWorld) -> None:
    shown = sosw("job", "k").out.splitlines()
    assert shown == [
        "job             k",
        "labourer        sales",
        "state           1 dead",
        "tasks           3 of 3 tasks closed (2 done, 1 dead)",
        "failed attempts 1",
        "submitted       2026-01-01 12:00:00 UTC by ada",
        "priority        5",
    ]
    assert ended.client.job("k").id == "k"


def test_the_event_that_a_job_comes_from_is_shown(sosw: Run, world: ClientWorld) -> None:
    event = {"arn": "arn:aws:events:eu-west-1:1:rule/x", "id": "e-1"}
    world.client.submit_event({"job": {"lambda_name": "sales"}, "idempotency_key": "k", "source_event": event})
    shown = sosw("job", "k").out

    assert f"UTC by {event['arn']}\n" in shown
    assert f"source event    {json.dumps(event)}\n" in shown


def test_results_and_failures_are_shown(sosw: Run, ended: ClientWorld) -> None:
    shown = sosw("job", "k", "--results", "--failures").out
    document = sosw("job", "k", "--results", "--failures", "--json").json

    assert '#2 {"job_schema_name": "by_shop", "isolate_shops": true, "shops": ["c"]}\n   {"n": 2}\n' in shown
    assert "#1 dead after 1 attempt {" in shown
    assert "   attempt 1, 12:00:00 UTC  ValueError: no\n" in shown
    assert [(each["number"], each["result"]) for each in document["results"]] == [(0, {"n": 0}), (2, {"n": 2})]
    assert [(each["number"], each["failures"][0]["error"]) for each in document["failures"]] == [(1, "ValueError")]
    assert document.keys() == KEYS | {"results", "failures"}
    assert ended.calls[1:] == []


def test_what_runs_is_shown_with_how_far_it_says_it_is(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    world.orchestrator()({})
    world.assistant()({"action": "heartbeat", "task_id": "k#0", "attempt": 1, "progress": 0.4, "note": "12 of 30",
                       "result": {"rows": 12}})  # fmt: skip
    shown = sosw("job", "k", "--running").out
    document = sosw("job", "k", "--running", "--json").json

    assert '#0 attempt 1 runs since 12:00:00 UTC  40%  12 of 30\n   so far {"rows": 12}\n' in shown
    assert shown.endswith("#1 attempt 1 runs since 12:00:00 UTC\n")
    assert document["running"][0] == {
        "number": 0,
        "task_id": "k#0",
        "payload": {"job_schema_name": "by_shop", "isolate_shops": True, "shops": ["a"]},
        "attempt": 1,
        "started_at": "2026-01-01T12:00:00+00:00",
        "progress": 0.4,
        "note": "12 of 30",
        "partial": {"rows": 12},
    }
    assert len(document["running"]) == 2


def test_a_failure_is_shown_with_where_it_was_raised_and_logged(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")
    world.orchestrator()({})
    world.assistant()({"action": "fail", "task_id": "k#0", "attempt": 1, "error": "KeyError", "message": "shop",
                       "is_retryable": False, "trace": "app.py:12 load", "request_id": "r-1"})  # fmt: skip
    told = sosw("job", "k", "--failures").out
    ((failure,),) = [each["failures"] for each in sosw("job", "k", "--failures", "--json").json["failures"]]

    assert "   attempt 1, 12:00:00 UTC  KeyError: shop\n      at app.py:12 load\n" in told
    assert failure == {
        "attempt": 1,
        "started_at": "2026-01-01T12:00:00+00:00",
        "at": "2026-01-01T12:00:00+00:00",
        "error": "KeyError",
        "message": "shop",
        "trace": "app.py:12 load",
        "request_id": "r-1",
        "log_stream": None,
        "log_group": None,
    }


def test_markup_of_a_user_is_shown_as_it_is(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k", x="[red]no[/red] [/]")
    world.end("k", 0, result="[/] [bold]")
    assert '{"x": "[red]no[/red] [/]"}\n   "[/] [bold]"\n' in sosw("job", "k", "--results").out


def test_counting_shows_what_waits_and_runs(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")
    assert sosw("job", "k", "--count", "--json").json["queued"] == 1


def test_an_unknown_job_is_answered_with_a_guess_and_exit_code_1(sosw: Run, ended: ClientWorld) -> None:
    ended.client.submit("sales", idempotency_key="delays-2013")
    told, document = sosw("job", "delays-2031"), sosw("job", "delays-2031", "--json")

    assert (told.code, told.out, document.code) == (1, "", 1)
    assert (
        told.err
        == "sosw: there is no job 'delays-2031' (did you mean 'delays-2013'?): see the latest ones by `sosw jobs`\n"
    )
    assert document.json == {"error": {"type": "UnknownJob", "message": told.err[6:-1], "exit_code": 1}}


def test_cancel_tells_how_many_are_open_and_asks(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b"])
    world.count()
    no, nobody = sosw("cancel", "k", "--why", "w", typed="n\n"), sosw("cancel", "k", "--why", "w")
    before = world.jobs.jobs[JobId("k")].state
    yes = sosw("cancel", "k", "--why", "the wrong year", typed="y\n")
    job = world.jobs.jobs[JobId("k")]

    assert (no.code, nobody.code, yes.code, before) == (1, 2, 0, JobState.READY)
    assert nobody.err.splitlines()[-1].startswith("sosw: nobody is here to be asked")
    assert "job k of sales: 0 of 2 tasks closed (0 done, 0 dead, 2 open)\nCancel it, with 2 tasks open? [y/N]" in no.err
    assert (job.state, job.cancelled_why, bool(job.cancelled_by)) == (JobState.CANCELLED, "the wrong year", True)


def test_an_interrupted_question_is_no_answer(sosw: Run, world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        aborted = typer.Abort()  # as Typer raises it
        aborted.__context__ = KeyboardInterrupt()
        raise aborted

    monkeypatch.setattr("sosw.cli.session.typer.confirm", interrupt)
    world.client.submit("sales", idempotency_key="k")
    ended = sosw("cancel", "k", "--why", "w")
    assert (ended.code, "nobody is here" in ended.err) == (130, False)
    assert world.jobs.jobs[JobId("k")].state is JobState.READY


def test_cancel_of_what_is_over_does_nothing(sosw: Run, ended: ClientWorld) -> None:
    told = sosw("cancel", "k", "--why", "w", "--yes", "--json")
    assert (told.code, told.json["state"]) == (0, "ready")
    assert "is finished: nothing of it is left to cancel" in told.err
    assert ended.jobs.jobs[JobId("k")].state is JobState.READY


@pytest.mark.parametrize(
    "words",
    [("jobz",), ("job",), ("jobs", "--limit", "0"), ("jobs", "--nope"), ("submit", "sales", "--priority", "10")],
)
def test_wrong_usage_is_exit_code_2_and_a_document_with_json(sosw: Run, words: tuple[str, ...]) -> None:
    plain, document = sosw(*words), sosw("--json", *words)

    assert (plain.code, plain.out, document.code) == (2, "", 2)
    assert "Usage: sosw" in plain.err
    assert document.json["error"]["exit_code"] == 2


def test_global_options_are_taken_before_a_command_and_behind_it(sosw: Run, ended: ClientWorld) -> None:
    assert sosw("--json", "job", "k").json == sosw("job", "k", "--json").json
    assert ended.calls[1:] == []


def test_options_lead_to_the_environment_that_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOSW_PREFIX", "of-the-shell")
    session = Session(prefix="one").with_({"prefix": None, "region": "eu-west-1"})

    assert (session.client().prefix, session.region) == ("one", "eu-west-1")
    assert Session().client().prefix == "of-the-shell"


def test_version_and_help_are_told(sosw: Run) -> None:
    assert sosw("--version").out.startswith("sosw ")
    jobs, labourers = ("submit", "jobs", "job", "cancel", "backfill"), ("labourers", "why", "pause", "resume", "limit")
    for command in (*jobs, *labourers, "apply"):
        shown = sosw(command, "--help", columns=80)
        assert shown.code == 0
        assert f"sosw {command} " in shown.out.split("Options", maxsplit=1)[0].split("\n", 4)[-1], "an example"
        assert max(map(len, shown.out.splitlines())) <= 80
