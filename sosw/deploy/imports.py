"""What a template imports, as far as it can be told before AWS is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sosw.aws.faults import FORBIDDEN, AwsFailed
from sosw.deploy.errors import NotExported
from sosw.deploy.kinds import OURS
from sosw.deploy.likeness import EXPORT
from sosw.deploy.parameters import plain
from sosw.deploy.site import Site
from sosw.local.home import template_of
from sosw.local.templates import Template, read_template, resources, spelt


def refuse_missing(site: Site, stack: str, template: Template, values: Mapping[str, str], words: str) -> None:
    """Raises `NotExported` for the first thing that nobody exports here; `words`: the options that lead here."""
    known = {**plain(template, values), "AWS::AccountId": site.belongings.account(), "AWS::Region": site.stacks.region}
    wanted = sorted(imported(template, {**known, "AWS::StackName": stack}))
    exported = _exported(site) if wanted else None
    if exported is None:
        return
    missing = next((each for each in wanted if each not in exported), None)
    if missing:
        where, prefix = f"account {known['AWS::AccountId']}, region {known['AWS::Region']}", _environment(missing)
        is_there = f"{prefix}-{EXPORT}" in exported
        raise NotExported(stack, missing, where, prefix=prefix, is_there=is_there, words=words)


def _exported(site: Site) -> set[str] | None:
    """Names; None where one may not ask for them: AWS itself will tell."""
    try:
        return set(site.stacks.exporters())
    except AwsFailed as failed:
        if failed.code in FORBIDDEN:
            return None
        raise


def imported(template: Template, values: Mapping[str, str]) -> set[str]:
    """Names that it imports in any case: what stands under a condition is left to AWS."""
    certain = [each for each in resources(template).values() if "Condition" not in each]
    return {name for each in certain for rule in _rules(each) if (name := spelt(rule, values))}


def _rules(part: Any) -> Iterator[Any]:
    """What each `Fn::ImportValue` says."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "Fn::ImportValue":
                yield value
            elif key not in {"Fn::If", "Metadata"}:
                yield from _rules(value)
    elif isinstance(part, list):
        for each in part:
            yield from _rules(each)


def _environment(export: str) -> str | None:
    """The prefix of the environment that would export that; None where no environment does."""
    outputs = read_template(template_of("sosw"))["Outputs"].values()
    ends = [each["Export"]["Name"]["Fn::Sub"].removeprefix(f"${{{OURS}}}") for each in outputs if "Export" in each]
    return next((export.removesuffix(end) for end in ends if export.endswith(end)), None)
