"""The doctor on the deployed templates: clean after a job has run, and finds what a test breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.client import Service
from sosw.domain import job as moves
from sosw.domain import lifecycle
from sosw.domain.job import Job
from sosw.domain.moments import EPOCH
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.settings import ESSENTIAL_CONFIG
from sosw.testing import DictConfigSource
from tests.e2e.conftest import CONFIG, ROOT, run
from tests.unit.docs import markdown as md

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.e2e.conftest import Deployment

LEFT = JobId("doctor-left")


@pytest.fixture
def healthy(client: Client) -> Client:
    """A client that sees the settings without those that are mistaken on purpose. Those stored stay as they are."""
    del client  # it brings the credentials
    labourers: dict[str, Any] = CONFIG["task_config"]["labourers"]  # type: ignore[index]
    config = {**CONFIG, "task_config": {"labourers": {"obedient": labourers["obedient"]}}}
    service = Service.on_aws("sosw", region=None, endpoint=None)
    return Client(service=replace(service, config=DictConfigSource({ESSENTIAL_CONFIG: config})))


def test_a_deployment_is_clean_after_a_job_ran(client: Client, healthy: Client) -> None:
    client.submit("obedient", idempotency_key="doctor-ran").wait(timeout=60)
    found = healthy.doctor("doctor-ran")

    assert (found.findings, found.unseen, found.is_clean) == ((), (), True)
    assert {what: found.looked_at[what] for what in ("tables", "rules", "feeds", "permissions", "jobs", "tasks")} == {
        "tables": 5, "rules": 2, "feeds": 2, "permissions": 12, "jobs": 1, "tasks": 1,
    }  # fmt: skip


@pytest.fixture
def disabled(deployment: Deployment) -> Iterator[str]:
    """The Scavenger's minute rule, disabled until the test has ended."""
    events, scavenger = deployment.stack.client("events"), deployment.names.scavenger
    found = deployment.stack.client("lambda").get_function_configuration(FunctionName=scavenger)
    (rule,) = events.list_rule_names_by_target(TargetArn=found["FunctionArn"])["RuleNames"]
    events.disable_rule(Name=rule)
    yield rule
    events.enable_rule(Name=rule)


@pytest.fixture
def left(deployment: Deployment, client: Client) -> Iterator[None]:
    """A waiting task of a labourer that was declared once."""
    now: datetime = client._service.clock.now()
    labourer = LabourerName("left")
    job = deployment.jobs.open(Job(id=LEFT, labourer=labourer, submitted_at=now, held_until=now, body="{}"))
    deployment.jobs.apply(moves.ready(job, total=1))
    task = Task(id=TaskId(f"{LEFT}#0"), job_id=LEFT, labourer=labourer, payload={}, created_at=now, greenfield=now)
    deployment.tasks.create([lifecycle.queued(task, tag=1)])
    yield
    deployment.tasks.apply(lifecycle.cancel(task.id, now=now, retention=now - EPOCH))


@pytest.mark.usefixtures("left")
def test_a_disabled_rule_a_missing_function_and_an_undeclared_labourer_are_found(
    deployment: Deployment, disabled: str
) -> None:
    ended = run(deployment, "doctor", "--job", LEFT, COLUMNS="200")

    assert (ended.returncode, ended.stderr) == (5, ""), ended.stdout
    assert f"rules: the minute rule of sosw-scavenger, {disabled}, is disabled\n" in ended.stdout
    assert f"    → aws events enable-rule --name {disabled}\n" in ended.stdout
    assert "labourers: labourer left has tasks that wait, and is not declared\n" in ended.stdout
    assert "labourers: labourer absent has no function absent\n" in ended.stdout
    assert "settings: the stored configuration has a mistake: task_config.labourers.mistaken" in ended.stdout
    told = [line for line in ended.stdout.splitlines() if line and not line.startswith(" ")]
    *findings, end = [line for line in told if "labourer foreign-" not in line]  # deployed by another module, or not
    assert (len(findings), "findings; looked at " in end) == (4, True), ended.stdout


def test_totals_of_a_labourer_follow_what_ran(deployment: Deployment, client: Client) -> None:
    before = client.labourer("obedient").totals
    client.submit("obedient", idempotency_key="doctor-counted").wait(timeout=60)

    deployment.wait_for(lambda: client.labourer("obedient").totals.done > before.done)
    after = client.labourer("obedient").totals
    assert (after.created, after.started, after.done) == (before.created + 1, before.started + 1, before.done + 1)
    assert "obedient" in run(deployment, "labourers", COLUMNS="80").stdout.partition("in all")[2]


def test_the_python_of_the_page_runs(healthy: Client, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = md.blocks(ROOT / "docs" / "howto" / "doctor.md", "python")
    exec(block.text.partition("\n\n")[2].replace("Client()", "client"), {"client": healthy})  # noqa: S102  (what a reader copies)
    assert capsys.readouterr().out.splitlines()[-1].split()[1] == "0"
