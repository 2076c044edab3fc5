"""A deployment is planned, then carried out; what fails is told with how it stands."""

from __future__ import annotations

import io
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sosw.cli import show_deploy
from sosw.deploy import Deployment, DeployPlan, packing
from sosw.deploy.errors import ChangeFailed, NameClash
from sosw.domain.errors import InvalidInput
from sosw.domain.schema import SCHEMA_CONFIG, TablesTooNew
from sosw.domain.stacks import EventFacts, StackBlocked, StackFacts, Way
from tests.unit.deploy.cloud import SHOP, TEMPLATE, Cloud, event, sosw

DONE = sosw("UPDATE_COMPLETE")


def plan(cloud: Cloud, **parameters: str) -> DeployPlan:
    return deployment(cloud).plan(cloud.wanted(**parameters))


def deployment(cloud: Cloud) -> Deployment:
    return Deployment(cloud.site, root=cloud.folder)


def test_a_first_deployment_creates_and_notes_the_version_of_the_tables(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    planned = plan(cloud)
    assert (planned.way, planned.takes_over, planned.schema) == (Way.CREATE, (), None)
    assert cloud.stacks.proposed["creates"] is True

    cloud.stacks.ends = [sosw()]
    assert deployment(cloud).carry_out(planned).status == "CREATE_COMPLETE"
    assert deployment(cloud).note(planned) == ""
    assert cloud.stacks.done == ["propose sosw", "carry out sosw"]
    assert cloud.world.stored.stored[SCHEMA_CONFIG] == {"version": 1}


def test_parameters_that_are_not_given_stay_as_they_are(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, sosw(parameters={"Prefix": "sosw", "Days": "3", "Gone": "1"}))

    assert (plan(cloud).parameters, plan(cloud).new_parameters) == ({"Prefix": "sosw", "Days": "3"}, {})
    assert plan(cloud, Days="5").new_parameters == {"Days": ("3", "5")}
    with pytest.raises(InvalidInput, match="parameter Days: '10' must be from 1 to 9"):
        plan(cloud, Days="10")


def test_tables_that_were_kept_are_taken_over_under_names_that_are_spelt_out(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.keep()
    planned = plan(cloud)

    assert len(planned.takes_over) == 6
    assert cloud.stacks.proposed["takes_over"] is True
    assert '"TableName":"sosw-tasks"' in planned.template
    assert planned.schema is not None


@pytest.mark.parametrize(("rule", "spelt"), [("${Prefix}-${Days}", '"sosw-7"'), ("${Prefix}-${Q.Arn}", '{"Fn::Sub":')])
def test_names_of_what_is_taken_over_are_spelt_out_with_all_parameters_or_left(
    tmp_path: Path, rule: str, spelt: str
) -> None:
    cloud = Cloud(tmp_path)
    cloud.keep()
    cloud.template.write_text(TEMPLATE.replace('"${Prefix}-tasks"', f'"{rule}"'))

    assert f'"TableName":{spelt}' in plan(cloud).template


def test_tables_of_a_newer_sosw_are_not_deployed_over(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, sosw())
    cloud.keep()
    cloud.world.stored.stored[SCHEMA_CONFIG] = {"version": 99}

    with pytest.raises(TablesTooNew):
        plan(cloud)
    assert cloud.stacks.done == []


def test_what_is_left_of_a_failed_stack_is_deleted_before_it_is_proposed_anew(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, sosw("ROLLBACK_COMPLETE", reason="no rights"))
    planned = plan(cloud)
    assert (planned.way, planned.changes, cloud.stacks.done) == (Way.ANEW, None, [])

    cloud.stacks.ends = [None, sosw()]
    deployment(cloud).carry_out(planned)
    assert cloud.stacks.done == ["delete sosw", "propose sosw", "carry out sosw"]
    assert cloud.stacks.proposed["creates"] is True


@pytest.mark.parametrize("refusal", [None, KeyboardInterrupt()])
def test_a_template_too_large_to_be_sent_lies_in_the_bucket_until_it_is_read(
    tmp_path: Path, refusal: BaseException | None
) -> None:
    cloud = Cloud(tmp_path)
    cloud.template.write_text(cloud.template.read_text() + f"Description: {'x' * 52_000}\n")
    cloud.stacks.refusal = refusal
    with pytest.raises(KeyboardInterrupt) if refusal else nullcontext():
        plan(cloud)

    (bucket,) = cloud.belongings.buckets
    assert str(cloud.stacks.proposed["template"]).startswith(f"{{'TemplateURL': 'https://s3/{bucket}/sosw-")
    assert cloud.belongings.buckets[bucket] == {}


FAILED = [
    event("Queue", "UPDATE_FAILED", "Resource update cancelled"),
    event("Role", "UPDATE_FAILED", "the credentials may not iam:PutRolePolicy"),
    event("Other", "UPDATE_FAILED", "also"),
    event("sosw", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed"),
]


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "all is as it was before"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name sosw"),
        ("ROLLBACK_COMPLETE", "deploy again, which removes the rest first"),
        ("DELETE_FAILED", "try again: what is left of it is removed first"),
    ],
)
def test_a_failure_is_told_by_its_first_cause_with_how_it_stands_and_the_next_step(
    tmp_path: Path, status: str, step: str
) -> None:
    cloud = Cloud(tmp_path, sosw())
    planned = plan(cloud)
    cloud.stacks.ends, cloud.stacks.news = [sosw(status)], [FAILED]
    told: list[EventFacts] = []

    with pytest.raises(ChangeFailed) as failed:
        deployment(cloud).carry_out(planned, told.append)
    assert "Role (AWS::X::Y) UPDATE_FAILED: the credentials may not iam:PutRolePolicy" in str(failed.value)
    assert f"It is {status}: " in str(failed.value)
    assert step in str(failed.value)
    assert told[1:-1] == FAILED


def test_what_aws_refuses_as_a_whole_is_told_by_what_its_check_has_found(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, sosw())
    planned = plan(cloud)
    cloud.stacks.ends, cloud.stacks.validation = [sosw("UPDATE_ROLLBACK_COMPLETE")], "Bucket: already exists"

    with pytest.raises(ChangeFailed, match="Bucket: already exists"):
        deployment(cloud).carry_out(planned)


def test_a_stack_that_is_gone_amid_its_deployment_is_told(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, sosw())
    planned = plan(cloud)
    cloud.stacks.ends = [None]

    with pytest.raises(ChangeFailed, match="It is gone: nothing is left of it"):
        deployment(cloud).carry_out(planned)


@pytest.mark.parametrize(
    ("stack", "error", "said"),
    [
        (sosw(description="a shop"), NameClash, r"not sosw's \(a shop\): name another one by --stack"),
        (sosw(parameters={"Prefix": "prod"}), NameClash, "has the prefix prod: another one would replace every table"),
        (sosw("UPDATE_IN_PROGRESS"), StackBlocked, "wait until that has ended"),
    ],
)
def test_what_is_somebody_elses_is_not_touched(
    tmp_path: Path, stack: StackFacts, error: type[Exception], said: str
) -> None:
    cloud = Cloud(tmp_path, stack)
    cloud.stacks.made_of = SHOP if stack.description else TEMPLATE

    with pytest.raises(error, match=said):
        plan(cloud)
    assert cloud.stacks.done == []


def test_a_prefix_that_another_stack_has_is_refused(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.stacks.exports["sosw-SchedulerArn"] = "elsewhere"

    with pytest.raises(NameClash, match="prefix sosw is in use by stack elsewhere: say --stack elsewhere"):
        plan(cloud)


def test_a_plan_without_changes_is_empty_and_forgotten(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, DONE)
    cloud.stacks.changes = []
    planned = plan(cloud)
    deployment(cloud).forget(planned)

    assert (planned.is_empty, cloud.stacks.done) == (True, ["propose sosw", "forget sosw"])


def test_a_change_that_could_not_be_begun_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(tmp_path)
    planned = plan(cloud)

    def interrupted(_stack: str, _change_set: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cloud.stacks, "carry_out", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deployment(cloud).carry_out(planned)
    assert cloud.stacks.done == ["propose sosw", "forget sosw"]


def test_a_version_that_was_not_noted_is_noted_by_the_next_deployment(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, DONE)
    cloud.keep()
    cloud.stacks.changes = []
    planned = plan(cloud)
    assert planned.schema is not None
    assert not planned.schema.is_noted

    assert deployment(cloud).note(planned) == ""
    assert cloud.world.stored.stored[SCHEMA_CONFIG] == {"version": 1}


def test_a_version_that_cannot_be_noted_is_told_and_spoils_nothing(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    planned = plan(cloud)
    cloud.world.stored.stored[SCHEMA_CONFIG] = {"version": 99}

    assert "the version of the tables could not be noted (" in deployment(cloud).note(planned)


def test_tables_that_are_taken_over_are_told_where_they_are_other_than_the_template(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.keep()
    assert plan(cloud).differs == ()
    found = cloud.world.inspector.tables["sosw-tasks"]
    cloud.world.inspector.tables["sosw-tasks"] = replace(found, indexes={})

    assert any("table sosw-tasks lacks the index queue" in said for said in plan(cloud).differs)
    cloud.stacks.stack = sosw()
    assert plan(cloud).differs == ()


@pytest.mark.parametrize(
    ("own", "there", "completed"), [(None, False, True), (None, True, False), ("mine", False, False)]
)
def test_our_own_bucket_is_completed_before_something_is_put_into_it(
    tmp_path: Path, own: str | None, *, there: bool, completed: bool
) -> None:
    cloud, wanted = Cloud(tmp_path, sosw()), replace(Cloud(tmp_path).wanted(), bucket=own)
    bucket = own or "sosw-packages-123456789012-eu-west-1"
    cloud.belongings.buckets[bucket] = {"a.zip": b""} if there else {}
    planned = replace(deployment(cloud).plan(wanted), uploads={"a.zip": b"1"})
    cloud.stacks.ends = [DONE]
    deployment(cloud).carry_out(planned)

    assert cloud.belongings.completed == [bucket] * completed
    assert cloud.belongings.buckets[bucket] == {"a.zip": b"" if there else b"1"}


def test_a_plan_says_that_modules_are_not_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(tmp_path)
    (tmp_path / "code").mkdir()
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as made:
        made.writestr("app.py", "print(1)")
    function = "{ Type: AWS::Serverless::Function, Properties: { CodeUri: code, Runtime: python3.13 } }"
    cloud.template.write_text(TEMPLATE.replace("Resources:", f"Resources:\n  F: {function}"))
    monkeypatch.setattr(packing, "find_python", lambda _root, _minor: None)
    monkeypatch.setattr(packing, "build_package", lambda _root, _folder, _target: tmp_path / "made.zip")
    planned = plan(cloud)

    shown = io.StringIO()
    show_deploy.plan(Console(file=shown), planned)
    (line,) = (line for line in shown.getvalue().splitlines() if "no Python 3.13 was found here" in line)
    assert planned.to_json()["notes"] == [line.strip()]
