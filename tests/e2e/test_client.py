"""The client and the command `sosw`, as people and scripts use them, and schedules: on the deployed templates."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.client import JobRefused, JobStillOpen
from sosw.domain.job import JobState
from tests.e2e.conftest import ROOT, run
from tests.unit.docs import markdown as md

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

SHOPS = ("--attr", "job_schema_name=by_shop", "--attr", "isolate_shops=true")
BY_SHOP: dict[str, Any] = {"job_schema_name": "by_shop", "isolate_shops": True}


def test_a_job_is_submitted_waited_for_and_its_results_read(client: Client) -> None:
    job = client.submit("obedient", **BY_SHOP, shops=["a", "b", "c"], data="x")
    status = job.wait(timeout=60)
    results = list(job.results())

    assert (status.done, status.dead, status.total) == (3, 0, 3)
    assert [(each.number, each.payload["shops"]) for each in results] == [(0, ["a"]), (1, ["b"]), (2, ["c"])]
    assert [each.result for each in results] == [{"payload": {"data": "x"}, "attempt": 1}] * 3
    assert job.status(count=True).done == 3


def test_dead_tasks_tell_why(client: Client) -> None:
    job = client.submit("obedient", plan=["raise"])
    status = job.wait(timeout=60)
    (dead,) = job.failures()

    assert (status.dead, status.failed) == (1, 3)
    assert [failure.message for failure in dead.failures] == [f"attempt {n} was told to raise" for n in (1, 2, 3)]


def test_a_cancelled_job_ends(client: Client) -> None:
    later = datetime.now(timezone.utc) + timedelta(days=1)
    job = client.submit("obedient", not_before=later, idempotency_key="client-cancelled")
    with pytest.raises(JobStillOpen, match="client-cancelled#0 queued, due "):
        job.wait(timeout=1)
    job.cancel(why="a test", by="tests")
    status = job.wait(timeout=60)

    assert (status.state, status.cancelled, status.cancelled_why) == (JobState.CANCELLED, 1, "a test")
    assert "client-cancelled" in [each.id for each in client.jobs(100)]


def test_a_refusal_is_the_schedulers_sentence(client: Client) -> None:
    with pytest.raises(
        JobRefused, match=r"^lambda_name: 'obediant' is not a registered labourer \(did you mean 'obedient'\?\)$"
    ):
        client.submit("obediant")


def test_a_dry_run_writes_nothing(client: Client) -> None:
    found = client.dry_run("obedient", **BY_SHOP, shops=["a", "b"], idempotency_key="client-dry")

    assert (found.tasks, found.last) == (2, {**BY_SHOP, "shops": ["b"]})
    assert "client-dry" not in [job.id for job in client.jobs(100)]


def test_the_python_of_the_page_runs(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = md.blocks(ROOT / "docs" / "howto" / "submit-jobs.md", "python")
    exec(block.text.replace("flight-delays", "obedient"), {"client": client})  # noqa: S102  (what a reader copies)
    said = capsys.readouterr().out.splitlines()

    assert said[0] == "7 of 7 done, 0 dead"
    assert [line.split()[0] for line in said[1:]] == list("0123456")


def test_the_command_submits_waits_and_prints_results(deployment: Deployment) -> None:
    words = ("submit", "obedient", *SHOPS, "--attr", 'shops=["a", "b"]', "--key", "cli-one", "--wait", "--json")
    ended = run(deployment, *words)
    said = json.loads(ended.stdout)
    results = json.loads(run(deployment, "job", "cli-one", "--results", "--json").stdout)["results"]

    assert (ended.returncode, said["done"], said["is_finished"]) == (0, 2, True)
    assert "2 of 2 tasks closed (2 done, 0 dead)" in ended.stderr
    assert [(each["number"], each["payload"]["shops"]) for each in results] == [(0, ["a"]), (1, ["b"])]


def test_the_command_reads_a_job_from_a_pipe_and_tells_dead_tasks_by_its_code(deployment: Deployment) -> None:
    job = json.dumps({"lambda_name": "obedient", "plan": ["raise"]})
    ended = run(deployment, "submit", "--job", "-", "--key", "cli-dead", "--wait", typed=job)
    shown = run(deployment, "job", "cli-dead", "--failures").stdout

    assert ended.returncode == 4
    assert "attempt 3 was told to raise" in shown


def test_the_command_previews_and_cancels(deployment: Deployment) -> None:
    run(deployment, "submit", "obedient", "--not-before", "2100-01-01T00:00:00Z", "--key", "cli-cancelled")
    timed_out = run(deployment, "job", "cli-cancelled", "--wait", "--timeout", "1")
    unsure = run(deployment, "cancel", "cli-cancelled", "--why", "a test")
    sure = run(deployment, "cancel", "cli-cancelled", "--why", "a test", "--yes", "--json")

    assert (timed_out.returncode, unsure.returncode, sure.returncode) == (3, 2, 0)
    assert "Cancel it, with 1 task open?" in unsure.stderr
    assert json.loads(sure.stdout)["state"] == "cancelled"


def test_the_command_backfills_after_a_look_at_what_it_would_do(deployment: Deployment) -> None:
    days = ("backfill", "obedient", "--from", "2026-01-01", "--to", "2026-01-03", "--key", "cli-backfill")
    dry = run(deployment, *days, "--dry-run", "--json")
    done = run(deployment, *days, "--wait", typed="y\n")
    listed = json.loads(run(deployment, "jobs", "--json").stdout)["jobs"]

    assert json.loads(dry.stdout)["tasks"] == 3
    assert (done.returncode, done.stdout.splitlines()[0].startswith("3 tasks for obedient, about $")) == (0, True)
    assert [(job["total"], job["done"]) for job in listed if job["job_id"] == "cli-backfill"] == [(3, 3)]


@pytest.mark.parametrize(
    ("words", "variables", "sentence"),
    [
        (("submit", "obediant"), {}, "lambda_name: 'obediant' is not a registered labourer (did you mean 'obedient'?)"),
        (("job", "cli-no-such-job"), {}, "there is no job 'cli-no-such-job'"),
        (("submit", "obedient", "--prefix", "other"), {}, "there is no environment 'other' in account 0000"),
        (("jobs", "--prefix", "sossw"), {}, "there is no environment 'sossw' in account 0000"),
        (("doctor", "--prefix", "sossw"), {}, "did you mean 'sosw'? Name another --prefix or --region"),
        (("jobs",), {"AWS_ACCESS_KEY_ID": ""}, "there are no valid AWS credentials"),
        (("submit", "obedient"), {"AWS_ACCESS_KEY_ID": ""}, "there are no AWS credentials"),
        (("jobs",), {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        (("submit", "obedient"), {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        (("submit", "obedient"), {"AWS_PROFILE": "nobodys"}, "The config profile (nobodys) could not be found"),
        (("jobs", "--endpoint", "http://127.0.0.1:9"), {}, "Could not connect to the endpoint"),
    ],
)
def test_a_mistake_is_one_sentence_without_a_traceback(
    deployment: Deployment, words: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    ended = run(deployment, *words, **variables)

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended.stderr
    assert sentence in ended.stderr


@pytest.mark.parametrize("kind", ["at", "rate"])
def test_a_schedule_submits_its_job_under_a_key_of_its_time(deployment: Deployment, client: Client, kind: str) -> None:
    soon = datetime.now(timezone.utc) + timedelta(seconds=2)
    expression = f"at({soon:%Y-%m-%dT%H:%M:%S})" if kind == "at" else "rate(1 minute)"
    job = {"lambda_name": "obedient", "data": "<aws.scheduler.scheduled-time>"}
    parameters = {"Name": f"{kind}-test", "Schedule": expression, "Job": json.dumps(job)}
    deployment.stack.deploy(ROOT / "cloudformation" / "schedule.yaml", f"schedule-{kind}", parameters)
    found = _first_job_of(client, f"{kind}-test.", within=180)
    status = client.job(found).wait(timeout=120)
    (result,) = client.job(found).results()

    assert (status.done, result.result["payload"]) == (1, {"data": found.partition(".")[2]})
    assert status.submitted_by.endswith(f":schedule/default/sosw-{kind}-test")
    assert status.source_event is not None
    assert status.source_event["time"] == found.partition(".")[2]
    assert kind == "rate" or found == f"at-test.{soon:%Y-%m-%dT%H:%M:%SZ}"
    deployment.stack.deploy(
        ROOT / "cloudformation" / "schedule.yaml", f"schedule-{kind}", parameters | {"State": "DISABLED"}
    )


def _first_job_of(client: Client, begin: str, *, within: float) -> str:
    deadline = time.monotonic() + within
    while not (found := [job.id for job in client.jobs(20) if job.id.startswith(begin)]):
        assert time.monotonic() < deadline, f"no job {begin}… after {within} s"
        time.sleep(0.5)
    return found[-1]
