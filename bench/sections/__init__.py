"""What is measured, in the order of the page. A section is a function of the options that returns its `Section`."""

from __future__ import annotations

from collections.abc import Callable

from bench.figures import Section
from bench.sections.chunking import chunking
from bench.sections.cold import cold
from bench.sections.creating import creating
from bench.sections.dispatch import dispatch
from bench.sections.fairness import fairness
from bench.sections.million import million
from bench.sections.options import Options
from bench.sections.regulation import regulation
from bench.sections.schedules import schedules
from bench.sections.simulation import simulation

SECTIONS: dict[str, Callable[[Options], Section]] = {
    "chunking": chunking,
    "creating": creating,
    "fairness": fairness,
    "dispatch": dispatch,
    "cold": cold,
    "million": million,
    "simulation": simulation,
    "schedules": schedules,
    "regulation": regulation,
}
BY_DEFAULT = ("chunking", "creating", "fairness", "dispatch", "cold", "simulation", "regulation")
"""The others take long, and run when they are named; their last figures stay on the page."""

__all__ = ["BY_DEFAULT", "SECTIONS", "Options"]
