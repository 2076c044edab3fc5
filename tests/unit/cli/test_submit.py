"""`sosw submit` and `sosw backfill`: what is typed becomes a job."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sosw.domain.job import JobState
from sosw.domain.task import JobId
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import ClientWorld

SHOPS = ("--attr", "job_schema_name=by_shop", "--attr", "isolate_shops=true")


def test_a_submitted_job_is_told_with_the_next_step(sosw: Run) -> None:
    ended = sosw("submit", "sales", *SHOPS, "--attr", 'shops=["a", "b"]', "--key", "k")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "job k: 2 tasks for sales\nfollow it: sosw job k --wait\n"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("last_7_days", "last_7_days"),
        ("007", "007"),
        ("7", 7),
        ('"7"', "7"),
        ("true", True),
        ("null", None),
        ("", ""),
        ("NaN", "NaN"),
        ("a=b", "a=b"),
        ('{"z": [1, "é"]}', {"z": [1, "é"]}),
        ("[1", "[1"),
    ],
)
def test_an_attribute_is_json_where_it_is_json_else_text(sosw: Run, world: ClientWorld, typed: str, value: Any) -> None:
    assert sosw("submit", "sales", "--key", "k", "--attr", f"x={typed}").code == 0
    assert world.task_of("k", 0).payload == {"x": value}


@pytest.mark.parametrize("shape", ["job", "envelope"])
def test_a_job_is_read_from_a_file_with_more_said_beside_it(
    sosw: Run, world: ClientWorld, tmp_path: Path, shape: str
) -> None:
    job = {"lambda_name": "sales", "x": 1}
    path = tmp_path / "job.json"
    path.write_text(
        json.dumps({"job": job, "idempotency_key": "k"} if shape == "envelope" else job | {"idempotency_key": "k"})
    )
    ended = sosw("submit", "--job", str(path), "--attr", "y=2", "--priority", "9")

    assert ended.code == 0, ended.err
    assert world.task_of("k", 0).payload == {"x": 1, "y": 2, "priority": 9}


def test_a_job_is_read_from_stdin(sosw: Run, world: ClientWorld) -> None:
    assert sosw("submit", "sales", "--job", "-", "--key", "k", typed='{"x": 1}').code == 0
    assert world.task_of("k", 0).payload == {"x": 1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["submit"], "no labourer is named: sosw submit LABOURER, or lambda_name in the file of --job"),
        (["submit", "sales", "--attr", "x"], "--attr 'x' must be key=value"),
        (["submit", "sales", "--attr", "x=1", "--attr", "x=2"], "--attr x is given twice"),
        (["submit", "--job", "none.json"], "--job none.json cannot be read: No such file or directory"),
        (["submit", "--job", "-"], "stdin: \"{'x': 1}\" is not JSON: Expecting property name"),
        (["submit", "sales", "--timeout", "3"], "--timeout is for --wait"),
        (
            ["backfill", "sales", "--from", "2026-01-01", "--to", "2026-01-02", "--step", "weak"],
            "did you mean 'weeks'?",
        ),
        (
            ["backfill", "sales", "--from", "2026-01-01", "--to", "2026-01-02", "--attr", "period=today"],
            "period is made of",
        ),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(
    sosw: Run, world: ClientWorld, words: list[str], sentence: str
) -> None:
    ended = sosw(*words, typed="{'x': 1}")

    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert sentence in ended.err
    assert world.calls == []


def test_what_a_file_and_an_option_say_differently_is_refused(sosw: Run, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text('{"lambda_name": "sales"}')
    ended = sosw("submit", "other", "--job", str(tmp_path / "job.json"))
    assert ended.code == 2
    assert "leave one of them out" in ended.err


def test_a_file_that_is_no_text_is_refused(sosw: Run, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_bytes(b'{"a": "\xff"}')
    ended = sosw("submit", "--job", str(tmp_path / "job.json"))
    assert (ended.code, "is not UTF-8: invalid start byte at byte 7" in ended.err) == (2, True)


def test_a_refusal_is_the_schedulers_sentence_and_exit_code_1(sosw: Run) -> None:
    ended = sosw("submit", "sale")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "sosw: lambda_name: 'sale' is not a registered labourer (did you mean 'sales'?)\n"


def test_a_dry_run_tells_tasks_cost_first_and_last_and_writes_nothing(sosw: Run, world: ClientWorld) -> None:
    words = ("submit", "sales", *SHOPS, "--attr", 'shops=["a", "b"]', "--dry-run")
    ended, document = sosw(*words), sosw(*words, "--json").json
    lines = ended.out.splitlines()

    assert lines[0].startswith("2 tasks for sales, about $0.0000")
    assert lines[1:] == [
        'first {"job_schema_name": "by_shop", "isolate_shops": true, "shops": ["a"]}',
        'last  {"job_schema_name": "by_shop", "isolate_shops": true, "shops": ["b"]}',
    ]
    assert (document["dry_run"], document["tasks"], document["last"]["shops"]) == (True, 2, ["b"])
    assert world.jobs.jobs == {}


def test_a_duplicate_is_told(sosw: Run) -> None:
    sosw("submit", "sales", "--key", "k")
    assert sosw("submit", "sales", "--key", "k").out.startswith("job k was submitted before: 0 of 1 tasks closed")
    assert sosw("submit", "sales", "--key", "k", "--json").json["is_duplicate"] is True


@pytest.mark.parametrize(("is_dead", "code"), [(False, 0), (True, 4)])
def test_waiting_ends_with_a_code_that_tells_how_the_job_ended(
    sosw: Run, world: ClientWorld, *, is_dead: bool, code: int
) -> None:
    world.meanwhile = [lambda: world.end("k", 0, is_dead=is_dead), world.count]
    ended = sosw("submit", "sales", "--key", "k", "--wait", "--json")

    assert (ended.code, ended.json["is_finished"], ended.json["created_now"]) == (code, True, 1)
    assert "1 of 1 tasks closed" in ended.err


def test_a_wait_that_is_over_too_early_ends_with_3_and_what_is_open(sosw: Run) -> None:
    ended = sosw("submit", "sales", "--key", "k", "--wait", "--timeout", "2")
    assert ended.code == 3
    assert "sosw: job k is not finished after 2 s: 0 of 1 tasks closed" in ended.err
    assert "k#0 queued, due " in ended.err


def test_a_job_that_fails_ends_a_wait_with_1_and_says_why(sosw: Run, world: ClientWorld) -> None:
    job = world.client.submit("sales", idempotency_key="k")
    world.end("k", 0)
    world.count()
    world.jobs.jobs[job.id] = replace(world.jobs.jobs[job.id], state=JobState.FAILED, failed_why="its source changed")
    ended = sosw("job", "k", "--wait")

    assert ended.code == 1
    assert "state           failed\n" in ended.out
    assert "failed          its source changed\n" in ended.out


def test_a_cancelled_job_ends_a_wait_with_1(sosw: Run, world: ClientWorld) -> None:
    def stop() -> None:
        world.client.job("k").cancel(why="enough")
        world.count()

    world.meanwhile = [stop]
    assert sosw("submit", "sales", "--key", "k", "--wait").code == 1


def test_an_interrupted_wait_tells_that_the_job_goes_on(sosw: Run, world: ClientWorld) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    world.meanwhile = [stop]
    ended = sosw("submit", "sales", "--key", "k", "--wait")
    assert ended.code == 130
    assert "the job goes on: see it by `sosw job k --wait`" in ended.err


def test_what_is_advised_leads_to_the_same_environment(sosw: Run) -> None:
    ended = sosw("submit", "sales", "--key", "k", "--prefix", "trial", "--local")
    assert ended.out.endswith("follow it: sosw job k --wait --prefix trial --local\n")


@pytest.mark.parametrize(
    ("step", "payloads"),
    [
        ([], [{"date_list": ["2026-01-30"]}, {"date_list": ["2026-01-31"]}, {"date_list": ["2026-02-01"]}]),
        (["--step", "2 days"], [{"date_list": ["2026-01-30", "2026-01-31"]}, {"date_list": ["2026-02-01"]}]),
        (["--step", "month"], [{"period_from": "2026-01-30", "period_to": "2026-02-01"}]),
    ],
)
def test_a_backfill_is_a_job_of_exact_days(sosw: Run, world: ClientWorld, step: list[str], payloads: Any) -> None:
    ended = sosw("backfill", "sales", "--from", "2026-01-30", "--to", "2026-02-01", *step, "--key", "k", typed="y\n")

    assert ended.code == 0, ended.err
    assert [world.task_of("k", number).payload for number in range(len(payloads))] == payloads
    assert len(world.tasks.tasks) == len(payloads)


def test_a_backfill_shows_what_it_would_do_and_asks(sosw: Run, world: ClientWorld) -> None:
    days = ("backfill", "sales", "--from", "2026-01-01", "--to", "2026-01-31")
    no, nobody, dry = sosw(*days, typed="n\n"), sosw(*days), sosw(*days, "--dry-run")

    assert (no.code, nobody.code, dry.code) == (1, 2, 0)
    assert no.out.startswith("31 tasks for sales, about $0.000")
    assert "Submit 31 tasks for sales? [y/N]" in no.err
    assert "you said no: nothing was done" in no.err
    assert "say --yes to go on without" in nobody.err
    assert world.jobs.jobs == {}


def test_a_backfill_with_yes_and_json_is_one_document(sosw: Run, world: ClientWorld) -> None:
    ended = sosw("backfill", "sales", "--from", "2026-01-01", "--to", "2026-01-31", "--key", "k", "--yes", "--json")
    assert (ended.code, ended.json["total"], ended.err) == (0, 31, "")
    assert world.jobs.get(JobId("k")) is not None
