"""Where the templates and the functions are that are deployed: in the checkout, or in the installed package."""

from __future__ import annotations

from pathlib import Path

from sosw.local.wheel import package_folder, source_root


def template_of(name: str) -> Path:
    """One of sosw's own: `sosw`, `watch`, `schedule` or `worker`."""
    inside = package_folder() / "deploy" / "stack"
    return (source_root() or inside) / "cloudformation" / f"{name}.yaml"
