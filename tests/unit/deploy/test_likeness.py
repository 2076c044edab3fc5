"""Whose stack it is: what came from something else is left alone, and so is another environment."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from sosw.aws.faults import AwsFailed
from sosw.deploy import Demolition, Deployment, Wanted, own_stack, watch_stack
from sosw.deploy.errors import NameClash
from sosw.domain.errors import InvalidInput
from sosw.domain.stacks import Way
from sosw.local.errors import TemplateInvalid
from tests.factories import LABOURER
from tests.unit.deploy.cloud import SHOP, TEMPLATE, sosw
from tests.unit.deploy.workers import WORKER, Clouds, at, plan, stack


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


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "DELETE_FAILED"])
def test_of_two_workers_that_began_as_one_template_each_has_its_stack(
    folder: Path, clouds: Clouds, status: str
) -> None:
    (folder / "template.yaml").write_text(WORKER.replace("sales }", "orders }"))
    cloud = clouds(stack(status))
    said = r"stack sales-2 is of sales, and .*template\.yaml of orders: name the stack of orders by --stack, or the "

    with pytest.raises(NameClash, match=said):
        Demolition(cloud.site).plan(at(folder), "sales-2")
    if status == "DELETE_FAILED":  # else the plan shows that it is replaced
        with pytest.raises(NameClash, match=said):
            plan(cloud, at(folder))
    assert cloud.stacks.done == []


def test_a_worker_that_could_not_be_made_under_one_name_is_made_under_another(folder: Path, clouds: Clouds) -> None:
    (folder / "template.yaml").write_text(WORKER.replace("sales }", "orders }"))
    cloud = clouds(stack("ROLLBACK_COMPLETE"))

    assert plan(cloud, at(folder)).way is Way.ANEW
    assert Demolition(cloud.site).plan(at(folder), "sales-2").stack == cloud.stacks.stack


@pytest.mark.parametrize("parameters", [{"Name": "said"}, {"Name": "sales", "Prefix": "sosw"}])
def test_a_stack_with_other_parameters_is_still_its_templates(
    folder: Path, clouds: Clouds, parameters: dict[str, str]
) -> None:
    cloud = clouds(stack("DELETE_FAILED", **parameters))
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A: [", "is not YAML"), ("A: 1", "has no Resources"), ("Resources: [A]", "Resources must be a mapping"),
        ("Resources: {A: 1}", r"Resources\.A must be a mapping"), ("Resources: {A: {}}", "resource A has no Type"),
        ("Resources: {On: {Type: B}}", "Resources has the name True, which YAML reads as no text: quote it"),
        ("Resources: {A: {Type: B, Properties: C}}", r"Resources\.A\.Properties must be a mapping"),
        (SHOP + "Parameters: [A]", "Parameters must be a mapping"),
        (SHOP + "Parameters: {A: }", r"Parameters\.A must be a mapping"),
        (SHOP + "Outputs: A", "Outputs must be a mapping"),
        (SHOP + "Outputs: {A: {Export: B}}", r"Outputs\.A\.Export must be a mapping"),
        (SHOP + "Globals: {Function: A}", r"Globals\.Function must be a mapping"),
    ],
)  # fmt: skip
def test_a_template_of_another_shape_is_told(folder: Path, text: str, said: str) -> None:
    (folder / "template.yaml").write_text(text)
    with pytest.raises(TemplateInvalid, match=said):
        at(folder)


def test_what_may_be_left_out_may_be_empty(folder: Path, clouds: Clouds) -> None:
    rest = "Outputs: {A: , Fn::ForEach::B: [C, [d], {}]}\nGlobals:\nParameters:\n"
    (folder / "template.yaml").write_text(f"Resources: {{A: {{Type: AWS::SNS::Topic, Properties: }}}}\n{rest}")
    assert plan(clouds(), at(folder)).way is Way.CREATE


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


@pytest.mark.parametrize(("code", "deploys"), [("AccessDenied", True), ("Throttling", False)])
def test_who_may_not_ask_who_exports_what_deploys_all_the_same_but_deletes_no_data(
    folder: Path, clouds: Clouds, monkeypatch: pytest.MonkeyPatch, code: str, *, deploys: bool
) -> None:
    cloud = clouds(None, TEMPLATE)
    cloud.keep()
    failed = AwsFailed("what is exported could not be listed", code, "no")

    def exporters() -> dict[str, str]:
        raise failed

    monkeypatch.setattr(cloud.stacks, "exporters", exporters)
    for kind in (at(folder), own_stack("sosw", is_said=True, template=cloud.template)):
        with nullcontext() if deploys else pytest.raises(AwsFailed, match="what is exported"):
            plan(cloud, kind)
    cloud.stacks.stack = sosw()
    with pytest.raises(AwsFailed, match="what is exported"):
        Demolition(cloud.site).plan(own_stack("sosw", is_said=True))
