"""Where the templates and the functions are that are deployed: in the checkout, or in the installed package."""

from __future__ import annotations

from pathlib import Path

import sosw
from sosw.local.wheel import source_root


def template_of(name: str) -> Path:
    """One of sosw's own: `sosw`, `watch`, `schedule` or `worker`."""
    checkout = source_root()
    inside = Path(sosw.__file__).resolve().parent / "deploy" / "stack"
    return (checkout or inside) / "cloudformation" / f"{name}.yaml"
