"""What a section is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Of one run."""

    is_large: bool
    """Measure 50,000 tasks too."""
    say: Callable[[str], None]
    """Tells a person what is being done."""
