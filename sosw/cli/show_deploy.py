"""What people see of deployments: the plan, how it goes, what came of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sosw.cli.session import Session, console
from sosw.cli.show import compact

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client.schema import Schema
    from sosw.deploy import DeployPlan, DestroyPlan
    from sosw.domain.stacks import EventFacts, StackFacts

ADD, AWS = "Add", "AWS::"
BEGUN = "_IN_PROGRESS"


def out(session: Session) -> Console:
    """Where a plan is shown: a program's document is not mixed with it."""
    return console(is_error=session.as_json)


def document(plan: DeployPlan, done: StackFacts | None) -> dict[str, Any]:
    """The same for a program; `done`: the stack, where it was deployed. So it stands if nothing changes."""
    stands = done or (plan.stack if plan.is_empty else None)
    now = {"now": stands.status, "outputs": dict(stands.outputs)} if stands else {}
    return {"deployed": done is not None, **plan.to_json(), **now}


def plan(out: Console, plan: DeployPlan) -> None:
    """What would be done, and what to mind."""
    where = f"in account {plan.account}, region {plan.region}"
    if plan.is_empty:
        _print(out, f"stack {plan.name} {where}: nothing changes", "green")
        _version(out, plan)
        return
    _print(out, f"stack {plan.name} {where} will be {plan.way.value}", "bold")
    for name, (old, new) in plan.new_parameters.items():
        _print(out, f"  {name}: {_value(new)}" if old is None else f"  {name}: {_value(old)} → {_value(new)}")
    if plan.makes_bucket:
        _print(out, f"  bucket {plan.bucket} will be made, for packages")
    for said in plan.notes:
        _print(out, f"  {said}", "yellow")
    if plan.takes_over:
        _print(out, f"  taken over, with what they hold: {', '.join(plan.takes_over)}")
    for said in plan.differs:
        _print(out, f"! {said}: AWS takes it over as it is, and no later deployment mends that", "bold yellow")
    _changes(out, plan)
    _version(out, plan)


def _version(out: Console, plan: DeployPlan) -> None:
    """Of the tables, where that is not the one of this sosw."""
    if plan.schema and plan.schema.steps:
        _print(out, f"the tables are of version {plan.schema.version}: run sosw migrate afterwards", "yellow")


def _value(text: str) -> str:
    """Of a parameter, in one line: a job as JSON, where the template has it over many."""
    try:
        return compact(json.loads(text)) if "\n" in text else repr(text)
    except ValueError:
        return repr(text)


def _changes(out: Console, plan: DeployPlan) -> None:
    if plan.changes is None:
        why = (plan.stack and plan.stack.reason) or "no reason is told"
        _print(out, f"  what AWS would do is known when the failed stack is gone; it failed, for: {why}", "yellow")
    added = Counter(each.kind for each in plan.changes or () if each.action == ADD)
    if added:
        said = (f"{number} {kind.removeprefix(AWS)}" for kind, number in sorted(added.items()))
        _print(out, f"  created: {', '.join(said)}")
    for change in (each for each in plan.changes or () if each.action != ADD and not each.loses):
        _print(out, f"  {change}", "yellow" if change.may_replace else "")
    for change in plan.lost:
        _print(out, f"! {change}", "bold red")
    if plan.lost:
        _print(out, "! what is removed or replaced is gone, with what it holds: look twice", "bold red")


class Progress:
    """Tells of each resource when it has ended, on stderr."""

    def __init__(self, as_json: bool) -> None:  # noqa: FBT001  (it is what the session says)
        self._out = None if as_json else console(is_error=True)

    def __call__(self, event: EventFacts) -> None:
        if self._out is None or event.is_of_stack or event.status.endswith(BEGUN):
            return
        is_bad = event.status.endswith("_FAILED") and not event.is_cancelled
        why = f": {event.reason}" if is_bad and event.reason else ""
        _print(self._out, f"  {event.status:<16} {event.resource}{why}", "red" if is_bad else "dim")


def deployed(out: Console, stack: StackFacts, steps: list[str], words: str) -> None:
    """What there is now, and what to do with it."""
    _print(out, f"stack {stack.name} is {stack.status}", "green")
    for name, value in stack.outputs.items():
        _print(out, f"  {name}: {value}")
    _print(out, "next:")
    for step in steps:
        _print(out, f"  {step}{words}")


def demolition(out: Console, plan: DestroyPlan, *, delete_data: bool) -> None:
    """What would be taken away, what stays, and what is in the way."""
    where = f"in account {plan.account}, region {plan.region}"
    gone = f"is {plan.stack.status}: it will be deleted" if plan.stack else "is gone already"
    _print(out, f"stack {plan.name} {where} {gone}", "bold")
    if plan.data.names:
        fate = "deleted, with all they hold" if delete_data else "kept, for the next deployment to take over"
        _print(out, f"  {fate}: {', '.join(plan.data.names)}", "red" if delete_data else "")
    for said in plan.remains:
        _print(out, f"  stays: {said}", "yellow")
    for said in plan.unfinished:
        _print(out, f"  unfinished: {said}", "yellow")


def destroyed(out: Console, plan: DestroyPlan, *, delete_data: bool) -> None:
    """What is left."""
    _print(out, f"stack {plan.name} is gone", "green")
    if plan.data.names and not delete_data:
        _print(out, f"  kept: {', '.join(plan.data.names)}; with --delete-data they go, too")
    for said in plan.remains:
        _print(out, f"  stays: {said}", "yellow")


def schema(out: Console, found: Schema) -> None:
    """Which version the tables are of, and the steps to the one that is wanted."""
    if not found.steps:
        _print(out, f"the tables are of version {found.version}, which this sosw works with: nothing to do", "green")
    for step in found.steps:
        _print(out, f"  to version {step.version}: {step.what}")


def _print(out: Console, text: str, style: str = "") -> None:
    out.print(text, style=style or None, markup=False, soft_wrap=True)
