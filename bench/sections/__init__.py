"""What is measured, in the order of the page. A section is a function of the options that returns its `Section`."""

from __future__ import annotations

from collections.abc import Callable

from bench.figures import Section
from bench.sections.chunking import chunking
from bench.sections.cold import cold
from bench.sections.creating import creating
from bench.sections.dispatch import dispatch
from bench.sections.fairness import fairness
from bench.sections.idle import idle
from bench.sections.life import life
from bench.sections.million import million
from bench.sections.options import Options
from bench.sections.queue import queue
from bench.sections.regulation import regulation
from bench.sections.schedules import schedules
from bench.sections.simulation import simulation

SECTIONS: dict[str, Callable[[Options], Section]] = {
    "chunking": chunking,
    "creating": creating,
    "life": life,
    "queue": queue,
    "dispatch": dispatch,
    "idle": idle,
    "fairness": fairness,
    "cold": cold,
    "million": million,
    "simulation": simulation,
    "schedules": schedules,
    "regulation": regulation,
}
ON_DEMAND = ("million", "schedules")
"""They take long, and run when they are named; their last figures stay on the page."""
BY_DEFAULT = tuple(name for name in SECTIONS if name not in ON_DEMAND)

__all__ = ["BY_DEFAULT", "SECTIONS", "Options"]
