"""What a deployment would change, found out without changing anything."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sosw.client.schema import Schema
from sosw.client.service import Service
from sosw.deploy.errors import NameClash
from sosw.deploy.parameters import effective
from sosw.deploy.site import Site
from sosw.domain.stacks import ChangeFacts, StackFacts, Way, way
from sosw.local.environment import ensure_environment
from sosw.local.errors import TemplateInvalid
from sosw.local.home import root_template
from sosw.local.package import Target, build_package
from sosw.local.templates import Template, read_template, render, with_code_at
from sosw.local.tools import PYTHON_MINOR

PACKAGES = "sosw-packages-{account}-{region}"
BODY_LIMIT = 51_200
"""Bytes of a template that CloudFormation takes by value."""
EXPORT = "SchedulerArn"
"""Behind the prefix, the name of an export that every root stack of sosw has."""
KEPT_NAMES = ("TableName", "BucketName")
OURS = "Prefix"
"""A parameter that every root stack of sosw has."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to deploy."""

    prefix: str
    stack: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those that are given; the others stay as they are, or are the template's defaults."""
    template: Path | None = None
    """Another one than sosw's own."""
    bucket: str | None = None
    """For packages; by default one that is made for that, one for each account and region."""


@dataclass(frozen=True, kw_only=True)
class DeployPlan:
    """What would be done."""

    wanted: Wanted
    account: str
    region: str
    stack: StackFacts | None
    """As it stands."""
    way: Way
    template: str
    parameters: Mapping[str, str]
    """All of them."""
    bucket: str
    makes_bucket: bool
    uploads: Mapping[str, bytes]
    """By their names in the bucket."""
    takes_over: tuple[str, ...]
    """Tables, and the bucket, that an earlier stack has left, with what they hold."""
    change_set: str
    changes: tuple[ChangeFacts, ...] | None
    """What AWS says of it; None where it can be asked only when the failed stack is gone."""
    schema: Schema | None
    """Of tables that are there."""

    @property
    def is_empty(self) -> bool:
        """Nothing would change."""
        return self.changes == ()

    @property
    def new_parameters(self) -> dict[str, tuple[str | None, str]]:
        """What each was before, and would be; those that change."""
        before = self.stack.parameters if self.stack and self.way is Way.UPDATE else {}
        return {name: (before.get(name), value) for name, value in self.parameters.items() if before.get(name) != value}

    @property
    def replaced(self) -> tuple[ChangeFacts, ...]:
        """What would be made anew, empty."""
        return tuple(each for each in self.changes or () if each.replaces)

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "stack": self.wanted.stack, "account": self.account, "region": self.region, "prefix": self.wanted.prefix,
            "way": self.way.name.lower(), "status": self.stack.status if self.stack else None,
            "parameters": {name: {"old": old, "new": new} for name, (old, new) in self.new_parameters.items()},
            "changes": None if self.changes is None else [
                {"action": each.action, "resource": each.resource, "kind": each.kind, "replaces": each.replaces}
                for each in self.changes
            ],
            "takes_over": list(self.takes_over),
            "schema": None if self.schema is None else {
                "version": self.schema.version, "steps": [each.what for each in self.schema.steps],
            },
        }  # fmt: skip


