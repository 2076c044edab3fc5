"""The doctor finds what is missing, disabled or forbidden of what was deployed, and says how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.client import Client
from sosw.client.inspector import Nowhere
from sosw.domain.errors import SoswError, invalid
from sosw.domain.surroundings import RuleFacts
from sosw.settings import ESSENTIAL_CONFIG
from tests.factories import LABOURER
from tests.unit.client.doctoring import ACCOUNT, NAMES, Examined, Healthy, arn, role

TASKS = f"arn:aws:dynamodb:{ACCOUNT}:table/sosw-tasks"
UNDELIVERED = "https://sqs/1/sosw-nightly-undelivered"


@pytest.fixture
def world() -> Examined:
    return Examined()


def test_a_healthy_environment_is_clean_and_told_of_in_numbers(world: Examined) -> None:
    found = world.examine()
    assert (found.findings, found.unseen, found.is_clean) == ((), (), True)
    assert found.looked_at == {
        "configurations": 5, "functions": 4, "tables": 5, "rules": 2, "feeds": 2, "queues": 1, "permissions": 12,
        "labourers": 1,
    }  # fmt: skip


def test_a_rule_of_events_beside_the_minute_rule_does_no_harm(world: Examined) -> None:
    more = RuleFacts(name="mine", schedule="", is_enabled=False)
    for rules in world.inspector.rules_of.values():
        rules.append(more)
    assert world.examine().is_clean


def _without(name: str) -> Callable[[Healthy], object]:
    return lambda healthy: healthy.functions.pop(name)


def _table(healthy: Healthy, name: str, **fields: object) -> None:
    healthy.tables[name] = replace(healthy.tables[name], **fields)  # type: ignore[arg-type]


def _dead_letter(healthy: Healthy) -> None:
    healthy.change(NAMES.scheduler, dead_letters=("arn:dlq",))
    healthy.waiting["arn:dlq"] = 1


def _rule(healthy: Healthy, **fields: object) -> None:
    rules = healthy.rules_of[arn(NAMES.scavenger)]
    rules[:] = [replace(rule, **fields) for rule in rules]  # type: ignore[arg-type]


def _feed(healthy: Healthy, **fields: object) -> None:
    feeds = healthy.feeds_of[arn(NAMES.scavenger)]
    feeds[:] = [replace(feed, **fields) for feed in feeds]  # type: ignore[arg-type]


BROKEN: dict[str, tuple[Callable[[Healthy], object], str, str]] = {
    "an Essential is gone": (_without(NAMES.worker_assistant), "function sosw-worker-assistant is not there", "deploy"),
    "the Scavenger is gone": (_without(NAMES.scavenger), "function sosw-scavenger is not there", "deploy"),
    "an Essential has failed": (
        lambda h: h.change(NAMES.scheduler, state="Failed"),
        "function sosw-scheduler has failed to be deployed",
        "deploy",
    ),
    "no rule": (
        lambda h: h.rules_of.pop(arn(NAMES.orchestrator)),
        "function sosw-orchestrator is started by no minute rule",
        "deploy",
    ),
    "a slow rule": (
        lambda h: _rule(h, schedule="rate(5 minutes)"),
        "function sosw-scavenger is started by no minute rule",
        "deploy",
    ),
    "a disabled rule": (
        lambda h: _rule(h, is_enabled=False),
        "the minute rule of sosw-scavenger, sosw-scavenger-EveryMinute, is disabled",
        "aws events enable-rule --name sosw-scavenger-EveryMinute",
    ),
    "no stream": (
        lambda h: h.feeds_of.pop(arn(NAMES.scavenger)),
        "function sosw-scavenger is not fed from table/sosw-tasks",
        "deploy",
    ),
    "no wakes": (
        lambda h: h.feeds_of.pop(arn(NAMES.orchestrator)),
        "function sosw-orchestrator is not fed from sosw-wakes",
        "deploy",
    ),
    "a disabled stream": (
        lambda h: _feed(h, state="Disabled"),
        "the event source mapping f-1 of sosw-scavenger is disabled",
        "aws lambda update-event-source-mapping --uuid f-1 --enabled",
    ),
    "a stream that fails": (
        lambda h: _feed(h, problem="PROBLEM: Function call failed"),
        "the event source mapping f-1 of sosw-scavenger reports PROBLEM: Function call failed",
        "see the log: aws logs tail /aws/lambda/sosw-scavenger",
    ),
    "a job that was not delivered": (
        lambda h: h.waiting.update({UNDELIVERED: 1_234}),
        "queue sosw-nightly-undelivered holds about 1,234 messages",
        f"aws sqs receive-message --queue-url {UNDELIVERED}",
    ),
    "events given up": (
        _dead_letter,
        "queue arn:dlq holds about 1 messages",
        "aws sqs receive-message",
    ),
    "no table": (lambda h: h.tables.pop("sosw-jobs"), "table sosw-jobs is not there", "deploy"),
    "other keys": (lambda h: _table(h, "sosw-slots", key_schema=[]), "table sosw-slots has other keys", "deploy"),
    "no index": (
        lambda h: _table(h, "sosw-tasks", indexes={}),
        "table sosw-tasks lacks the index queue, or has another",
        "deploy",
    ),
    "no stream of the table": (
        lambda h: _table(h, "sosw-tasks", stream=None),
        "table sosw-tasks has the stream off, not NEW_AND_OLD",
        "deploy",
    ),
    "no end of items": (
        lambda h: _table(h, "sosw-tasks", ttl=None),
        "table sosw-tasks does not let items leave by expires_at",
        "aws dynamodb update-time-to-live --table-name sosw-tasks --time-to-live-specification Enabled=true,Attrib",
    ),
    "a right on a table": (
        lambda h: h.denied.add((role(NAMES.scavenger), "dynamodb:UpdateItem", TASKS)),
        "function sosw-scavenger may not dynamodb:UpdateItem table/sosw-tasks",
        "deploy",
    ),
    "a right to wake": (
        lambda h: h.denied.add((role(NAMES.scavenger), "lambda:InvokeFunction", arn(NAMES.orchestrator))),
        "function sosw-scavenger may not lambda:InvokeFunction sosw-orchestrator",
        "deploy",
    ),
    "no function of a labourer": (
        _without(LABOURER),
        "labourer sales has no function sales",
        "deploy its stack, or name its function by `arn`",
    ),
    "a long time-out": (
        lambda h: h.change(LABOURER, timeout=timedelta(seconds=901)),
        "labourer sales has a function with a time-out of 901 s, longer than its duration of 900 s",
        "say `duration: 901` in labourers.yaml, or: aws lambda update-function-configuration",
    ),
    "retries of Lambda's": (
        lambda h: h.change(LABOURER, retries=2),
        "labourer sales has a function that Lambda itself invokes again, up to 2 times",
        f"aws lambda put-function-event-invoke-config --function-name {arn(LABOURER)} --maximum-retry-attempts 0",
    ),
    "old events": (
        lambda h: h.change(LABOURER, max_age=timedelta(hours=6)),
        "labourer sales has a function whose events may wait 21,600 s, its lease is 1,200 s",
        "aws lambda put-function-event-invoke-config",
    ),
    "a function not to be invoked": (
        lambda h: h.uninvokable.add(arn(LABOURER)),
        "labourer sales has a function that the Orchestrator may not invoke",
        f"aws lambda add-permission --function-name {arn(LABOURER)}",
    ),
    "a Worker that cannot report": (
        lambda h: h.denied.add((role(LABOURER), "lambda:InvokeFunction", arn(NAMES.worker_assistant))),
        "labourer sales has a function that may not invoke sosw-worker-assistant",
        f"allow lambda:InvokeFunction on {arn(NAMES.worker_assistant)} to {role(LABOURER)}",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_one_fault_is_one_finding_with_its_cure(world: Examined, fault: str) -> None:
    break_it, said, cure = BROKEN[fault]
    break_it(world.inspector)
    found = world.examine()
    (finding,) = found.findings
    assert (str(finding).startswith(said), finding.mend.startswith(cure)) == (True, True), finding
    assert (bool(finding.why), found.unseen, found.is_clean) == (True, (), False)


@pytest.mark.parametrize(
    ("is_there", "said", "cure"),
    [
        (False, "hands its dead tasks to undertaker, which is not there", "deploy its stack, or name another function"),
        (
            True,
            "hands its dead tasks to undertaker, which the Scavenger may not invoke",
            (
                f"aws lambda add-permission --function-name {arn('undertaker')} --statement-id sosw "
                f"--action lambda:InvokeFunction --principal {role(NAMES.scavenger)}"
            ),
        ),
    ],
)
def test_a_function_for_dead_tasks_that_cannot_be_handed_any_is_found(
    world: Examined, *, is_there: bool, said: str, cure: str
) -> None:
    world.config["task_config"]["labourers"][LABOURER]["on_dead"] = "undertaker"
    if is_there:
        world.inspector.functions["undertaker"] = replace(world.inspector.functions[LABOURER], arn=arn("undertaker"))
        assert world.examine().is_clean
        world.inspector.uninvokable.add(arn("undertaker"))
    (finding,) = world.examine().findings
    assert (str(finding), finding.mend.startswith(cure)) == (f"labourer {LABOURER} {said}", True)


@pytest.mark.parametrize(
    ("method", "check", "count"),
    [
        ("function", "functions", 5), ("rules", "rules", 2), ("feeds", "feeds", 2), ("queues", "queues", 1),
        ("queue", "queues", 1), ("table", "tables", 5), ("forbidden", "permissions", 8),
        ("may_invoke", "permissions", 1),
    ],
)  # fmt: skip
def test_what_may_not_be_looked_at_is_told_and_is_not_clean(
    world: Examined, method: str, check: str, count: int
) -> None:
    world.inspector.blind.add(method)
    found = world.examine()
    assert (found.findings, found.is_clean, len(found.unseen)) == ((), False, count)
    assert found.unseen[0].check == check
    assert str(found.unseen[0]).startswith("could not look: ")
    assert str(found.unseen[0]).endswith("the credentials in use do not allow it (AccessDenied)")


def test_a_client_without_aws_could_not_look_at_any_of_it(world: Examined) -> None:
    blind = Client(service=replace(world.service, inspector=Nowhere()))
    found = blind.doctor()
    assert (found.findings, {unseen.check for unseen in found.unseen}) == (
        (), {"functions", "tables", "queues", "labourers"},
    )  # fmt: skip


def test_a_function_of_another_region_could_not_be_looked_at(world: Examined) -> None:
    far = f"arn:aws:lambda:us-east-1:123456789012:function:{LABOURER}"
    world.config["task_config"]["labourers"][LABOURER]["arn"] = far
    (unseen,) = world.examine().unseen
    assert str(unseen).endswith(f"{far}: it is in us-east-1, and this client looks at eu-west-1")


def test_a_short_lease_asks_for_no_age_that_lambda_does_not_know(world: Examined) -> None:
    world.config["task_config"]["labourers"][LABOURER] |= {"duration": 5, "cooldown": 5}
    world.inspector.change(LABOURER, timeout=timedelta(seconds=5), max_age=timedelta(seconds=60))
    assert world.examine().is_clean


@pytest.mark.parametrize("name", [ESSENTIAL_CONFIG, "sosw-scavenger_config"])
def test_a_configuration_that_is_no_json_is_found(world: Examined, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    get = world.stored.get

    def read(asked: str) -> Any:
        if asked == name:
            raise invalid(name, "{", "is not JSON")
        return get(asked)

    monkeypatch.setattr(world.stored, "get", read)
    (told,) = world.told()
    assert told == f"configuration {name} cannot be read: {name}: '{{' is not JSON"


def test_each_mistake_of_the_settings_is_found_and_the_right_ones_are_examined(world: Examined) -> None:
    world.config["task_config"]["labourers"]["bad"] = {"max_simultaneous_invocations": -1, "draws": ["no"]}
    found = world.examine()
    assert len(found.findings) == 2
    assert all(finding.check == "settings" for finding in found.findings)
    assert "max_simultaneous_invocations: -1 must be a whole number" in str(found.findings[0])
    assert found.looked_at["labourers"] == 1


def test_settings_that_may_not_be_read_are_told_and_what_does_not_need_them_is_examined(
    world: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str) -> None:
        raise SoswError("too busy")

    monkeypatch.setattr(world.stored, "get", refuse)
    found = world.examine()
    assert [unseen.check for unseen in found.unseen] == ["settings"] * 5
    assert (found.looked_at["rules"], "jobs" in found.looked_at) == (2, False)
