"""Plans of deployments: what is wanted, and what would be done for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sosw.client.schema import Schema
from sosw.deploy.kinds import Kind
from sosw.deploy.parameters import HIDDEN
from sosw.domain.stacks import ChangeFacts, StackFacts, Way


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to deploy."""

    kind: Kind
    stack: str = ""
    """Its name; if left out, the kind's own."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those that are given."""
    bucket: str | None = None
    """For packages; by default one that is made for that, one for each account and region."""
    words: str = ""
    """The options that lead to the account and region, to be said again behind a command."""


@dataclass(frozen=True, kw_only=True)
class DeployPlan:
    """What would be done."""

    wanted: Wanted
    account: str
    region: str
    prefix: str
    """Of the environment that it belongs to."""
    stack: StackFacts | None
    """As it stands."""
    way: Way
    template: str
    parameters: Mapping[str, str]
    """All of them."""
    secrets: frozenset[str]
    """Names of those that nobody is to see."""
    bucket: str
    makes_bucket: bool
    uploads: Mapping[str, bytes]
    """By their names in the bucket."""
    takes_over: tuple[str, ...]
    """Tables, and the bucket, that an earlier stack has left, with what they hold."""
    differs: tuple[str, ...]
    """How what is taken over is other than the template says, a sentence each: nothing makes it equal."""
    change_set: str
    notes: tuple[str, ...]
    """What to mind of the packages, a sentence each."""
    changes: tuple[ChangeFacts, ...] | None
    """What AWS says of it; None where it can be asked only when the failed stack is gone."""
    schema: Schema | None
    """Of tables that are there."""

    @property
    def name(self) -> str:
        """Of the stack."""
        return self.wanted.stack

    @property
    def is_empty(self) -> bool:
        """Nothing would change."""
        return self.changes == ()

    @property
    def before(self) -> Mapping[str, str]:
        """The parameters as they are now."""
        return self.stack.parameters if self.stack and self.way is Way.UPDATE else {}

    @property
    def sent(self) -> dict[str, str | None]:
        """The parameters as AWS is told of them: None for one that stays, which may be a secret."""
        return {name: None if self.before.get(name) == value else value for name, value in self.parameters.items()}

    @property
    def new_parameters(self) -> dict[str, tuple[str | None, str]]:
        """What each was before, and would be; those that change."""
        changed = {name: (self.before.get(name), value) for name, value in self.sent.items() if value is not None}
        return {name: (old, HIDDEN if name in self.secrets else new) for name, (old, new) in changed.items()}

    @property
    def lost(self) -> tuple[ChangeFacts, ...]:
        """What would go, with what it holds, or be made anew without it."""
        return tuple(each for each in self.changes or () if each.loses)

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "stack": self.name, "account": self.account, "region": self.region, "prefix": self.prefix,
            "way": self.way.name.lower(), "status": self.stack.status if self.stack else None,
            "parameters": {name: {"old": old, "new": new} for name, (old, new) in self.new_parameters.items()},
            "changes": None if self.changes is None else [
                {
                    "action": each.action, "resource": each.resource, "kind": each.kind, "replaces": each.replaces,
                    "may_replace": each.may_replace,
                }
                for each in self.changes
            ],
            "bucket": self.bucket, "makes_bucket": self.makes_bucket, "takes_over": list(self.takes_over),
            "differs": list(self.differs), "notes": list(self.notes),
            "lost": [each.resource for each in self.lost],
            "schema": None if self.schema is None else {
                "version": self.schema.version, "steps": [each.what for each in self.schema.steps],
            },
        }  # fmt: skip
