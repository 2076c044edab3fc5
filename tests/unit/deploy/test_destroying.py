"""Taking the stack away: never beneath those who use it, and never with the data unless that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from sosw.deploy import Demolition, own_stack
from sosw.deploy.errors import ChangeFailed, NameClash, NoSuchStack, StillInUse
from sosw.domain.stacks import StackBlocked
from tests.factories import LABOURER
from tests.unit.deploy.cloud import ID, SHOP, Cloud, event, sosw


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    cloud = Cloud(tmp_path, sosw(exports=("sosw-SchedulerArn", "sosw-WorkerAssistantArn")))
    cloud.keep()
    cloud.stacks.ends = [None]
    return cloud


def demolition(cloud: Cloud) -> Demolition:
    return Demolition(cloud.site)


def test_the_data_stays(cloud: Cloud) -> None:
    planned = demolition(cloud).plan(own_stack("sosw", is_said=False))
    demolition(cloud).carry_out(planned, delete_data=False)

    assert (cloud.stacks.done, len(cloud.belongings.tables), len(cloud.belongings.buckets)) == (["delete sosw"], 5, 1)


def test_the_data_goes_when_that_is_said_and_may_go_later(cloud: Cloud) -> None:
    demolition(cloud).carry_out(demolition(cloud).plan(own_stack("sosw", is_said=False)), delete_data=False)
    demolition(cloud).carry_out(demolition(cloud).plan(own_stack("sosw", is_said=False)), delete_data=True)

    assert (cloud.stacks.done, cloud.belongings.tables, cloud.belongings.buckets) == (["delete sosw"], set(), {})
    with pytest.raises(NoSuchStack, match="there is no stack sosw in account 123456789012, region eu-west-1"):
        demolition(cloud).plan(own_stack("sosw", is_said=False))


def test_a_stack_that_was_deployed_while_somebody_was_asked_stays_with_the_data(cloud: Cloud) -> None:
    planned = demolition(cloud).plan(own_stack("sosw", is_said=False))
    cloud.stacks.stack = sosw(id=f"{ID}-anew")
    cloud.stacks.exports["sosw-SchedulerArn"] = "sosw"

    with pytest.raises(NameClash, match="the data stays: stack sosw, deployed in the meantime, has taken it over"):
        demolition(cloud).carry_out(planned, delete_data=True)
    assert (cloud.stacks.done, len(cloud.belongings.tables), len(cloud.belongings.buckets)) == ([], 5, 1)


def test_unfinished_tasks_are_left_behind_by_force_alone(cloud: Cloud) -> None:
    cloud.world.client.submit(LABOURER, idempotency_key="waits")
    planned = demolition(cloud).plan(own_stack("sosw", is_said=False))

    with pytest.raises(StillInUse, match="has 0 running and 1 waiting tasks, such as waits#0: let it end, or cancel"):
        demolition(cloud).carry_out(planned, delete_data=False)
    assert cloud.stacks.done == []
    demolition(cloud).carry_out(planned, delete_data=False, force=True)
    assert cloud.stacks.done == ["delete sosw"]


def test_what_others_stand_on_is_not_taken_away_by_force_either(cloud: Cloud) -> None:
    cloud.stacks.imports = {"sosw-WorkerAssistantArn": ["mails", "delays"], "sosw-SchedulerArn": ["delays"]}
    planned = demolition(cloud).plan(own_stack("sosw", is_said=False))

    with pytest.raises(StillInUse, match="stack delays stands on sosw; stack mails stands on sosw: take those"):
        demolition(cloud).carry_out(planned, delete_data=True, force=True)
    assert (cloud.stacks.done, len(cloud.belongings.tables)) == ([], 5)


def test_where_the_stack_cannot_be_deleted_the_data_is_not(cloud: Cloud) -> None:
    cloud.stacks.ends = [sosw("DELETE_FAILED")]
    cloud.stacks.news = [[event("Queue", "DELETE_FAILED", "the credentials may not")]]
    planned = demolition(cloud).plan(own_stack("sosw", is_said=False))

    with pytest.raises(ChangeFailed, match=r"Queue .* DELETE_FAILED: the credentials may not\. It is DELETE_FAILED"):
        demolition(cloud).carry_out(planned, delete_data=True)
    assert len(cloud.belongings.tables) == 5


def test_a_stack_of_somebody_else_or_in_motion_is_left_alone(cloud: Cloud) -> None:
    cloud.stacks.made_of = SHOP
    with pytest.raises(NameClash, match=r"stack sosw is not sosw's \(it has no description\)"):
        demolition(cloud).plan(own_stack("sosw", is_said=False))
    cloud.stacks.stack = sosw("UPDATE_IN_PROGRESS")
    with pytest.raises(StackBlocked, match="somebody is changing it"):
        demolition(cloud).plan(own_stack("sosw", is_said=False))


def test_a_failed_stack_can_be_taken_away(cloud: Cloud) -> None:
    cloud.stacks.stack = sosw("ROLLBACK_COMPLETE")
    demolition(cloud).carry_out(demolition(cloud).plan(own_stack("sosw", is_said=False)), delete_data=True)

    assert (cloud.stacks.done, cloud.belongings.tables) == (["delete sosw"], set())
