"""Carries a plan out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sosw.deploy.errors import ChangeFailed, WouldBeLost
from sosw.deploy.following import Follower, Tell
from sosw.deploy.planning import Planner
from sosw.deploy.plans import DeployPlan, Wanted
from sosw.deploy.site import Site
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
            self._stacks.forget(plan.name, plan.change_set)

    def refuse(self, plan: DeployPlan, *, is_sure: bool, replaces: bool) -> None:
        """Raises `WouldBeLost` where somebody who is not asked has not said that something may go."""
        if plan.lost and is_sure and not replaces:
            raise WouldBeLost(plan.name, plan.lost)

    def carry_out(self, plan: DeployPlan, tell: Tell = silent) -> StackFacts:
        """Do it, and follow it to its end; answers the stack. Raises `ChangeFailed`, which says how it stands then."""
        follower = Follower(self._stacks, tell, self._site.pause)
        if plan.stack and plan.way is Way.ANEW:
            plan = self._cleared(plan, plan.stack, follower)
        self._upload(plan)
        before = self._stacks.find(plan.name)
        after = follower.last_event(before)
        self._stacks.carry_out(plan.name, plan.change_set)
        done = follower.to_the_end(before.id if before else plan.name, after)
        if done is None:
            raise ChangeFailed(plan.name, None, None)
        if plan.schema is None:
            plan.wanted.kind.begin(self._site, plan.prefix)
        return done

    def _cleared(self, plan: DeployPlan, failed: StackFacts, follower: Follower) -> DeployPlan:
        """After what is left of the failed stack is gone."""
        after = follower.last_event(failed)
        self._stacks.delete(failed.name)
        follower.to_the_end(failed.id, after)
        return self._planner.proposed(replace(plan, stack=None))

    def _upload(self, plan: DeployPlan) -> None:
        if plan.makes_bucket and not self._belongings.has_bucket(plan.bucket):
            self._belongings.make_bucket(plan.bucket, plan.region)
        for key, content in plan.uploads.items():
            if not self._belongings.has_object(plan.bucket, key):
                self._belongings.upload(plan.bucket, key, content)
