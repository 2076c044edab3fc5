"""Deploying as users do it, with what they do wrong; `make verify-deploy`, a step of `.ci/run`, is the whole way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from sosw.local import LocalStack, local_stack
from tests.e2e.conftest import ROOT, Deployment
from tests.e2e.conftest import run as run_command

NO_LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:none:1"
Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with local_stack(ROOT, name="deploy", enforces_rights=True) as stack:
        yield stack


@pytest.fixture
def run(stack: LocalStack) -> Run:
    return lambda *words, **variables: run_command(Deployment(stack), *words, COLUMNS="200", **variables)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], Path]:
    """A copy of the template, beside the functions, in which one text is another."""

    def edit(old: str, new: str) -> Path:
        shutil.copytree(ROOT / "essentials", tmp_path / "essentials")
        text = (ROOT / "cloudformation" / "sosw.yaml").read_text()
        assert text.count(old) == 1
        (tmp_path / "templates").mkdir()
        copy = tmp_path / "templates" / "sosw.yaml"
        copy.write_text(text.replace(old, new))
        return copy

    return edit


def status(stack: LocalStack, name: str) -> str | None:
    found = stack.client("cloudformation").describe_stacks()["Stacks"]
    return next((each["StackStatus"] for each in found if each["StackName"] == name), None)


def refused(ended: CompletedProcess[str], sentence: str, code: int = 1) -> None:
    """In one sentence, without a traceback."""
    assert sentence in ended.stderr, ended
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended


def test_without_credentials_it_says_how_to_get_them(run: Run) -> None:
    ended = run("deploy", "--dry-run", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    refused(ended, "there are no AWS credentials: set them in the environment, or name a profile in AWS_PROFILE")


def test_without_a_region_it_says_how_to_name_one(run: Run) -> None:
    refused(run("destroy", AWS_REGION="", AWS_DEFAULT_REGION=""), "no AWS region is set: set AWS_REGION, or name one")


def test_a_region_that_is_none_is_told_with_a_guess(run: Run) -> None:
    ended = run("deploy", "--dry-run", "--region", "eu-wst-1", AWS_ENDPOINT_URL="")
    refused(ended, "there is no region 'eu-wst-1': did you mean 'eu-west-1'?")


def test_parameters_are_refused_by_the_templates_own_rules(run: Run, stack: LocalStack) -> None:
    ended = run("deploy", "--prefix", "rules", "--parameter", "MemmoryMb=512", "--parameter", "LogRetentionDays=8")
    refused(ended, "parameter MemmoryMb: '512' is none of the template's (did you mean 'MemoryMb'?)", 2)
    refused(ended, "parameter LogRetentionDays: '8' must be one of 1, 3, 5,", 2)
    refused(run("deploy", "--parameter", "MemoryMb"), "--parameter 'MemoryMb' must be NAME=VALUE", 2)
    refused(run("deploy", "--prefix", "Big"), "parameter Prefix: 'Big' must be 1 to 31 of a-z 0-9 -", 2)
    assert status(stack, "rules") is None


def test_a_template_edited_to_something_that_aws_does_not_take_changes_nothing(
    run: Run, stack: LocalStack, edited: Callable[[str, str], Path]
) -> None:
    broken = edited("WakeQueue:\n    Type: AWS::SQS::Queue\n", "WakeQueue:\n    Type: AWS::SQS::Nothing\n")
    ended = run("deploy", "--prefix", "broken", "--yes", "--template", str(broken))
    refused(ended, "AWS does not take the template of stack broken, nothing was changed")
    refused(ended, "AWS::SQS::Nothing]")
    assert status(stack, "broken") is None


def test_a_template_that_is_no_yaml_is_told_with_the_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("Resources:\n  A: [\n")
    refused(run("deploy", "--template", str(tmp_path / "bad.yaml")), "is not YAML", 2)
    refused(run("deploy", "--template", str(tmp_path / "none.yaml")), "cannot be read: No such file or directory", 2)


def test_a_stack_of_somebody_else_is_left_alone(run: Run, stack: LocalStack) -> None:
    body = json.dumps({"Description": "a shop", "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    stack.client("cloudformation").create_stack(StackName="shop", TemplateBody=body)
    refused(run("deploy", "--stack", "shop", "--yes"), "stack shop is not sosw's (a shop): name another one by --stack")
    refused(run("destroy", "--stack", "shop", "--yes"), "stack shop is not sosw's (a shop): name another one")
    assert status(stack, "shop") == "CREATE_COMPLETE"


def test_what_is_not_there_cannot_be_destroyed(run: Run) -> None:
    refused(run("destroy", "--stack", "nowhere"), "there is no stack nowhere in account 000000000000, region us-east-1")


def test_a_first_deployment_that_fails_says_what_and_the_next_one_clears_up_after_it(
    run: Run, stack: LocalStack
) -> None:
    failed = run("deploy", "--prefix", "again", "--yes", "--parameter", f"Layers={NO_LAYER}")
    refused(failed, "stack again was not changed as planned: Scheduler (AWS::Lambda::Function) CREATE_FAILED: ")
    refused(failed, NO_LAYER)
    refused(failed, "It is ROLLBACK_COMPLETE: what had been made was taken back; mend the cause and deploy again")

    mended = run("deploy", "--prefix", "again", "--yes")
    assert "deleted, for its last change has failed, and created anew" in mended.stdout
    assert (mended.returncode, status(stack, "again")) == (0, "CREATE_COMPLETE"), mended


def test_an_update_that_fails_leaves_all_as_it_was(run: Run) -> None:
    assert run("deploy", "--prefix", "steady", "--yes").returncode == 0
    failed = run("deploy", "--prefix", "steady", "--yes", "--parameter", f"Layers={NO_LAYER}")

    refused(failed, "It is UPDATE_ROLLBACK_COMPLETE: all is as it was before; mend the cause and deploy again")
    assert "clean" in run("doctor", "--prefix", "steady").stdout
    refused(run("deploy", "--prefix", "steady", "--stack", "other"), "prefix steady is in use by stack steady")
    refused(run("deploy", "--prefix", "other", "--stack", "steady"), "stack steady has the prefix steady")


def test_nobody_to_be_asked_is_no_yes_and_leaves_no_half_a_stack(run: Run, stack: LocalStack) -> None:
    refused(run("deploy", "--prefix", "asked"), "nobody is here to be asked: say --yes to go on without", 2)
    assert status(stack, "asked") is None


def plan_of(ended: CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_a_plan_is_told_to_programs(run: Run) -> None:
    told = plan_of(run("deploy", "--prefix", "told", "--dry-run", "--json"))

    assert (told["deployed"], told["stack"], told["prefix"], told["way"]) == (False, "told", "told", "create")
    added = {"action": "Add", "resource": "TasksTable", "kind": "AWS::DynamoDB::Table"}
    assert {**added, "replaces": False, "may_replace": False} in told["changes"]
    assert told["parameters"]["DeletionProtection"] == {"old": None, "new": "true"}
