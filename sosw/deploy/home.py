"""Where the templates and the functions are that are deployed: in the checkout, or in the installed package."""

from __future__ import annotations

from pathlib import Path

import sosw
from sosw.local.wheel import source_root

TEMPLATE = Path("cloudformation/sosw.yaml")


def root_template() -> Path:
    """The root stack's."""
    checkout = source_root()
    inside = Path(sosw.__file__).resolve().parent / "deploy" / "stack"
    return (checkout or inside) / TEMPLATE
