"""`sosw jobs`, `sosw job`, `sosw cancel`: jobs that were submitted."""

from __future__ import annotations

from typing import Annotated

import typer

from sosw.cli import show
from sosw.cli.exits import of_job
from sosw.cli.results import tell
from sosw.cli.session import Session
from sosw.cli.submit import Timeout, WaitFor, check_timeout, follow

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, as `sosw jobs` shows it.")]
Limit = Annotated[int, typer.Option(help="So many of the latest ones.", min=1, max=1000)]
Results = Annotated[bool, typer.Option("--results", help="Print what came of each task that is done.")]
Failures = Annotated[bool, typer.Option("--failures", help="Print each dead task, and why its attempts failed.")]
Running = Annotated[bool, typer.Option("--running", help="Print each task that runs, and how far it says it is.")]
Count = Annotated[
    bool, typer.Option("--count", help="Read every task instead of the totals: exact, and slow for large jobs.")
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the job.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def jobs(session: Session, *, limit: Limit = 20) -> None:
    """List the latest jobs, the newest first.

    sosw jobs --limit 5
    """
    found = [job.known_status for job in session.client().jobs(limit)]
    if session.as_json:
        session.document({"jobs": [status.to_json() for status in found]})
    else:
        show.jobs(session.person(), found)


def job(  # noqa: PLR0913  (one for each option)
    session: Session,
    job_id: JobId,
    *,
    wait: WaitFor = False,
    timeout: Timeout = None,
    results: Results = False,
    failures: Failures = False,
    running: Running = False,
    count: Count = False,
) -> None:
    """Show how a job stands, and what came of it.

    sosw job delays-2013-02 --wait --timeout 600

    sosw job delays-2013-02 --failures
    """
    check_timeout(wait=wait, timeout=timeout)
    found = session.client().job(job_id)
    status = follow(session, found, timeout) if wait else found.known_status
    status = found.status(count=True) if count else status
    tell(session, found, status, done=results, dead=failures, running=running)
    if wait:
        raise typer.Exit(of_job(status))


def cancel(session: Session, job_id: JobId, *, why: Why, yes: Yes = False) -> None:
    """Cancel what of a job has not started; what runs may end, and is not tried again.

    sosw cancel delays-2013-02 --why "the wrong year"
    """
    found = session.client().job(job_id)
    status = found.known_status
    if status.is_finished:
        session.aside(f"job {found.id} is finished: nothing of it is left to cancel")
    elif status.cancelled_why is None:
        session.aside(f"job {found.id} of {found.labourer}: {status}")
        session.confirm(f"Cancel it, with {show.tasks(status.open)} open?", is_sure=yes)
        status = found.cancel(why=why)
    if session.as_json:
        session.document(status.to_json())
    else:
        session.person().print(f"job {found.id}: {status}", markup=False, soft_wrap=True)
