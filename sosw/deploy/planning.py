"""What a deployment would change, found out without changing anything."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sosw.client.schema import Schema
from sosw.deploy.imports import refuse_missing
from sosw.deploy.kinds import OURS, checked_name
from sosw.deploy.likeness import made_of
from sosw.deploy.packing import PYTHON, RUNTIME, Packer
from sosw.deploy.parameters import effective, secrets
from sosw.deploy.plans import DeployPlan, Wanted
from sosw.deploy.site import Site
from sosw.domain.errors import SoswError, invalid
from sosw.domain.stacks import StackFacts, Way, way
from sosw.local.templates import Template, read_template, render, resources, spelt
from sosw.local.tools import PYTHON_MINOR

PACKAGES = "sosw-packages-{account}-{region}"
BODY_LIMIT = 51_200
"""Bytes of a template that CloudFormation takes by value."""
KEPT_NAMES = ("TableName", "BucketName")


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What a plan is made from."""

    wanted: Wanted
    stack: StackFacts | None
    way: Way
    there: Template | None
    """What the stack was made of."""
    template: Template
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def before(self) -> Mapping[str, str]:
        """The parameters as they are now."""
        return self.stack.parameters if self.stack and self.way is Way.UPDATE else {}

    @property
    def prefix(self) -> str:
        """Of the environment that it will belong to."""
        return self.parameters.get(OURS, self.wanted.kind.prefix)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What an earlier stack has left, and the new one takes over."""

    names: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    schema: Schema | None = None
    """Of tables that are there, taken over or the stack's own."""


class Planner:
    """Makes plans. `root` is where packages are built, below `.sosw`."""

    def __init__(self, site: Site, root: Path) -> None:
        self._site, self._stacks, self._belongings, self._root = site, site.stacks, site.belongings, root

    def plan(self, wanted: Wanted) -> DeployPlan:
        """Raises a `SoswError` that says what is in the way, before anything is touched."""
        account, region = self._belongings.account(), self._stacks.region
        wanted = replace(wanted, stack=checked_name(wanted.kind, self._site, wanted.stack))
        found = self._recognised(wanted)
        found = replace(found, parameters=self._parameters(found))
        refuse_missing(self._site, wanted.stack, found.template, found.parameters, wanted.words)
        bucket = wanted.bucket or PACKAGES.format(account=account, region=region)
        packer = Packer(
            self._root, wanted.kind.template, bucket, lambda key: self._belongings.has_object(bucket, key),
            is_local=self._stacks.is_local,
        )  # fmt: skip
        kept = self._kept(found)
        words = {**found.parameters, "AWS::AccountId": account, "AWS::Region": region}
        template = packer.packed(_named(found.template, words) if kept.names else found.template, found.parameters)
        text = render(template)
        needs_bucket = packer.uploads or len(text.encode()) > BODY_LIMIT
        plan = DeployPlan(
            wanted=wanted, account=account, region=region, prefix=found.prefix, stack=found.stack, way=found.way,
            template=text, parameters=found.parameters, secrets=secrets(template), bucket=bucket,
            makes_bucket=bool(needs_bucket) and not self._belongings.has_bucket(bucket), uploads=packer.uploads,
            takes_over=kept.names, differs=kept.differs, change_set=f"sosw-{uuid.uuid4().hex[:12]}", changes=None,
            notes=tuple(packer.notes(template, found.parameters)), schema=kept.schema,
        )  # fmt: skip
        return plan if found.way is Way.ANEW else self.proposed(plan)

    def proposed(self, plan: DeployPlan) -> DeployPlan:
        """The plan with what AWS says of it: a change set is made."""
        with self._body(plan) as body:
            found = self._stacks.propose(
                plan.name, plan.change_set, body, plan.sent,
                creates=plan.way is not Way.UPDATE, takes_over=bool(plan.takes_over),
            )  # fmt: skip
        return replace(plan, changes=tuple(found))

    def _recognised(self, wanted: Wanted) -> _Found:
        """Raises `StackBlocked`, `NameClash`, `TemplateInvalid`."""
        kind, stack = wanted.kind, self._stacks.find(wanted.stack)
        chosen, there, template = way(stack), made_of(self._stacks, stack), read_template(kind.template)
        if stack and there:
            kind.recognise(stack, there)
            is_moved = kind.is_users and OURS in wanted.parameters
            kind.refuse_other_prefix(stack, is_said=not is_moved and (kind.is_said or not kind.is_users))
            if chosen is Way.ANEW and stack.was_whole:  # no plan shows what of it goes
                kind.refuse_namesake(stack, there, wanted.parameters)
        kind.refuse_double(self._site, wanted.stack)
        return _Found(wanted=wanted, stack=stack, way=chosen, there=there, template=template)

    def _parameters(self, found: _Found) -> dict[str, str]:
        kind, declared = found.wanted.kind, found.template.get("Parameters") or {}
        given = {**kind.said(declared, found.before), **found.wanted.parameters}
        if not kind.is_users and given.get(OURS, kind.prefix) != kind.prefix:
            raise invalid(f"parameter {OURS}", given[OURS], "is said by --prefix", f"--prefix {given[OURS]}")
        there = found.there if kind.is_users else None
        values = effective(found.template, found.before, given, there)
        if self._stacks.is_local and RUNTIME not in found.wanted.parameters:
            values |= {RUNTIME: f"{PYTHON}{PYTHON_MINOR}"} if values.get(RUNTIME, "").startswith(PYTHON) else {}
        return values  # functions on the local stack run on this very Python

    def _kept(self, found: _Found) -> _Kept:
        kind = found.wanted.kind
        data = kind.data(self._site, found.prefix)
        schema = Schema(self._site.service(found.prefix)) if f"{found.prefix}-config" in data.tables else None
        if found.way is Way.UPDATE or not data.names:
            return _Kept(schema=schema)
        return _Kept(names=data.names, differs=tuple(kind.differs(self._site, found.prefix, data)), schema=schema)

    @contextmanager
    def _body(self, plan: DeployPlan) -> Iterator[dict[str, str]]:
        """The template as AWS takes it: a large one lies in the bucket until it is read."""
        if len(plan.template.encode()) <= BODY_LIMIT:
            yield {"TemplateBody": plan.template}
            return
        if plan.makes_bucket:
            self._belongings.make_bucket(plan.bucket, plan.region)
        key = f"{plan.change_set}.json"
        try:
            yield {"TemplateURL": self._belongings.upload(plan.bucket, key, plan.template.encode())}
        finally:
            with suppress(SoswError):
                self._belongings.delete_object(plan.bucket, key)


def _named(template: Template, values: Mapping[str, str]) -> Template:
    """With the names of tables and bucket spelt out: AWS takes over what is there only under a name that is no rule."""
    named = copy.deepcopy(template)
    for resource in resources(named).values():
        properties = resource.get("Properties") or {}
        for name in KEPT_NAMES:
            if name in properties:
                properties[name] = spelt(properties[name], values) or properties[name]
    return named
