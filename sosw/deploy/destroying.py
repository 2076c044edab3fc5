"""Takes the root stack away, and what it keeps only when that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sosw.client.at_work import unfinished
from sosw.deploy.deploying import silent
from sosw.deploy.errors import NameClash, NoSuchStack, StillInUse
from sosw.deploy.following import Follower, Tell
from sosw.deploy.planning import EXPORT, OURS
from sosw.deploy.site import Site
from sosw.domain.stacks import REVIEW, StackFacts, Way, blocked, way


@dataclass(frozen=True, kw_only=True)
class DestroyPlan:
    """What would be taken away, and what is in the way."""

    name: str
    prefix: str
    account: str
    region: str
    stack: StackFacts | None
    """None where it is gone already, and data of it is there."""
    tables: tuple[str, ...]
    """Those that are there."""
    bucket: str | None
    """That of the archive, where it is there."""
    importers: tuple[str, ...]
    """Stacks that stand on it."""
    unfinished: tuple[str, ...]
    """Work that would be left, a sentence each."""

    @property
    def data(self) -> tuple[str, ...]:
        """What stays unless it is to be deleted, too."""
        return (*self.tables, *([self.bucket] if self.bucket else []))

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "stack": self.name, "account": self.account, "region": self.region, "prefix": self.prefix,
            "status": self.stack.status if self.stack else None, "tables": list(self.tables), "bucket": self.bucket,
            "importers": list(self.importers), "unfinished": list(self.unfinished),
        }  # fmt: skip


class Demolition:
    """Of the root stack of one environment."""

    def __init__(self, site: Site) -> None:
        self._site, self._stacks, self._belongings, self._service = site, site.stacks, site.belongings, site.service

    def plan(self, name: str, prefix: str) -> DestroyPlan:
        """Raises `NoSuchStack` where there is nothing, `NameClash` for a stack of somebody else, `StackBlocked`."""
        account, region = self._belongings.account(), self._stacks.region
        stack = self._stacks.find(name)
        if stack and stack.is_moving:
            raise blocked(stack)
        if stack and stack.status != REVIEW and OURS not in stack.parameters:
            raise NameClash(f"stack {name} is not sosw's ({stack.description or 'it has no description'}): left alone")
        prefix = stack.parameters.get(OURS, prefix) if stack else prefix
        service = self._service(prefix)
        expected = tuple(service.tables())
        tables = tuple(table for table in expected if self._belongings.table_is_there(table))
        bucket = f"{prefix}-{account}-{region}"
        plan = DestroyPlan(
            name=name, prefix=prefix, account=account, region=region, stack=stack, tables=tables,
            bucket=bucket if self._belongings.has_bucket(bucket) else None,
            importers=self._importers(stack),
            unfinished=tuple(unfinished(service)) if tables == expected else (),
        )  # fmt: skip
        if stack is None and (not plan.data or self._stacks.exporter(f"{prefix}-{EXPORT}")):
            raise NoSuchStack(name, account, region)
        return plan

    def refuse(self, plan: DestroyPlan, *, force: bool) -> None:
        """Raises `StillInUse` for what is in the way; unfinished work is left behind by `force`."""
        if plan.importers:
            raise StillInUse(
                [f"stack {each} stands on {plan.name}" for each in plan.importers],
                "delete those stacks first: aws cloudformation delete-stack --stack-name NAME",
            )
        if plan.unfinished and not force:
            raise StillInUse(
                plan.unfinished, "let it end, or cancel its jobs (sosw cancel); with --force it is left as it is"
            )

    def carry_out(self, plan: DestroyPlan, *, delete_data: bool, force: bool = False, tell: Tell = silent) -> None:
        """Delete the stack, then the data if that is wanted. Raises `StillInUse`, and `ChangeFailed`."""
        self.refuse(plan, force=force)
        if plan.stack is not None:
            follower = Follower(self._stacks, tell, self._site.pause)
            after = follower.last_event(plan.stack)
            self._stacks.delete(plan.name)
            follower.to_the_end(plan.stack.id, after)
        if delete_data:
            for table in plan.tables:
                self._belongings.delete_table(table)
            if plan.bucket:
                self._belongings.delete_bucket(plan.bucket)

    def _importers(self, stack: StackFacts | None) -> tuple[str, ...]:
        exports = stack.exports if stack and way(stack) is Way.UPDATE else ()
        return tuple(sorted({name for export in exports for name in self._stacks.importers(export)}))
