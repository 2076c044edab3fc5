"""`sosw submit`: a job to the Scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sosw.cli import inputs, show
from sosw.cli.exits import BadInput, of_job
from sosw.cli.session import Session

if TYPE_CHECKING:
    from sosw.client import JobStatus, SubmittedJob

WaitFor = Annotated[bool, typer.Option("--wait", help="Wait until the job is finished.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="With --wait: at most so long.", min=0)]
DryRunOnly = Annotated[bool, typer.Option("--dry-run", help="Tell what it would do; nothing is written.")]


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """What is said of a job, and whether it is waited for."""

    labourer: Annotated[
        str | None,
        typer.Argument(
            metavar="LABOURER", help="Who does it; not needed if the file of --job says it.", show_default=False
        ),
    ] = None
    attr: Annotated[
        list[str] | None,
        typer.Option(
            help="Attribute of the job: JSON where it is JSON, else text. Repeat it for each one.", metavar="KEY=VALUE"
        ),
    ] = None
    job: Annotated[str | None, typer.Option(metavar="FILE", help="JSON of a job, or - for stdin.")] = None
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Idempotency key, the job's id: submitted twice it is one job. 1–64 of A–Z a–z 0–9 . _ : -",
        ),
    ] = None
    priority: Annotated[int | None, typer.Option(help="0 first … 9 last; 5 if not given.", min=0, max=9)] = None
    not_before: Annotated[
        str | None, typer.Option(metavar="ISO", help="Start no task before, such as 2026-01-31T06:00:00+01:00.")
    ] = None
    wait: WaitFor = False
    timeout: Timeout = None

    @property
    def event(self) -> dict[str, Any]:
        """The job, without what was said of how to take it; raises `BadInput`, `InvalidInput`."""
        check_timeout(wait=self.wait, timeout=self.timeout)
        return inputs.job(self.labourer, self.job, self.attr or [])

    @property
    def wishes(self) -> dict[str, Any]:
        """What was said of how to take the job."""
        said = {"idempotency_key": self.key, "priority": self.priority, "not_before": self.not_before}
        return {name: value for name, value in said.items() if value is not None}


def submit(session: Session, options: JobOptions, *, dry_run: DryRunOnly = False) -> None:
    """Submit a job to LABOURER, and say how many tasks it makes.

    sosw submit flight-delays --attr period=last_7_days --attr isolate_days=true

    sosw submit --job job.json --key delays-2013-02 --wait --timeout 600

    echo '{"lambda_name": "my-worker", "words": ["a", "b"]}' | sosw submit --job - --json
    """
    event = options.event | options.wishes
    if dry_run:
        preview(session, event)
    else:
        send(session, event, options)


def check_timeout(*, wait: bool, timeout: float | None) -> None:
    """Raises `BadInput` for a time-out of nothing."""
    if timeout is not None and not wait:
        raise BadInput("--timeout is for --wait: say both, or none")


def preview(session: Session, event: Mapping[str, Any]) -> None:
    """Show what the job would do."""
    found = session.client().dry_run_event(event).to_json()
    if session.as_json:
        session.document(found)
    else:
        show.dry_run(session.person(), found)


def send(session: Session, event: Mapping[str, Any], options: JobOptions) -> None:
    """Submit the job, and wait for it where that is wanted; the exit code tells how it ended."""
    job = session.client().submit_event(event)
    if not session.as_json:
        show.submitted(session.person(), job, is_waited_for=options.wait, words=session.words)
    status = follow(session, job, options.timeout) if options.wait else job.known_status
    if session.as_json:
        session.document({**status.to_json(), "created_now": job.created, "is_duplicate": job.is_duplicate})
    if options.wait:
        raise typer.Exit(of_job(status))


def follow(session: Session, job: SubmittedJob, timeout: float | None) -> JobStatus:
    """Wait for the job with progress on stderr; tells how to go on where somebody interrupts that."""
    try:
        return job.wait(progress=True, timeout=timeout)
    except KeyboardInterrupt:
        session.aside(
            f"the job goes on: see it by `sosw job {job.id} --wait{session.words}`, "
            f"end it by `sosw cancel {job.id} --why …{session.words}`"
        )
        raise
