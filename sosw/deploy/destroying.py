"""Takes a stack away, and what it keeps only when that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sosw.deploy.data import NONE, Data
from sosw.deploy.deploying import silent
from sosw.deploy.errors import NameClash, NoSuchStack, StillInUse
from sosw.deploy.following import Follower, Tell
from sosw.deploy.kinds import OURS, Kind, checked_name
from sosw.deploy.likeness import made_of, owner_of
from sosw.deploy.site import Site
from sosw.domain.stacks import StackFacts, Way, blocked, way


@dataclass(frozen=True, kw_only=True)
class DestroyPlan:
    """What would be taken away, and what is in the way."""

    name: str
    prefix: str
    account: str
    region: str
    stack: StackFacts | None
    """None where it is gone already, and data of it is there."""
    data: Data
    """What stays unless it is to be deleted, too."""
    remains: tuple[str, ...]
    """What else stays, a sentence each."""
    importers: tuple[str, ...]
    """Stacks that stand on it."""
    unfinished: tuple[str, ...]
    """Work that would be left, a sentence each."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "stack": self.name, "account": self.account, "region": self.region, "prefix": self.prefix,
            "status": self.stack.status if self.stack else None, "tables": list(self.data.tables),
            "bucket": self.data.bucket, "remains": list(self.remains), "importers": list(self.importers),
            "unfinished": list(self.unfinished),
        }  # fmt: skip


class Demolition:
    """Of stacks of any kind."""

    def __init__(self, site: Site) -> None:
        self._site, self._stacks = site, site.stacks

    def plan(self, kind: Kind, name: str | None = None) -> DestroyPlan:
        """Raises `NoSuchStack` where there is nothing, `NameClash` for a stack of somebody else, `StackBlocked`."""
        account, region = self._site.belongings.account(), self._stacks.region
        name = checked_name(kind, self._site, name)
        stack = self._stacks.find(name)
        if stack and stack.is_moving:
            raise blocked(stack)
        there = made_of(self._stacks, stack)
        if stack and there:
            kind.recognise(stack, there)
            kind.refuse_other_prefix(stack, is_said=kind.is_said)
            if stack.was_whole:
                kind.refuse_namesake(stack, there, {})
        prefix = stack.parameters.get(OURS, kind.prefix) if stack else kind.prefix
        data = kind.data(self._site, prefix)
        plan = DestroyPlan(
            name=name, prefix=prefix, account=account, region=region, stack=stack,
            data=data if data.names and owner_of(self._site, prefix) in {None, name} else NONE,
            remains=tuple(kind.remains(self._site, prefix, stack, there)) if stack and there else (),
            importers=self._importers(stack),
            unfinished=tuple(kind.unfinished(self._site, prefix, stack)),
        )  # fmt: skip
        if stack is None and not plan.data.names:
            raise NoSuchStack(name, account, region)
        return plan

    def refuse(self, plan: DestroyPlan, *, force: bool) -> None:
        """Raises `StillInUse` for what is in the way; unfinished work is left behind by `force`."""
        if plan.importers:
            raise StillInUse(
                [f"stack {each} stands on {plan.name}" for each in plan.importers],
                "take those away first, each by sosw destroy PATH --stack NAME",
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
            after = self._stacks.last_event(plan.stack.id)
            self._stacks.delete(plan.stack.id)
            follower.to_the_end(plan.stack.id, after)
        if delete_data:
            self._delete_data(plan)

    def _delete_data(self, plan: DestroyPlan) -> None:
        """Unless a stack that was deployed in the meantime has taken it over."""
        owner = owner_of(self._site, plan.prefix) if plan.data.names else None
        if owner and self._stacks.find(owner):
            raise NameClash(f"the data stays: stack {owner}, deployed in the meantime, has taken it over")
        plan.data.delete(self._site)

    def _importers(self, stack: StackFacts | None) -> tuple[str, ...]:
        exports = stack.exports if stack and way(stack) is Way.UPDATE else ()
        return tuple(sorted({name for export in exports for name in self._stacks.importers(export)}))
