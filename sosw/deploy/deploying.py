"""Carries a plan out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sosw.deploy.errors import ChangeFailed, WouldBeLost
from sosw.deploy.following import Follower, Tell
from sosw.deploy.planning import Planner
from sosw.deploy.plans import DeployPlan, Wanted
from sosw.deploy.site import Site
from sosw.domain.errors import SoswError
from sosw.domain.stacks import EventFacts, StackFacts, Way
from sosw.local.tools import nearest_root


def silent(event: EventFacts) -> None:
    """Tells nobody."""


class Deployment:
    """Of stacks of any kind."""

    def __init__(self, site: Site, *, root: Path = Path()) -> None:
        """`root`, or the nearest folder above it that has a `.sosw`, is where packages are built."""
        self._site, self._stacks, self._belongings = site, site.stacks, site.belongings
        self._planner = Planner(site, nearest_root(root))

    def plan(self, wanted: Wanted) -> DeployPlan:
        """What would be done; see `Planner.plan`. A plan that is not carried out must be forgotten."""
        return self._planner.plan(wanted)

    def forget(self, plan: DeployPlan) -> None:
        """Take back what the plan has left with AWS."""
        if plan.changes is not None:
            self._stacks.forget(plan.name, plan.change_set, is_ours=plan.stack is None)

    def refuse(self, plan: DeployPlan, *, is_sure: bool, replaces: bool) -> None:
        """Raises `WouldBeLost` where somebody who is not asked has not said that something may go."""
        if plan.lost and is_sure and not replaces:
            raise WouldBeLost(plan.name, plan.lost)

    def carry_out(self, plan: DeployPlan, tell: Tell = silent) -> StackFacts:
        """Do it, and follow it to its end; answers the stack. Raises `ChangeFailed`, which says how it stands then."""
        follower = Follower(self._stacks, tell, self._site.pause)
        if plan.stack and plan.way is Way.ANEW:
            plan = self._cleared(plan, plan.stack, follower)
        before, after = self._begun(plan)
        done = follower.to_the_end(before.id if before else plan.name, after)
        if done is None:
            raise ChangeFailed(plan.name, None, None)
        return done

    def note(self, plan: DeployPlan) -> str:
        """Write down, once it is deployed, what is known of its data; answers why that could not be, empty if it is."""
        try:
            plan.wanted.kind.note(self._site, plan.prefix, is_new=plan.schema is None)
        except SoswError as error:
            return f"the version of the tables could not be noted ({error}): sosw migrate does that, too"
        return ""

    def _begun(self, plan: DeployPlan) -> tuple[StackFacts | None, str | None]:
        """The stack, and the last that had happened to it, when AWS has begun; nothing is left where it has not."""
        try:
            self._upload(plan)
            before = self._stacks.find(plan.name)
            after = self._stacks.last_event(before.id) if before else None
            self._stacks.carry_out(plan.name, plan.change_set)
        except BaseException:
            with suppress(SoswError):
                self.forget(plan)
            raise
        return before, after

    def _cleared(self, plan: DeployPlan, failed: StackFacts, follower: Follower) -> DeployPlan:
        """After what is left of the failed stack is gone."""
        after = self._stacks.last_event(failed.id)
        self._stacks.delete(failed.id)
        follower.to_the_end(failed.id, after)
        return self._planner.proposed(replace(plan, stack=None))

    def _upload(self, plan: DeployPlan) -> None:
        """Our own bucket is completed first, where it was but half made."""
        if plan.makes_bucket:
            self._belongings.make_bucket(plan.bucket, plan.region)
        missing = [key for key in plan.uploads if not self._belongings.has_object(plan.bucket, key)]
        if missing and not plan.makes_bucket and plan.wanted.bucket is None:
            self._belongings.make_bucket(plan.bucket, plan.region)
        for key in missing:
            self._belongings.upload(plan.bucket, key, plan.uploads[key])
