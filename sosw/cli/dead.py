"""`sosw dead list`, `show`, `replay`, `discard`: dead tasks, and what is to become of them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sosw.cli import inputs, show_dead
from sosw.cli.exits import BadInput, Exit
from sosw.cli.session import Session
from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from sosw.client import Client, DeadOrdered, DeadTask
    from sosw.domain.dead import DeadCount

What = Annotated[
    list[str] | None,
    typer.Argument(metavar="TASK|LABOURER", help="Ids of tasks, or names of labourers.", show_default=False),
]
Task = Annotated[
    str | None, typer.Argument(metavar="[TASK]", help="Id of a dead task; the one that died last if left out.")
]
Limit = Annotated[int, typer.Option(help="Show so many, those that died last.", min=0, max=10_000)]
_RATE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(?:/s)?")


@dataclass(frozen=True, kw_only=True)
class Which:
    """Which dead tasks are meant, besides by name."""

    job: Annotated[str | None, typer.Option(metavar="ID", help="Of this job.")] = None
    error: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Whose last error is of this class, such as 'Timeout*'.")
    ] = None
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Died since: 90m, 12h, 7d ago, or 2026-01-31T06:00:00Z.")
    ] = None
    before: Annotated[str | None, typer.Option(metavar="WHEN", help="Died before.")] = None


@dataclass(frozen=True, kw_only=True)
class How:
    """How an order is carried out."""

    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept with each task and in the log.")]
    rate: Annotated[str, typer.Option(metavar="N/s", help="At most so many a second; limits hold besides.")] = "50/s"
    everything: Annotated[bool, typer.Option("--all", help="All dead tasks, where nothing else says which.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how many of what it is about, and do nothing.")] = (
        False
    )
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False

    @property
    def wishes(self) -> dict[str, Any]:
        """As the client takes them; raises `BadInput`."""
        if not self.why.strip():
            raise BadInput('--why must tell why, such as --why "the database is back"')
        found = _RATE.fullmatch(self.rate.strip())
        if not found or not float(found[1]):
            raise BadInput(f"--rate {self.rate!r} must be a number of tasks a second over 0, such as 50/s")
        return {"why": self.why, "rate": float(found[1])}


def list_(session: Session, what: What = None, *, which: Which, limit: Limit = 20) -> None:
    """List dead tasks: how many of which labourer and error, and those that died last.

    sosw dead list

    sosw dead list flight-delays --error 'Timeout*' --since 2h
    """
    from sosw.domain.dead import DeadCount  # noqa: PLC0415  (after --help has been answered)

    found = DeadCount()

    def counted() -> Iterator[DeadTask]:
        for letter in session.client().dead.list(*(what or ()), **asdict(which)):
            found.add(letter.labourer, letter.error, letter.died_at)
            yield letter

    # One at least is asked for, or nothing would be read and counted.
    latest = heapq.nlargest(max(1, limit), counted(), key=lambda letter: letter.died_at)[:limit]
    if session.as_json:
        session.document({**found.to_json(), "tasks": [letter.to_json() for letter in latest]})
    else:
        show_dead.counts(session.person(), found)
        show_dead.letters(session.person(), latest, of=found.total)


def show(session: Session, task: Task = None) -> None:
    """Show a dead task: why it was given up, every failed attempt, and its payload.

    sosw dead show

    sosw dead show delays-2013-02#7
    """
    client = session.client()
    letter = client.dead.show(inputs.task_id(task) if task else _last(client))
    if session.as_json:
        session.document(letter.to_json())
    else:
        show_dead.letter(session.person(), letter)
        show_dead.ways_out(session.person(), letter.task_id, session.words)


def _last(client: Client) -> str:
    """The id of the task that died last."""
    last = max(client.dead.list(), key=lambda letter: letter.died_at, default=None)
    if last is None:
        raise SoswError("no task is dead: there is nothing to show")
    return str(last.task_id)


def replay(
    session: Session,
    what: What = None,
    *,
    which: Which,
    how: How,
) -> None:
    """Try dead tasks anew, with all their attempts again. Shows how many of what, and asks.

    Interrupted, the same command goes on where it was: what was replayed is not dead any more.

    sosw dead replay flight-delays --error 'Timeout*' --why "the database is back"

    sosw dead replay delays-2013-02#7 --why "mended"
    """
    _order(session, "replay", _meant(what, which, how), how)


def discard(
    session: Session,
    what: What = None,
    *,
    which: Which,
    how: How,
) -> None:
    """Look at dead tasks no more: they are cancelled, and leave after their retention. Shows how many, and asks.

    sosw dead discard flight-delays --error NoSuchAirport --why "closed in 2012"
    """
    _order(session, "discard", _meant(what, which, how), how)


def _order(session: Session, order: str, meant: Mapping[str, Any], how: How) -> None:
    """Counted first: whoever agrees to a number gets no more than that."""
    wishes, client = how.wishes, session.client()
    dead, what = client.dead, meant["what"]
    given = meant["given"]
    found = dead.count(*what, **given)
    if how.dry_run or (not found.total and not any("#" in word for word in what)):
        _tell_count(session, order, found, is_dry=how.dry_run)
        return
    show_dead.counts(show_dead.stderr(), found)
    session.confirm(f"{order.capitalize()} {show_dead.tasks(found.total)}?", is_sure=how.yes or not found.total)
    if given["before"] is None and found.last:
        given = {**given, "before": found.last + timedelta(milliseconds=1)}
    carry_out: Callable[..., DeadOrdered] = getattr(dead, order)
    with show_dead.progress(order, found.total) as tell:
        done = carry_out(*what, **given, **wishes, tell=tell)
    if session.as_json:
        session.document({**done.to_json(), "found": found.total})
    else:
        session.person().print(done.said, markup=False, soft_wrap=True)
    if not done.is_whole or done.is_in_vain:
        raise typer.Exit(Exit.FAILED)


def _tell_count(session: Session, order: str, found: DeadCount, *, is_dry: bool) -> None:
    if session.as_json:
        session.document({"order": order, "dry_run": is_dry, **found.to_json()})
    else:
        show_dead.counts(session.person(), found)


def _meant(what: list[str] | None, which: Which, how: How) -> dict[str, Any]:
    given = asdict(which)
    if bool(what or any(given.values())) == how.everything:
        raise BadInput("say which: TASK or LABOURER, --job, --error, --since, --before; or --all by itself")
    return {"what": tuple(what or ()), "given": given}
