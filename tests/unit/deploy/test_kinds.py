"""Stacks of the user's, and the watch: whose is what, which environment it is of, what goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sosw.deploy import Demolition, Deployment, own_stack, watch_stack
from sosw.deploy.errors import NoSuchStack, NotExported, StillInUse, WouldBeLost
from sosw.domain.stacks import Way
from sosw.local.errors import TemplateInvalid
from tests.factories import LABOURER
from tests.unit.deploy.cloud import sosw
from tests.unit.deploy.workers import GONE, HAS, WORKER, Clouds, at, plan, stack


def test_a_stack_is_named_after_its_folder_or_its_file(folder: Path, clouds: Clouds) -> None:
    other = folder / "nightly.yaml"
    other.write_text(WORKER)
    site = clouds().site

    assert (at(folder).name(site), at(other).name(site)) == ("sales-2", "nightly")
    odd = folder.parent / "…"
    folder.rename(odd)
    with pytest.raises(TemplateInvalid, match="gives no name that a stack may have: name it by --stack"):
        at(odd).name(site)


def test_an_environment_that_nobody_names_is_that_of_before_or_the_templates(folder: Path, clouds: Clouds) -> None:
    assert plan(clouds(), at(folder)).prefix == "blue"
    assert plan(clouds(), at(folder, "sosw", is_said=True)).prefix == "sosw"
    assert plan(clouds(stack(Prefix="sosw")), at(folder, "other")).prefix == "sosw"
    (folder / "template.yaml").write_text(WORKER.replace("{ Type: String, Default: blue }", "{ Type: String }"))
    assert plan(clouds(), at(folder, "sosw")).prefix == "sosw"


def test_what_was_said_once_stays_and_what_never_was_follows_the_template(folder: Path, clouds: Clouds) -> None:
    (folder / "template.yaml").write_text(WORKER.replace("sales }", "orders }"))

    assert plan(clouds(stack()), at(folder)).new_parameters == {"Name": ("sales", "orders"), "Secret": (None, "****")}
    assert plan(clouds(stack(Name="said")), at(folder)).parameters["Name"] == "said"


def test_a_secret_stays_as_it_is_and_is_never_shown(folder: Path, clouds: Clouds) -> None:
    cloud = clouds(stack(Secret="****"))
    assert plan(cloud, at(folder)).new_parameters == {}
    assert cloud.stacks.proposed["parameters"] == {"Prefix": None, "Name": None, "Secret": None}

    told = plan(cloud, at(folder), Secret="hunter2")
    assert told.new_parameters == {"Secret": ("****", "****")}
    assert "hunter2" not in str(told.to_json())
    assert cloud.stacks.proposed["parameters"] == {"Prefix": None, "Name": None, "Secret": "hunter2"}


def test_an_environment_that_is_not_deployed_is_told_before_anything_is_sent(folder: Path, clouds: Clouds) -> None:
    cloud = clouds()
    cloud.stacks.exports = {}
    said = r"stack sales-2 stands on sosw's environment 'blue', which is not deployed .*: sosw deploy --prefix blue f"
    with pytest.raises(NotExported, match=said):
        plan(cloud, at(folder))
    cloud.stacks.exports = {"blue-SchedulerArn": "blue"}
    with pytest.raises(NotExported, match="'blue', which does not export blue-WorkerAssistantArn as it is deployed in"):
        plan(cloud, at(folder))
    assert (cloud.stacks.done, cloud.belongings.buckets) == ([], {})


@pytest.mark.parametrize(
    ("imported", "said"),
    [
        ("!ImportValue net-Vpc", "imports net-Vpc, which no stack exports .*: deploy the one that exports it"),
        ('{ Fn::ImportValue: !Sub "${AWS::Region}-Vpc" }', "imports eu-west-1-Vpc"),
        ("{ Fn::ImportValue: !Ref Name }", "imports sales"),
        ("!If [Never, !ImportValue net-Vpc, none]", None),
        ('{ Fn::ImportValue: !Sub "${Other.Arn}" }', None),
        ("!ImportValue net-Vpc }\n    Condition: Never #", None),
        ("{ Fn::ImportValue: !Ref Net }", None),
        ("{ Fn::ImportValue: !Ref Secret }", None),
    ],
)
def test_other_imports_are_looked_for_as_far_as_they_can_be_told(
    folder: Path, clouds: Clouds, imported: str, said: str | None
) -> None:
    net = "  Net: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /net/export }\nResources:"
    text = WORKER.replace("Resources:", net) + f"    Properties: {{ LogGroupName: {imported} }}\n"
    (folder / "template.yaml").write_text(text)
    cloud = clouds(stack(Secret="****"))
    if said is None:
        assert plan(cloud, at(folder)).way is Way.UPDATE
        return
    with pytest.raises(NotExported, match=said):
        plan(cloud, at(folder))


def test_nothing_is_lost_by_who_is_not_asked_and_has_not_said_so(folder: Path, clouds: Clouds) -> None:
    cloud = clouds(stack())
    cloud.stacks.changes = [GONE]
    planned, deployment = plan(cloud, at(folder)), Deployment(cloud.site)

    with pytest.raises(WouldBeLost, match=r"Worker \(AWS::Lambda::Function\) is replaced, and --yes does not stand"):
        deployment.refuse(planned, is_sure=True, replaces=False)
    deployment.refuse(planned, is_sure=True, replaces=True)
    deployment.refuse(planned, is_sure=False, replaces=False)
    assert planned.to_json()["lost"] == ["Worker"]


def test_a_workers_stack_stays_while_tasks_of_it_wait(folder: Path, clouds: Clouds) -> None:
    cloud = clouds(stack())
    cloud.stacks.stack = sosw(name="sales-2", parameters={"Prefix": "sosw"})
    cloud.keep()
    cloud.world.client.submit(LABOURER, idempotency_key="waits")
    demolition, kind = Demolition(cloud.site), at(folder)
    planned = demolition.plan(kind)

    with pytest.raises(StillInUse, match="has 0 running and 1 waiting tasks, such as waits#0"):
        demolition.refuse(planned, force=False)
    demolition.refuse(planned, force=True)
    assert planned.data.names == ()
    assert planned.remains == (
        "Logs (AWS::Logs::LogGroup): /logs, as its template says",
        f"labourer {LABOURER} in the settings, until sosw apply takes a file without it",
    )
    cloud.stacks.has = HAS[1:]
    assert demolition.plan(kind).unfinished == ()


def test_where_the_environment_is_gone_its_worker_goes_too(folder: Path, clouds: Clouds) -> None:
    cloud = clouds(stack())
    cloud.stacks.stack = sosw(name="sales-2", parameters={"Prefix": "sosw"})

    assert Demolition(cloud.site).plan(at(folder)).unfinished == ()


def test_the_watch_stands_beside_the_root_stack_and_tells_when_that_goes(clouds: Clouds) -> None:
    cloud = clouds()
    assert watch_stack("blue", is_said=True).name(cloud.site) == "blue-watch"
    cloud.stacks.exports["green-SchedulerArn"] = "essentials"
    assert watch_stack("green", is_said=True).name(cloud.site) == "essentials-watch"
    with pytest.raises(NoSuchStack, match="no stack blue-watch"):
        Demolition(cloud.site).plan(watch_stack("blue", is_said=True))

    root = own_stack("blue", is_said=True)
    cloud.stacks.stack = sosw(name="blue-watch", parameters={"Prefix": "blue"})
    (said,) = root.remains(cloud.site, "blue", sosw(name="blue"), {})
    assert "stack blue-watch: its alarms will be raised" in said
    assert "sosw destroy --watch --stack blue-watch" in said


def test_what_comes_next_is_told_with_the_files_that_are_there(folder: Path) -> None:
    assert at(folder).next_steps() == ["sosw doctor"]
    (folder / "labourers.yaml").touch()
    (folder / "job.json").touch()
    assert at(folder).next_steps() == [
        f"sosw apply --add {folder}/labourers.yaml", f"sosw submit --job {folder}/job.json --wait",
    ]  # fmt: skip
    assert "sosw deploy --watch" in own_stack("sosw", is_said=False).next_steps()
