"""Stacks of the user's, and the watch: whose is what, which environment it is of, what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sosw.deploy import Demolition, Deployment, DeployPlan, Kind, Wanted, own_stack, stack_at, watch_stack
from sosw.deploy.errors import NameClash, NoSuchStack, NotExported, StillInUse, WouldBeLost
from sosw.domain.errors import InvalidInput
from sosw.domain.stacks import ChangeFacts, ResourceFacts, StackFacts, Way
from sosw.local.errors import TemplateInvalid
from tests.factories import LABOURER
from tests.unit.deploy.cloud import SHOP, TEMPLATE, Cloud, sosw

WORKER = """
Parameters:
  Prefix: { Type: String, Default: blue }
  Name: { Type: String, Default: sales }
  Secret: { Type: String, NoEcho: true, Default: "" }
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: !Ref Name, Role: { Fn::ImportValue: !Sub "${Prefix}-WorkerAssistantArn" } }
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
"""
EXPORTS = {"blue-SchedulerArn": "blue", "blue-WorkerAssistantArn": "blue", "sosw-WorkerAssistantArn": "sosw"}
HAS = [
    ResourceFacts(name="Worker", kind="AWS::Lambda::Function", id=LABOURER, status="CREATE_COMPLETE"),
    ResourceFacts(name="Logs", kind="AWS::Logs::LogGroup", id="/logs", status="CREATE_COMPLETE"),
]
GONE = ChangeFacts(action="Modify", resource="Worker", kind="AWS::Lambda::Function", replaces=True)
Clouds = Callable[..., Cloud]


def stack(status: str = "CREATE_COMPLETE", **parameters: str) -> StackFacts:
    return sosw(status, name="sales-2", parameters={"Prefix": "blue", "Name": "sales", **parameters})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sales_2"
    folder.mkdir()
    (folder / "template.yaml").write_text(WORKER)
    return folder


@pytest.fixture
def clouds(tmp_path: Path) -> Clouds:
    def make(there: StackFacts | None = None, made_of: str = WORKER) -> Cloud:
        cloud = Cloud(tmp_path, there)
        cloud.stacks.made_of, cloud.stacks.exports, cloud.stacks.has = made_of, dict(EXPORTS), list(HAS)
        return cloud

    return make


def at(folder: Path, prefix: str = "sosw", *, is_said: bool = False) -> Kind:
    return stack_at(folder, prefix, is_said=is_said)


def plan(cloud: Cloud, kind: Kind, **parameters: str) -> DeployPlan:
    return Deployment(cloud.site, root=cloud.folder).plan(Wanted(kind=kind, stack="sales-2", parameters=parameters))


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


def test_a_stack_is_moved_to_another_environment_by_its_parameter_alone(folder: Path, clouds: Clouds) -> None:
    with pytest.raises(NameClash, match="stack sales-2 has the prefix blue: what is in it works for that environment"):
        plan(clouds(stack()), at(folder, "sosw", is_said=True))
    assert plan(clouds(stack()), at(folder, "blue", is_said=True), Prefix="sosw").prefix == "sosw"


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
@pytest.mark.parametrize("made_of", [SHOP, TEMPLATE, WORKER + TEMPLATE[TEMPLATE.index("Outputs") :]])
def test_what_came_from_something_else_is_left_alone_in_any_state(
    folder: Path, clouds: Clouds, status: str, made_of: str
) -> None:
    cloud = clouds(stack(status), made_of)

    with pytest.raises(NameClash, match=r"stack sales-2 came from something else \(it has no description\) than "):
        plan(cloud, at(folder))
    with pytest.raises(NameClash):
        Demolition(cloud.site).plan(at(folder), "sales-2")
    assert cloud.stacks.done == []


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE"])
def test_of_two_workers_that_began_as_one_template_each_has_its_stack(
    folder: Path, clouds: Clouds, status: str
) -> None:
    (folder / "template.yaml").write_text(WORKER.replace("sales }", "orders }"))
    cloud = clouds(stack(status))
    said = r"stack sales-2 is of sales, and .*template\.yaml of orders: name the stack of orders by --stack, or the "

    with pytest.raises(NameClash, match=said):
        Demolition(cloud.site).plan(at(folder), "sales-2")
    if status == "ROLLBACK_COMPLETE":  # else the plan shows that it is replaced
        with pytest.raises(NameClash, match=said):
            plan(cloud, at(folder))
    assert cloud.stacks.done == []


@pytest.mark.parametrize("parameters", [{"Name": "said"}, {"Name": "sales", "Prefix": "sosw"}])
def test_a_stack_with_other_parameters_is_still_its_templates(
    folder: Path, clouds: Clouds, parameters: dict[str, str]
) -> None:
    cloud = clouds(stack("ROLLBACK_COMPLETE", **parameters))
    assert Demolition(cloud.site).plan(at(folder), "sales-2").stack == cloud.stacks.stack
    assert plan(cloud, at(folder), Name=parameters["Name"]).way is Way.ANEW


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE"])
def test_sosws_own_commands_leave_a_workers_stack_alone(clouds: Clouds, status: str) -> None:
    cloud = clouds(stack(status))
    plan(clouds(), own_stack("green", is_said=True, template=cloud.template))
    for kind in (own_stack("blue", is_said=True, template=cloud.template), watch_stack("blue", is_said=True)):
        with pytest.raises(NameClash, match="stack sales-2 is n"):
            plan(cloud, kind)
        with pytest.raises(NameClash):
            Demolition(cloud.site).plan(kind, "sales-2")
    assert cloud.stacks.done == []


def test_a_failed_stack_of_another_prefix_is_not_made_anew(clouds: Clouds) -> None:
    cloud = clouds(stack("ROLLBACK_COMPLETE"), TEMPLATE)
    with pytest.raises(NameClash, match="has the prefix blue: another one would replace every table"):
        plan(cloud, own_stack("sosw", is_said=True, template=cloud.template))


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


def test_data_of_an_environment_that_another_stack_has_is_not_deleted(clouds: Clouds) -> None:
    cloud = clouds(None, TEMPLATE)
    cloud.keep()
    cloud.stacks.stack = sosw("ROLLBACK_COMPLETE", name="old")
    cloud.stacks.exports = {"sosw-SchedulerArn": "sosw"}
    cloud.world.client.submit(LABOURER, idempotency_key="waits")
    planned = Demolition(cloud.site).plan(own_stack("sosw", is_said=False), "old")
    cloud.stacks.ends = [None]
    Demolition(cloud.site).carry_out(planned, delete_data=True)

    assert (planned.unfinished, cloud.stacks.done, len(cloud.belongings.tables)) == ((), ["delete old"], 5)


def test_a_path_is_read_for_what_it_is(folder: Path, clouds: Clouds, tmp_path: Path) -> None:
    root = clouds().template
    assert type(at(root)).__name__ == "RootStack"
    assert type(at(Path(__file__).parents[3] / "cloudformation" / "watch.yaml")).__name__ == "WatchStack"
    assert type(at(folder)).__name__ == "UserStack"
    with pytest.raises(TemplateInvalid, match="nowhere: it is neither a folder nor a template"):
        at(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TemplateInvalid, match=r"empty: there is no template\.yaml in the folder"):
        at(tmp_path / "empty")
    for text, said in (("A: [", "is not YAML"), ("A: 1", "has no Resources"), ("Resources: {A: 1}", "A has no Type")):
        (folder / "template.yaml").write_text(text)
        with pytest.raises(TemplateInvalid, match=said):
            at(folder)


@pytest.mark.parametrize(
    ("kind", "stack", "said"),
    [
        ("My_Env", None, "parameter Prefix: 'My_Env' must be 1 to 31 of a-z"),
        ("sosw", "my_stack", r"--stack: 'my_stack' must be 1 to 128 of .* \(such as my-stack\)"),
    ],
)
def test_names_are_checked_before_aws_is_asked(clouds: Clouds, kind: str, stack: str | None, said: str) -> None:
    site, own = clouds().site, own_stack(kind, is_said=True)
    with pytest.raises(InvalidInput, match=said):
        Deployment(site).plan(Wanted(kind=own, stack=stack or ""))
    with pytest.raises(InvalidInput, match=said):
        Demolition(site).plan(own, stack)


def test_the_prefix_of_sosws_own_is_not_said_as_a_parameter(clouds: Clouds) -> None:
    cloud = clouds(None, TEMPLATE)
    with pytest.raises(InvalidInput, match="parameter Prefix: 'other' is said by --prefix"):
        plan(cloud, own_stack("green", is_said=True, template=cloud.template), Prefix="other")


def test_sosws_own_stack_is_moved_by_no_parameter(clouds: Clouds) -> None:
    cloud = clouds(stack(), TEMPLATE)
    with pytest.raises(NameClash, match="has the prefix blue: another one would replace every table"):
        plan(cloud, own_stack("green", is_said=True, template=cloud.template), Prefix="green")


def test_what_comes_next_is_told_with_the_files_that_are_there(folder: Path) -> None:
    assert at(folder).next_steps() == ["sosw doctor"]
    (folder / "labourers.yaml").touch()
    (folder / "job.json").touch()
    assert at(folder).next_steps() == [
        f"sosw apply {folder}/labourers.yaml", f"sosw submit --job {folder}/job.json --wait",
    ]  # fmt: skip
    assert "sosw deploy --watch" in own_stack("sosw", is_said=False).next_steps()
