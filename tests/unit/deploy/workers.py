"""A Worker's stack in that cloud."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sosw.deploy import Deployment, DeployPlan, Kind, Wanted, stack_at
from sosw.domain.stacks import ChangeFacts, ResourceFacts, StackFacts
from tests.factories import LABOURER
from tests.unit.deploy.cloud import Cloud, sosw

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


def at(folder: Path, prefix: str = "sosw", *, is_said: bool = False) -> Kind:
    return stack_at(folder, prefix, is_said=is_said)


def plan(cloud: Cloud, kind: Kind, **parameters: str) -> DeployPlan:
    return Deployment(cloud.site, root=cloud.folder).plan(Wanted(kind=kind, stack="sales-2", parameters=parameters))
