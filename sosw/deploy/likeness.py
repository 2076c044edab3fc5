"""Which stack is whose: told by what it was made of, in any state, and not by its name or a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sosw.aws.faults import FORBIDDEN, AwsFailed
from sosw.aws.stacks import Stacks
from sosw.deploy.site import Site
from sosw.domain.stacks import REVIEW, StackFacts
from sosw.local.templates import Template, parse_template, resources, spelt

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


def owner_of(site: Site, prefix: str, *, unless_forbidden: bool = False) -> str | None:
    """The root stack of that prefix; `unless_forbidden`: None, too, where one may not ask who exports something."""
    try:
        return site.stacks.exporter(f"{prefix}-{EXPORT}")
    except AwsFailed as failed:
        if unless_forbidden and failed.code in FORBIDDEN:
            return None
        raise


def is_like(one: Template, other: Template) -> bool:
    """They have a resource in common, by its name and its kind."""
    kinds = {name: each["Type"] for name, each in resources(one).items()}
    return any(kinds.get(name) == each["Type"] for name, each in resources(other).items())


def other_names(
    one: Template, of_one: Mapping[str, str], other: Template, of_other: Mapping[str, str]
) -> tuple[str, str]:
    """The first two names that differ, where nothing that is named in both has the same name; else empty ones."""
    named, pairs = _names(other, of_other), list[tuple[str, str]]()
    for key, name in _names(one, of_one).items():
        pairs += [(name, named[key])] if key in named else []
    differ = [pair for pair in pairs if pair[0] != pair[1]]
    return differ[0] if differ and len(differ) == len(pairs) else ("", "")


def _names(template: Template, values: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What its resources are called, as far as it can be told, by their names in it and the properties."""
    found: dict[tuple[str, str], str] = {}
    for resource, each in resources(template).items():
        properties = each.get("Properties") or {}
        told = {key: spelt(rule, values) for key, rule in properties.items() if key == "Name" or key.endswith("Name")}
        found |= {(resource, key): name for key, name in told.items() if name}
    return found


def kept(template: Template) -> set[str]:
    """Resources that stay when the stack goes."""
    found = resources(template).items()
    return {name for name, each in found if str(each.get("DeletionPolicy", "Delete")) != "Delete"}
