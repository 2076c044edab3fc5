"""Clients of one process share what a session has read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

from sosw.aws.clients import Clients
from sosw.aws.dynamodb import Database
from sosw.essential.orchestrator import OrchestratorWorld
from sosw.essential.scavenger import ScavengerWorld
from sosw.essential.scheduler import SchedulerWorld
from sosw.essential.worker_assistant import AssistantWorld
from sosw.settings import Names
from sosw.world import World

OWN = {SchedulerWorld: ["sources"], OrchestratorWorld: ["cloudwatch"], AssistantWorld: ["quick_records"]}
CALLERS = ("tasks", "slots", "jobs", "records", "watches", "config", "bucket", "invoker", "reminder")


def test_a_client_is_made_for_the_region_and_the_endpoint_that_are_given() -> None:
    made = Clients(region="eu-west-1", endpoint="http://127.0.0.1:9").make("sqs", Config(connect_timeout=7))
    assert (made.meta.region_name, made.meta.endpoint_url) == ("eu-west-1", "http://127.0.0.1:9")
    assert made.meta.config.connect_timeout == 7


def test_calls_tell_whose_they_are() -> None:
    clients = Clients(region="eu-west-1")
    made: list[Any] = [clients.make("sqs", Config(connect_timeout=7)), Database(clients=clients).client]
    assert [each.meta.config.user_agent for each in made] == ["sosw", "sosw"]


def test_the_tables_are_reached_where_the_other_clients_are() -> None:
    clients = Clients(region="eu-west-1", endpoint="http://127.0.0.1:9")
    client: Any = Database(clients=clients).client
    assert (client.meta.region_name, client.meta.endpoint_url) == ("eu-west-1", "http://127.0.0.1:9")


@pytest.mark.parametrize("kind", [SchedulerWorld, OrchestratorWorld, AssistantWorld, ScavengerWorld])
def test_all_that_an_essential_calls_is_called_over_one_session(
    kind: type[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOSW_BUCKET", "b")
    monkeypatch.setenv("SOSW_WAKE_QUEUE", "https://sqs.eu-west-1.amazonaws.com/1/wakes")
    world: Any = kind(Names("test"))
    parts = [getattr(world, name) for name in (*CALLERS, *OWN.get(kind, ()))]
    reached = [part._table._database if hasattr(part, "_table") else part for part in parts]
    assert {each._clients for each in reached} == {world.clients}
