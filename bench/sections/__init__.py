"""What is measured, in the order of the page. A section is a function of the options that returns its `Section`."""

from __future__ import annotations

from collections.abc import Callable

from bench.figures import Section
from bench.sections.chunking import chunking
from bench.sections.creating import creating
from bench.sections.million import million
from bench.sections.options import Options
from bench.sections.regulation import regulation

SECTIONS: dict[str, Callable[[Options], Section]] = {
    "chunking": chunking,
    "creating": creating,
    "million": million,
    "regulation": regulation,
}
BY_DEFAULT = ("chunking", "creating", "regulation")
"""The others take long, and run when they are named; their last figures stay on the page."""

__all__ = ["BY_DEFAULT", "SECTIONS", "Options"]
