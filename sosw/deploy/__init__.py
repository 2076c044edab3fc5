"""Deploys stacks to AWS, or to the local stack, and takes them away again: plan, then do. `sosw deploy`."""

from sosw.deploy.choosing import own_stack, stack_at, watch_stack
from sosw.deploy.deploying import Deployment
from sosw.deploy.destroying import Demolition, DestroyPlan
from sosw.deploy.kinds import Kind
from sosw.deploy.plans import DeployPlan, Wanted
from sosw.deploy.site import Site

__all__ = [
    "Demolition",
    "DeployPlan",
    "Deployment",
    "DestroyPlan",
    "Kind",
    "Site",
    "Wanted",
    "own_stack",
    "stack_at",
    "watch_stack",
]
