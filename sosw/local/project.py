"""What is deployed to the local stack of a folder: the Essentials, and in a checkout of sosw each of its examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sosw.local.errors import LocalStackError
from sosw.local.home import template_of

ESSENTIALS = Path("cloudformation/sosw.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    stack_name: str
    template: Path


def deployments(root: Path) -> list[Deployment]:
    """In the order to deploy them. Raises `LocalStackError` if `root` is no folder.

    Where `root` is no checkout, the Essentials are those of the sosw that runs.
    """
    if not root.is_dir():
        raise LocalStackError(f"{root} is no folder: make it, or name another one by --root")
    own = root / ESSENTIALS
    if not own.exists():
        return [Deployment(stack_name="sosw", template=template_of("sosw"))]
    examples = sorted((root / "examples").glob("*/template.yaml"))
    return [
        Deployment(stack_name="sosw", template=own),
        *(Deployment(stack_name=path.parent.name.replace("_", "-"), template=path) for path in examples),
    ]
