"""Deploys the Essentials to AWS, or to the local stack, and takes them away again: plan, then do. `sosw deploy`."""

from sosw.deploy.deploying import Deployment
from sosw.deploy.destroying import Demolition, DestroyPlan
from sosw.deploy.planning import DeployPlan, Wanted
from sosw.deploy.site import Site

__all__ = ["Demolition", "DeployPlan", "Deployment", "DestroyPlan", "Site", "Wanted"]
