"""`sosw cost`: what tasks would cost, here and elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from sosw.cli import show_cost
from sosw.cli.inputs import as_number
from sosw.cli.session import Session
from sosw.domain.alternatives import SYSTEMS, Work, idle_month
from sosw.domain.prices import prices

Tasks = Annotated[str, typer.Option(metavar="N", help="How many: 1000000, or 1e6.")]
Duration = Annotated[float, typer.Option(help="Seconds that a Worker runs for one.", min=0.001, max=900)]
Memory = Annotated[int, typer.Option(help="MB of a Worker.", min=128, max=10_240)]
Labourers = Annotated[int, typer.Option(help="For what a month without work costs.", min=1, max=10_000)]


def cost(
    session: Session, *, tasks: Tasks = "1e6", duration: Duration = 1.0, memory: Memory = 512, labourers: Labourers = 10
) -> None:
    """Tell what tasks cost with sosw and with others, by AWS's list prices. It asks nobody.

    sosw cost --tasks 1e6 --duration 1.5 --memory 512
    """
    work = Work(tasks=as_number("--tasks", tasks, least=1, most=10**12), seconds=duration, memory=memory)
    if session.as_json:
        session.document(_document(work, labourers))
    else:
        show_cost.cost(session.person(), work, labourers)


def _document(work: Work, labourers: int) -> dict[str, object]:
    return {
        "tasks": work.tasks,
        "duration": work.seconds,
        "memory": work.memory,
        "prices": {"read_on": prices().read_on, "region": prices().region},
        "workers_dollars": round(work.worker_dollars, 6),
        "idle_month_dollars": round(idle_month(labourers), 6),
        "systems": [
            {"system": system.name, "form": system.form, "dollars": round(system.dollars(work), 6)}
            for system in SYSTEMS
        ],
    }
