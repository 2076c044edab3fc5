"""What a project deploys: the Essentials, then each of its examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sosw.local.errors import LocalStackError

ESSENTIALS = Path("cloudformation/sosw.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    stack_name: str
    template: Path


def deployments(root: Path) -> list[Deployment]:
    """In the order to deploy them. Raises `LocalStackError` if `root` is not a checkout of sosw."""
    essentials = root / ESSENTIALS
    if not essentials.exists():
        raise LocalStackError(f"there is no {ESSENTIALS} in {root}: run this in the checkout of sosw")
    examples = sorted((root / "examples").glob("*/template.yaml"))
    return [
        Deployment(stack_name="sosw", template=essentials),
        *(Deployment(stack_name=path.parent.name.replace("_", "-"), template=path) for path in examples),
    ]
