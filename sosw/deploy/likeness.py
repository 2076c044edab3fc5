"""Which stack is whose: told by what it was made of, in any state, and not by its name or a parameter."""

from __future__ import annotations

from pathlib import Path

from sosw.aws.stacks import Stacks
from sosw.domain.stacks import REVIEW, StackFacts
from sosw.local.templates import Template, parse_template, resources

EXPORT = "SchedulerArn"
"""Behind the prefix, the name of an export that every root stack of sosw has, and no other."""
_EXPORTED = {"Fn::Sub": f"${{Prefix}}-{EXPORT}"}


def made_of(stacks: Stacks, stack: StackFacts | None) -> Template | None:
    """The template of a stack that is there; None where nothing was made yet."""
    if stack is None or stack.status == REVIEW:
        return None
    return parse_template(stacks.template(stack.name), Path(stack.name))


def is_root(template: Template) -> bool:
    """It is sosw's own, or a copy of that."""
    outputs = (template.get("Outputs") or {}).values()
    return any((each.get("Export") or {}).get("Name") == _EXPORTED for each in outputs if isinstance(each, dict))


def is_like(one: Template, other: Template) -> bool:
    """They have a resource in common, by its name and its kind."""
    kinds = {name: each["Type"] for name, each in resources(one).items()}
    return any(kinds.get(name) == each["Type"] for name, each in resources(other).items())


def kept(template: Template) -> set[str]:
    """Resources that stay when the stack goes."""
    found = resources(template).items()
    return {name for name, each in found if str(each.get("DeletionPolicy", "Delete")) != "Delete"}
