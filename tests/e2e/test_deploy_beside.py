"""The stacks beside sosw's own, as users deploy them, with what they do wrong: a Worker, the watch, a schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from sosw.local import LocalStack, local_stack
from tests.e2e.conftest import ROOT, Deployment
from tests.e2e.conftest import run as run_command
from tests.e2e.test_deploy import Run, plan_of, refused, status

NAME = "counting_1"
STACK = "counting-1"
JOB = {"lambda_name": NAME, "period": "yesterday", "isolate_days": True}
SECRET = """
Parameters:
  Password: { Type: String, NoEcho: true, MinLength: 8 }
Resources:
  Password:
    Type: AWS::SSM::Parameter
    Properties: { Name: password, Type: String, Value: !Ref Password }
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with local_stack(ROOT, name="beside", enforces_rights=True) as stack:
        yield stack


@pytest.fixture(scope="module")
def at(stack: LocalStack) -> Deployment:
    return Deployment(stack)


@pytest.fixture(scope="module")
def run(at: Deployment) -> Run:
    return lambda *words, **variables: run_command(at, *words, COLUMNS="200", **variables)


@pytest.fixture(scope="module")
def worker(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new Worker."""
    into = tmp_path_factory.mktemp("workers")
    assert run("new", "worker", NAME, "--into", str(into)).returncode == 0
    return into / NAME


@pytest.fixture(scope="module")
def essentials(run: Run) -> str:
    """The root stack, deployed."""
    went_well(run("deploy", "--yes"))
    return "sosw"


def went_well(ended: CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended
    return ended.stdout


def template(folder: Path, text: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "template.yaml").write_text(text)
    return str(folder)


def test_a_worker_without_its_environment_is_told_what_to_deploy_first(
    run: Run, stack: LocalStack, worker: Path
) -> None:
    ended = run("deploy", str(worker), "--prefix", "nowhere", "--yes")
    refused(ended, f"stack {STACK} stands on sosw's environment 'nowhere', which is not deployed in account")
    refused(ended, ": sosw deploy --prefix nowhere first")
    assert status(stack, STACK) is None


def test_a_path_that_names_no_template_is_told(run: Run, tmp_path: Path) -> None:
    refused(run("deploy", "nowhere"), "template nowhere: it is neither a folder nor a template: name the folder of", 2)
    refused(run("destroy", str(tmp_path)), ": there is no template.yaml in the folder: name the folder of a Worker", 2)
    refused(run("deploy", template(tmp_path / "bad", "Resources: [")), "is not YAML", 2)
    refused(run("deploy", template(tmp_path / "empty", "{}")), "has no Resources", 2)
    refused(run("deploy", template(tmp_path / "…", SECRET)), "gives no name that a stack may have", 2)
    refused(run("deploy", str(tmp_path), "--watch"), "--watch and PATH are different stacks: say one of them", 2)
    refused(run("destroy", str(tmp_path), "--delete-data"), "--delete-data is for the tables and the archive", 2)


def test_parameters_of_a_users_stack_are_checked_and_secrets_are_kept(
    run: Run, stack: LocalStack, tmp_path: Path
) -> None:
    folder = template(tmp_path / "secret", SECRET)
    refused(run("deploy", folder, "--yes"), "parameter Password: None is missing: it has no default", 2)
    refused(run("deploy", folder, "--parameter", "Passwort=1"), "did you mean 'Password'?", 2)
    refused(run("deploy", folder, "--parameter", "Password=short"), "must have 8 to 4096 characters", 2)
    twice = ("--parameter", "Password=12345678", "--parameter", "Password=87654321")
    refused(run("deploy", folder, *twice), "--parameter Password is given twice", 2)

    made = run("deploy", folder, "--yes", "--parameter", "Password=12345678")
    assert "12345678" not in went_well(made) + made.stderr
    template(tmp_path / "secret", SECRET + "  Topic: { Type: AWS::SNS::Topic }\n")
    assert "'****'" not in went_well(run("deploy", folder, "--yes"))
    assert stack.client("ssm").get_parameter(Name="password")["Parameter"]["Value"] == "12345678"
    went_well(run("destroy", folder, "--yes"))


@pytest.mark.usefixtures("essentials")
def test_a_worker_its_schedule_and_the_watch_come_work_and_go(
    run: Run, at: Deployment, worker: Path, tmp_path: Path
) -> None:
    come(run, worker, tmp_path)

    at.wait_for(lambda: any(done(job) for job in jobs(run)), patience=90)

    assert "nothing changes" in went_well(run("deploy", "--watch", "--yes"))
    names = [each["AlarmName"] for each in at.stack.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    assert "sosw-oldest" in names
    went_well(run("destroy", str(tmp_path / "nightly"), "--yes"))
    assert plan_of(run("destroy", "--dry-run", "--json"))["importers"] == [STACK]
    refused(run("destroy", "--yes"), f"stack {STACK} stands on sosw: take those away first, each by sosw destroy PATH")
    assert "stays: stack sosw-watch: its alarms will be raised" in run("destroy", "--dry-run").stdout
    said = went_well(run("destroy", str(worker), "--yes"))
    assert f"stays: labourer {NAME} in the settings" in said
    went_well(run("destroy", "--watch", "--yes"))
    refused(run("destroy", "--watch"), "there is no stack sosw-watch in account")
    assert {each: status(at.stack, each) for each in (STACK, "nightly", "sosw-watch")} == {
        STACK: None, "nightly": None, "sosw-watch": None,
    }  # fmt: skip


def come(run: Run, worker: Path, tmp_path: Path) -> None:
    """A Worker with its labourer, a schedule for it, and the watch."""
    deployed = went_well(run("deploy", str(worker), "--yes"))
    steps = [f"  sosw apply --add {worker}/labourers.yaml", f"  sosw submit --job {worker}/job.json --wait"]
    assert "\n".join(["next:", *steps]) in deployed
    assert "nothing changes" in went_well(run("deploy", str(worker), "--yes"))
    went_well(run("apply", "--add", str(worker / "labourers.yaml"), "--yes"))
    (tmp_path / "job.json").write_text(json.dumps(JOB))
    words = ("--job", str(tmp_path / "job.json"), "--cron", "* * * * ? *", "--into", str(tmp_path))
    assert f"sosw deploy {tmp_path}/nightly" in went_well(run("new", "schedule", "nightly", *words))
    went_well(run("deploy", str(tmp_path / "nightly"), "--yes"))
    watched = went_well(run("deploy", "--watch", "--yes", "--parameter", "DeadTasks=5"))
    assert "DashboardUrl: https://" in watched


def jobs(run: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(went_well(run("jobs", "--json")))["jobs"]
    return found


def done(job: dict[str, object]) -> bool:
    return str(job["job_id"]).startswith("nightly.") and job["done"] == 1


@pytest.mark.usefixtures("essentials")
def test_a_stack_that_came_from_something_else_is_left_alone(
    run: Run, stack: LocalStack, worker: Path, tmp_path: Path
) -> None:
    went_well(run("deploy", str(worker), "--yes"))
    for words in (
        (template(tmp_path / "other", SECRET), "--stack", STACK, "--parameter", "Password=12345678"),
        (str(worker), "--stack", "sosw"),
    ):
        refused(run("deploy", *words, "--yes"), "came from something else")
        refused(run("destroy", *words[:3], "--yes"), "came from something else")
    for own in ((), ("--watch",)):
        refused(run("deploy", *own, "--stack", STACK, "--yes"), f"stack {STACK} is n")
        refused(run("destroy", *own, "--stack", STACK, "--yes", "--force"), f"stack {STACK} is n")
    refused(run("deploy", str(worker), "--prefix", "blue", "--yes"), f"stack {STACK} has the prefix sosw")
    assert status(stack, STACK) == "CREATE_COMPLETE"


@pytest.mark.usefixtures("essentials")
def test_another_workers_stack_is_not_taken_by_yes_alone(run: Run, stack: LocalStack, worker: Path) -> None:
    went_well(run("deploy", str(worker), "--yes"))
    assert run("new", "worker", "other", "--into", str(worker.parent)).returncode == 0
    other = str(worker.parent / "other")
    ended = run("deploy", other, "--stack", STACK, "--yes")

    assert "! Worker (AWS::Lambda::Function) is replaced" in ended.stdout
    refused(ended, "Worker (AWS::Lambda::Function) is replaced, and --yes does not stand for that: say --replace as")
    assert plan_of(run("deploy", other, "--stack", STACK, "--dry-run", "--json"))["lost"] == ["Worker"]
    refused(run("destroy", other, "--stack", STACK, "--yes"), f"stack {STACK} is of {NAME}, and ")
    functions = [each["FunctionName"] for each in stack.client("lambda").list_functions()["Functions"]]
    assert (NAME in functions, "other" in functions) == (True, False)


@pytest.mark.usefixtures("essentials")
def test_a_worker_with_waiting_tasks_goes_by_force_alone(run: Run, stack: LocalStack, worker: Path) -> None:
    went_well(run("deploy", str(worker), "--yes"))
    went_well(run("apply", "--add", str(worker / "labourers.yaml"), "--yes"))
    went_well(
        run("submit", "--job", str(worker / "job.json"), "--key", "later", "--not-before", "2099-01-01T00:00:00Z")
    )
    ended = run("destroy", str(worker), "--yes")
    refused(ended, f"labourer {NAME} has 0 running and 3 waiting tasks, such as later#0: let it end, or cancel")
    assert status(stack, STACK) == "CREATE_COMPLETE"

    told = plan_of(run("destroy", str(worker), "--yes", "--force", "--json"))
    assert (told["destroyed"], status(stack, STACK)) == (True, None)


@pytest.mark.usefixtures("essentials")
def test_the_path_of_sosws_own_template_is_the_root_deployment(run: Run) -> None:
    path = str(ROOT / "cloudformation" / "sosw.yaml")
    assert "stack sosw in account 000000000000, region us-east-1: nothing changes" in went_well(run("deploy", path))
