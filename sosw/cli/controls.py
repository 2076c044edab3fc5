"""`sosw labourers`, `sosw why`, `sosw pause`, `sosw resume`, `sosw limit`: what runs, why no more, orders about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sosw.cli import show, show_controls
from sosw.cli.exits import BadInput
from sosw.cli.session import Session

if TYPE_CHECKING:
    from sosw.client import Ordered

Log = Annotated[bool, typer.Option("--log", help="Tell what was changed, by whom and why: the latest 20 changes.")]
Reason = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept, and shown to whoever asks.")]
MayBeReason = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept in the log.")]
To = Annotated[str, typer.Option("--to", metavar="N", help="At most so many at once, 0 … 10,000; none lifts it.")]
About = Annotated[
    str | None,
    typer.Argument(metavar="TASK|LABOURER", help="Id of a task, or name of a labourer.", show_default=False),
]
NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an order is about: one of these."""

    labourer: Annotated[
        str | None, typer.Argument(metavar="LABOURER", help="Name of a labourer.", show_default=False)
    ] = None
    resource: Annotated[str | None, typer.Option(metavar="NAME", help="A resource, and all who draw on it.")] = None
    everything: Annotated[bool, typer.Option("--all", help="All labourers.")] = False

    @property
    def name(self) -> str:
        """As the client takes it; raises `BadInput` unless it is one."""
        return _one("LABOURER", self.labourer, self.resource, everything=self.everything)


def labourers(session: Session) -> None:
    """List the labourers and the resources: what runs, what is due, and why no more.

    sosw labourers
    """
    client = session.client()
    found, resources = client.labourers(), client.resources()
    if session.as_json:
        plain: dict[str, Any] = {"labourers": [each.to_json() for each in found]}
        session.document(plain | {"resources": [each.to_json() for each in resources]})
    else:
        show_controls.labourers(session.person(), found, resources)


def why(
    session: Session,
    about: About = None,
    *,
    resource: Annotated[str | None, typer.Option(metavar="NAME", help="Ask about a resource.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ask what is ordered of everything.")] = False,
    log: Log = False,
) -> None:
    """Tell why a task waits, or why a labourer runs no more than it does.

    sosw why delays-2013-02#7

    sosw why flight-delays --log
    """
    client = session.client()
    name = _one("TASK or LABOURER", about, resource, everything=everything)
    if log and "#" in name:
        raise BadInput("--log is of a labourer, of --resource or of --all: tasks have none")
    answer = client.why(name)
    lines = client.log(name) if log else []
    if session.as_json:
        told = {"log": [line.to_json() for line in lines]} if log else {}
        plain = {"reason": answer.reason.value, "why": answer.headline, "more": list(answer.more)}
        session.document({"about": name, **plain, **told})
    else:
        show_controls.answer(session.person(), name, answer)
        if answer.reason.value == "dead":
            show.ways_out(session.person(), name, session.words)
        show_controls.log(session.person(), lines, is_wanted=log)


def pause(session: Session, target: Target, *, why: Reason) -> None:
    """Start nothing more of a labourer, a resource, or everything; what runs may end.

    sosw pause flight-delays --why "the database is being moved"

    sosw pause --all --why "an incident"
    """
    name = target.name
    _tell(session, session.client().pause(name, why=_reason(why)))


def resume(session: Session, target: Target, *, why: MayBeReason = "") -> None:
    """End a pause, and start at once what may start.

    sosw resume flight-delays
    """
    name = target.name
    _tell(session, session.client().resume(name, why=why))


def limit(session: Session, target: Target, *, to: To, why: Reason) -> None:
    """Let no more run at once than this; it never allows more than the settings do.

    sosw limit flight-delays --to 10 --why "too many connections"

    sosw limit --resource rds:orders --to none --why "the new disk is there"
    """
    name, number = target.name, _number(to)
    _tell(session, session.client().limit(name, number, why=_reason(why)))


def _tell(session: Session, done: Ordered) -> None:
    if session.as_json:
        session.document(done.to_json())
    else:
        show_controls.ordered(session.person(), done)


def _one(what: str, name: str | None, resource: str | None, *, everything: bool) -> str:
    """The client's word for the one thing that is named; raises `BadInput` for none and for several."""
    named = [name] if name else []
    named += [f"resource/{resource}"] if resource else []
    named += ["everything"] if everything else []
    if len(named) != 1:
        raise BadInput(f"name one: {what}, --resource NAME, or --all")
    return named[0]


def _reason(why: str) -> str:
    if not why.strip():
        raise BadInput('--why must tell why, such as --why "the database is being moved"')
    return why


def _number(to: str) -> int | None:
    if to.lower() == NONE:
        return None
    try:
        return int(to)
    except ValueError as error:
        raise BadInput(f"--to {to!r} must be a whole number from 0 to 10,000, or none to lift the limit") from error
