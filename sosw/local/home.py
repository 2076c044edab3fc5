"""Where the templates and the functions are that are deployed: in the checkout, or in the installed package."""

from __future__ import annotations

from pathlib import Path

from sosw.local.wheel import package_folder, source_root

TEMPLATE = Path("cloudformation/sosw.yaml")


def root_template() -> Path:
    """The root stack's."""
    inside = package_folder() / "deploy" / "stack"
    return (source_root() or inside) / TEMPLATE
