"""How hard the property tests search."""

import os


def effort(count: int) -> int:
    """`count`, or so many times more as the environment variable SOSW_EFFORT says (a whole number, 1 by default)."""
    return count * max(1, int(os.environ.get("SOSW_EFFORT", "1")))
