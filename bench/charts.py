"""docs/images/life.svg and queue.svg: what a task costs, by phase and beside a queue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench import drawing
from bench.costs import Cost
from bench.drawing import INK, OURS, PALE, THEIRS
from bench.figures import number
from bench.phases import ARCHIVE, CLAIM, COMPLETE, CREATE, PHASES, STREAM

Sides = Mapping[str, Mapping[str, Cost]]
LIFE = "What a task costs, by phase"
ABOUT_LIFE = (
    "Three charts of one task's whole life, with a bar for sosw 0.7.51 and one for sosw: calls, write units and read "
    "units. Each bar is parted into create, claim, complete, stream and archive; those of sosw are a fraction as long."
)
QUEUE = "What a task costs beside a queue"
ABOUT_QUEUE = (
    "Three charts by the number of tasks that wait: calls, read units and milliseconds of a task. The lines of sosw "
    "are level. Those of sosw 0.7.51 lie above; its read units and milliseconds rise with the queue."
)
COLOURS = {CREATE: "#0b7285", CLAIM: "#e8590c", COMPLETE: "#f2b705", STREAM: "#829ab1", ARCHIVE: "#5f3dc4"}
LINES = {"sosw": OURS, "0.7.51": THEIRS}
LABELLED = 0.12
"""Of a chart's width: parts that are as wide tell their figure."""


def draw_life(path: Path, sides: Sides) -> None:
    """By side and phase."""
    drawing.draw(path, (10.5, 2.4), lambda figure: _life(figure, sides), title=LIFE, about=ABOUT_LIFE)


def draw_queue(path: Path, sides: Mapping[str, Mapping[int, Cost]]) -> None:
    """By side and by the length of the queue."""
    drawing.draw(path, (10.5, 3.0), lambda figure: _queue(figure, sides), title=QUEUE, about=ABOUT_QUEUE)


def _life(figure: Figure, sides: Sides) -> None:
    charts = figure.subplots(1, 3)
    for chart, what in zip(charts, ("calls", "write_units", "read_units"), strict=True):
        _bars(chart, what, sides)
    handles, labels = charts[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(PHASES), frameon=False)


def _bars(chart: Axes, what: str, sides: Sides) -> None:
    values = {
        side: [getattr(costs[phase], what) if phase in costs else 0.0 for phase in PHASES]
        for side, costs in sides.items()
    }
    widest = max(map(sum, values.values()))
    names = list(values)[::-1]
    left = dict.fromkeys(names, 0.0)
    for at, phase in enumerate(PHASES):
        widths = [values[name][at] for name in names]
        bars = chart.barh(names, widths, left=list(left.values()), color=COLOURS[phase], label=phase, height=0.6)
        labels = [number(round(width, 1)) if width > LABELLED * widest else "" for width in widths]
        chart.bar_label(bars, labels, label_type="center", color="white", fontsize=8)
        left = {name: left[name] + width for name, width in zip(names, widths, strict=True)}
    for row, name in enumerate(names):
        chart.text(left[name], row, f" {number(round(left[name], 1))}", va="center", fontweight="bold")
    chart.set_title(f"{what.replace('_', ' ')} a task", fontsize=10, loc="left", color=INK)
    chart.set(xlim=(0, 1.15 * widest), xticks=[])
    chart.spines[["top", "right", "bottom"]].set_visible(False)
    chart.tick_params(length=0)


def _queue(figure: Figure, sides: Mapping[str, Mapping[int, Cost]]) -> None:
    charts = figure.subplots(1, 3)
    _lines(charts[0], {side: [cost.calls for cost in costs.values()] for side, costs in sides.items()})
    _lines(charts[1], {side: [cost.read_units for cost in costs.values()] for side, costs in sides.items()})
    _lines(charts[2], {side: [1000 * cost.wall for cost in costs.values()] for side, costs in sides.items()})
    lengths = list(next(iter(sides.values())))
    for chart, title in zip(charts, ("calls", "read units", "milliseconds"), strict=True):
        chart.set_title(f"{title} a task", fontsize=10, loc="left", color=INK)
        chart.set(xlabel="tasks that wait", xticks=range(len(lengths)), xticklabels=map(number, lengths))
    charts[0].set_ylim(bottom=0)
    for chart in charts[1:]:
        chart.set_yscale("log")
        chart.minorticks_off()
    for chart in charts:
        chart.yaxis.set_major_formatter(lambda value, _: number(value))
    handles, labels = charts[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)


def _lines(chart: Axes, sides: Mapping[str, list[float]]) -> None:
    """Each length of the queue as far from the next one: a line for each side, with its last figure."""
    for side, values in sides.items():
        chart.plot(values, color=LINES[side], marker="o", markersize=4, linewidth=1.6, label=side)
        last = (len(values) - 1, values[-1])
        told = number(round(values[-1], 1))
        chart.annotate(told, last, xytext=(6, 0), textcoords="offset points", va="center", color=LINES[side])
    chart.margins(x=0.2, y=0.2)
    chart.grid(axis="y", color=PALE)
    chart.spines[["top", "right"]].set_visible(False)
    chart.tick_params(length=0)
