"""How charts look. They are SVG: text stays text, and the same figures are the same file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, PALE = "#1f2933", "#d9e2ec"
OURS, THEIRS, PLAIN = "#0b7285", "#e8590c", "#829ab1"
"""Of sosw, of sosw 0.7, and of what is neither."""
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "sosw",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "path.simplify_threshold": 0.5,
}
"""Nothing that differs from run to run."""


def draw(path: Path, size: tuple[float, float], paint: Callable[[Figure], None], *, title: str, about: str) -> None:
    """What `paint` paints, on a sheet of so many inches; `about` is for who cannot see it."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    _tell(path, title, about)


def _tell(path: Path, title: str, about: str) -> None:
    """Say what the picture shows; without lines that end in blanks."""
    drawing = path.read_text("utf-8")
    start = drawing.index(">", drawing.index("<svg")) + 1
    told = f"\n <title>{title}</title>\n <desc>{about}</desc>"
    lines = (drawing[:start] + told + drawing[start:]).splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")
