"""What people see of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sosw.cli import show_deploy
from sosw.client.schema import Migration, Schema
from sosw.deploy import Deployment, DeployPlan
from sosw.domain.stacks import ChangeFacts
from tests.unit.deploy.cloud import Cloud, sosw


def seen(plan: DeployPlan) -> list[str]:
    out = StringIO()
    show_deploy.plan(Console(file=out, width=200), plan)
    return out.getvalue().splitlines()


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path, sosw())


def planned(cloud: Cloud, changes: Sequence[ChangeFacts]) -> DeployPlan:
    cloud.stacks.changes = list(changes)
    return Deployment(cloud.site, root=cloud.folder).plan(cloud.wanted())


@pytest.mark.parametrize("changes", [[], [ChangeFacts(action="Modify", resource="A", kind="AWS::SQS::Queue")]])
def test_tables_of_an_older_version_are_told_also_where_nothing_else_changes(
    cloud: Cloud, changes: list[ChangeFacts]
) -> None:
    step = Migration(version=2, what="adds an index", run=lambda _service: None)
    plan = replace(planned(cloud, changes), schema=Schema(cloud.world.service, [step]))

    assert seen(plan)[-1] == "the tables are of version 1: run sosw migrate afterwards"


def test_a_program_is_told_the_outputs_also_where_nothing_changes(cloud: Cloud) -> None:
    cloud.stacks.stack = sosw(outputs={"SchedulerArn": "arn"})
    outputs = {"now": "CREATE_COMPLETE", "outputs": {"SchedulerArn": "arn"}}
    changes = [ChangeFacts(action="Modify", resource="A", kind="AWS::SQS::Queue")]

    same, changed = planned(cloud, []), planned(cloud, changes)
    assert show_deploy.document(same, None).items() >= outputs.items()
    assert show_deploy.document(changed, cloud.stacks.stack).items() >= outputs.items()
    assert "outputs" not in show_deploy.document(changed, None)
