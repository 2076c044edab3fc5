"""Carries a plan out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sosw.client.schema import Schema
from sosw.deploy.errors import ChangeFailed
from sosw.deploy.following import Follower, Tell
from sosw.deploy.planning import DeployPlan, Planner, Wanted
from sosw.deploy.site import Site
from sosw.domain.stacks import EventFacts, StackFacts, Way


def silent(event: EventFacts) -> None:
    """Tells nobody."""


class Deployment:
    """Of the root stack of one environment."""

    def __init__(self, site: Site, prefix: str, *, root: Path = Path()) -> None:
        """`root` is where packages are built, below `.sosw`."""
        self._site, self._stacks, self._belongings = site, site.stacks, site.belongings
        self._service = site.service(prefix)
        self._planner = Planner(site, self._service, root.resolve())

    def plan(self, wanted: Wanted) -> DeployPlan:
        """What would be done; see `Planner.plan`. A plan that is not carried out must be forgotten."""
        return self._planner.plan(wanted)

    def forget(self, plan: DeployPlan) -> None:
        """Take back what the plan has left with AWS."""
        if plan.changes is not None:
            self._stacks.forget(plan.wanted.stack, plan.change_set)

    def carry_out(self, plan: DeployPlan, tell: Tell = silent) -> StackFacts:
        """Do it, and follow it to its end; answers the stack. Raises `ChangeFailed`, which says how it stands then."""
        follower = Follower(self._stacks, tell, self._site.pause)
        if plan.stack and plan.way is Way.ANEW:
            plan = self._cleared(plan, plan.stack, follower)
        self._upload(plan)
        before = self._stacks.find(plan.wanted.stack)
        after = follower.last_event(before)
        self._stacks.carry_out(plan.wanted.stack, plan.change_set)
        done = follower.to_the_end(before.id if before else plan.wanted.stack, after)
        if done is None:
            raise ChangeFailed(plan.wanted.stack, None, None)
        if plan.schema is None:
            Schema(self._service).note()
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