class Planner:
    """Makes plans for one environment. `root` is where packages are built, below `.sosw`."""

    def __init__(self, site: Site, service: Service, root: Path) -> None:
        self.stacks, self.belongings, self._service, self._root = site.stacks, site.belongings, service, root

    def plan(self, wanted: Wanted) -> DeployPlan:
        """Raises a `SoswError` that says what is in the way, before anything is touched."""
        account, region = self.belongings.account(), self.stacks.region
        stack = self.stacks.find(wanted.stack)
        chosen = way(stack)
        self._refuse_clashes(wanted, stack, chosen)
        path = wanted.template or root_template()
        template = read_template(path)
        parameters = self._parameters(wanted, template, stack if chosen is Way.UPDATE else None)
        bucket = wanted.bucket or PACKAGES.format(account=account, region=region)
        makes_bucket = not self.belongings.has_bucket(bucket)
        uploads: dict[str, bytes] = {}
        kept = self._kept(wanted.prefix, account, region)
        takes_over = kept if chosen is not Way.UPDATE else ()
        if takes_over:
            words = {"Prefix": wanted.prefix, "AWS::AccountId": account, "AWS::Region": region}
            template = _named(template, words)
        text = render(with_code_at(template, lambda uri: self._packed(path, uri, parameters, bucket, uploads)))
        plan = DeployPlan(
            wanted=wanted, account=account, region=region, stack=stack, way=chosen, template=text,
            parameters=parameters, bucket=bucket, makes_bucket=makes_bucket, uploads=uploads,
            takes_over=takes_over, change_set=f"sosw-{uuid.uuid4().hex[:12]}",
            changes=None, schema=Schema(self._service) if f"{wanted.prefix}-config" in kept else None,
        )  # fmt: skip
        return plan if chosen is Way.ANEW else self.proposed(plan)

    def proposed(self, plan: DeployPlan) -> DeployPlan:
        """The plan with what AWS says of it: a change set is made."""
        creates = plan.way is not Way.UPDATE
        found = self.stacks.propose(
            plan.wanted.stack, plan.change_set, self._body(plan), plan.parameters,
            creates=creates, takes_over=bool(plan.takes_over),
        )  # fmt: skip
        return replace(plan, changes=tuple(found))

    def _refuse_clashes(self, wanted: Wanted, stack: StackFacts | None, chosen: Way) -> None:
        prefix = stack.parameters.get(OURS) if stack else None
        if stack and chosen is Way.UPDATE and prefix is None:
            raise NameClash(
                f"stack {stack.name} is not sosw's ({stack.description or 'it has no description'}): "
                "name another one by --stack"
            )
        if stack and chosen is Way.UPDATE and prefix != wanted.prefix:
            raise NameClash(
                f"stack {stack.name} has the prefix {prefix}: another one would replace every table by an empty one; "
                f"say --prefix {prefix}, or name another stack by --stack"
            )
        owner = self.stacks.exporter(f"{wanted.prefix}-{EXPORT}")
        if owner and owner != wanted.stack:
            raise NameClash(
                f"prefix {wanted.prefix} is in use by stack {owner}: say --stack {owner} to change that one, or name "
                "another prefix by --prefix"
            )

    def _parameters(self, wanted: Wanted, template: Template, stack: StackFacts | None) -> dict[str, str]:
        declared = template.get("Parameters") or {}
        ours = {OURS: wanted.prefix} if OURS in declared else {}
        if self.stacks.is_local and "Runtime" in declared:  # functions there run on this very Python
            ours["Runtime"] = f"python{PYTHON_MINOR}"
        return effective(template, stack.parameters if stack else {}, {**ours, **wanted.parameters})

    def _packed(
        self, path: Path, uri: str, parameters: Mapping[str, str], bucket: str, uploads: dict[str, bytes]
    ) -> dict[str, str]:
        """Where the package of a function's folder will be."""
        folder = (path.parent / uri).resolve()
        if not folder.is_dir():
            raise TemplateInvalid(
                path, f"CodeUri {uri} is no folder: it is looked for beside the template, at {folder}"
            )
        target = (
            Target.of_local(ensure_environment(self._root))
            if self.stacks.is_local
            else Target.on_aws(parameters.get("Runtime", "python3.13"), parameters.get("Architecture", "x86_64"))
        )
        content = build_package(self._root, folder, target).read_bytes()
        key = f"{hashlib.sha256(content).hexdigest()[:32]}.zip"
        uploads[key] = content
        return {"Bucket": bucket, "Key": key}

    def _kept(self, prefix: str, account: str, region: str) -> tuple[str, ...]:
        """Tables and bucket of that prefix that are there."""
        found = [table for table in self._service.tables() if self.belongings.table_is_there(table)]
        bucket = f"{prefix}-{account}-{region}"
        return (*found, *([bucket] if self.belongings.has_bucket(bucket) else []))

    def _body(self, plan: DeployPlan) -> dict[str, str]:
        if len(plan.template.encode()) <= BODY_LIMIT:
            return {"TemplateBody": plan.template}
        if plan.makes_bucket:
            self.belongings.make_bucket(plan.bucket, plan.region)
        key = f"{hashlib.sha256(plan.template.encode()).hexdigest()[:32]}.json"
        return {"TemplateURL": self.belongings.upload(plan.bucket, key, plan.template.encode())}


def _named(template: Template, words: Mapping[str, str]) -> Template:
    """With the names of tables and bucket spelt out: AWS takes over what is there only under a name that is no rule."""
    spelt = copy.deepcopy(template)
    for resource in spelt["Resources"].values():
        properties = resource.get("Properties") or {}
        for name in KEPT_NAMES:
            rule = properties.get(name)
            text = rule.get("Fn::Sub") if isinstance(rule, dict) else None
            if isinstance(text, str):
                for word, value in words.items():
                    text = text.replace(f"${{{word}}}", value)
                properties[name] = text
    return spelt
