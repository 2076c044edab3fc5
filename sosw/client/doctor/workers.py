"""The functions of labourers: they can be invoked, end in time, and report. The Essentials may do their work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sosw.client.doctor.diagnosis import Notes
from sosw.client.doctor.stack import DEPLOY
from sosw.client.inspector import Inspector
from sosw.domain.labourer import Labourer
from sosw.domain.surroundings import CouldNotLook, FunctionFacts
from sosw.settings import Names

INVOKE = "lambda:InvokeFunction"
SHORTEST_AGE = timedelta(seconds=60)
"""Of an event, that Lambda can be told."""


def worker(
    labourer: Labourer, names: Names, essentials: Mapping[str, FunctionFacts], inspector: Inspector, notes: Notes,
    *, region: str | None,
) -> None:  # fmt: skip
    """The function of a labourer. Two calls, and three for its permissions."""
    where = f"labourer {labourer.name}"
    with notes.looking("labourers", f"the function of {where}"):
        if labourer.region and region and labourer.region != region:
            raise CouldNotLook(labourer.arn, f"it is in {labourer.region}, and this client looks at {region}")
        facts = inspector.function(labourer.arn)
        notes.looked_at["labourers"] += 1
        if facts is None:
            notes.found(
                "labourers", where, f"has no function {labourer.arn}",
                why="none of its tasks can start: each waits, and is tried again every minute",
                mend="deploy its stack, or name its function by `arn` in labourers.yaml: sosw apply labourers.yaml",
            )  # fmt: skip
            return
        _in_time(labourer, facts, where, notes)
        _permissions(labourer, facts, names, essentials, inspector, notes)


def on_dead(
    labourer: Labourer, names: Names, essentials: Mapping[str, FunctionFacts], inspector: Inspector, notes: Notes
) -> None:
    """The function that is handed its dead tasks. Four calls where it has one."""
    function, scavenger, where = labourer.on_dead, essentials.get(names.scavenger), f"labourer {labourer.name}"
    if function is None:
        return
    with notes.looking("labourers", f"the function that is handed the dead tasks of {where}"):
        facts, why = inspector.function(function), "its dead tasks are handed to nobody; they are kept, and sent again"
        if facts is None:
            notes.found(
                "labourers", where, f"hands its dead tasks to {function}, which is not there", why=why,
                mend="deploy its stack, or name another function by `on_dead`: sosw apply labourers.yaml",
            )  # fmt: skip
        elif scavenger and not inspector.may_invoke(scavenger.role, facts):
            notes.found(
                "permissions", where, f"hands its dead tasks to {function}, which the Scavenger may not invoke",
                why=why, mend=_permit(facts, scavenger),
            )  # fmt: skip


def _permit(function: FunctionFacts, by: FunctionFacts) -> str:
    """The command that lets the role of `by` invoke the function."""
    return (
        f"aws lambda add-permission --function-name {function.arn} --statement-id sosw --action {INVOKE} "
        f"--principal {by.role}"
    )


def _in_time(labourer: Labourer, facts: FunctionFacts, where: str, notes: Notes) -> None:
    timeout = _seconds(facts.timeout)
    if facts.timeout > labourer.duration:
        notes.found(
            "labourers", where, f"has a function with a time-out of {timeout}, longer than its duration of "
            f"{_seconds(labourer.duration)}",
            why="an attempt could outlive its lease and run twice: the Worker refuses to start",
            mend=f"say `duration: {facts.timeout // timedelta(seconds=1)}` in labourers.yaml, or: aws lambda "
            f"update-function-configuration --function-name {facts.arn} --timeout {labourer.duration.seconds}",
        )  # fmt: skip
    too_long = facts.max_age > max(labourer.lease, SHORTEST_AGE)
    said = [f"that Lambda itself invokes again, up to {facts.retries} times"] if facts.retries else []
    said += (
        [f"whose events may wait {_seconds(facts.max_age)}, its lease is {_seconds(labourer.lease)}"]
        if too_long
        else []
    )
    if said:
        age = max(SHORTEST_AGE, labourer.cooldown) // timedelta(seconds=1)
        notes.found(
            "labourers", where, f"has a function {', and '.join(said)}",
            why="an attempt may begin beside its own retry, outside of the limit, or when it was long taken for lost",
            mend=f"aws lambda put-function-event-invoke-config --function-name {facts.arn} --maximum-retry-attempts 0 "
            f"--maximum-event-age-in-seconds {age}",
        )  # fmt: skip


def _permissions(
    labourer: Labourer, facts: FunctionFacts, names: Names, essentials: Mapping[str, FunctionFacts],
    inspector: Inspector, notes: Notes,
) -> None:  # fmt: skip
    where = f"labourer {labourer.name}"
    orchestrator, assistant = essentials.get(names.orchestrator), essentials.get(names.worker_assistant)
    with notes.looking("permissions", f"whether the Orchestrator may invoke {labourer.arn}"):
        if orchestrator and not inspector.may_invoke(orchestrator.role, facts):
            notes.found(
                "permissions", where, "has a function that the Orchestrator may not invoke",
                why="its tasks are given back again and again, and never start",
                mend=_permit(facts, orchestrator),
            )  # fmt: skip
    with notes.looking("permissions", f"whether {labourer.arn} may report"):
        if assistant and inspector.forbidden(facts.role, [INVOKE], assistant.arn):
            notes.found(
                "permissions", where, f"has a function that may not invoke {names.worker_assistant}",
                why="nobody hears what its attempts came to: each is taken for lost when its lease ends",
                mend=f"allow {INVOKE} on {assistant.arn} to {facts.role}",
            )  # fmt: skip


def rights(names: Names, essentials: Mapping[str, FunctionFacts], inspector: Inspector, notes: Notes) -> None:
    """Those without which an Essential is of no use. A call for each."""
    tasks = f"table/{names.prefix}-tasks"
    needed: list[tuple[str, str, list[str]]] = [
        (names.scheduler, tasks, ["dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"]),
        (names.orchestrator, tasks, ["dynamodb:BatchGetItem", "dynamodb:PartiQLUpdate"]),
        (names.orchestrator, f"table/{names.prefix}-slots", ["dynamodb:PutItem", "dynamodb:Query"]),
        (names.worker_assistant, tasks, ["dynamodb:GetItem", "dynamodb:UpdateItem"]),
        (names.scavenger, tasks, ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]),
        (names.scavenger, names.orchestrator, [INVOKE]),
        (names.scavenger, names.scheduler, [INVOKE]),
    ]
    for name, resource, actions in needed:
        target = essentials.get(resource)
        if name not in essentials or (target is None and actions == [INVOKE]):
            continue  # it is told already that it is not there
        role = essentials[name].role
        arn = target.arn if target else _table_arn(essentials[name].arn, resource)
        with notes.looking("permissions", f"what {name} may do with {resource}"):
            missing = inspector.forbidden(role, actions, arn)
            notes.looked_at["permissions"] += len(actions)
            if missing:
                why = "what it is there for fails, every time"
                notes.found(
                    "permissions",
                    f"function {name}",
                    f"may not {' or '.join(missing)} {resource}",
                    why=why,
                    mend=DEPLOY,
                )


def _table_arn(function_arn: str, resource: str) -> str:
    """In the same account and region."""
    _, partition, _, region, account, *_ = function_arn.split(":")
    return f"arn:{partition}:dynamodb:{region}:{account}:{resource}"


def _seconds(time: timedelta) -> str:
    return f"{time // timedelta(seconds=1):,} s"
