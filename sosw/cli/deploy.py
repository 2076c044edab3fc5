"""`sosw deploy`, `sosw destroy` and `sosw migrate`: sosw's own stack, and those beside it, from nothing to away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sosw.cli import show_deploy
from sosw.cli.exits import AlreadyTold, BadInput, document, of_error
from sosw.cli.session import Session, enter
from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from sosw.deploy import Demolition, Deployment, DeployPlan, DestroyPlan, Kind, Site, Wanted
    from sosw.domain.stacks import StackFacts


@dataclass(frozen=True, kw_only=True)
class Which:
    """Which stack it is about; sosw's own if nothing is said."""

    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="A stack of yours: a folder with template.yaml, or a template.", show_default=False
        ),
    ] = None
    watch: Annotated[bool, typer.Option("--watch", help="The alarms and the dashboard of the environment.")] = False
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack", metavar="NAME", help="Its name; if left out the prefix, PREFIX-watch, or that of the folder."
        ),
    ] = None

    def kind(self, session: Session, template: Path | None = None) -> Kind:
        """Raises `BadInput`, `InvalidInput` and `TemplateInvalid` for what names none."""
        from sosw.deploy import own_stack, stack_at, watch_stack  # noqa: PLC0415  (heavy: only who asks for it pays)
        from sosw.settings import prefix  # noqa: PLC0415  (as above)

        said = {"--watch": self.watch, "PATH": self.path, "--template": template}
        named = [name for name, value in said.items() if value]
        if len(named) > 1:
            raise BadInput(f"{' and '.join(named)} are different stacks: say one of them")
        is_said = bool(session.prefix or os.environ.get("SOSW_PREFIX"))
        environment = session.prefix or prefix()
        if self.watch:
            return watch_stack(environment, is_said=is_said)
        if self.path is not None:
            return stack_at(self.path, environment, is_said=is_said)
        return own_stack(environment, is_said=is_said, template=template)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the stack is to be made of."""

    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter of the template; repeat it for each."),
    ] = None
    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="Another template than sosw's own, such as a copy."),
    ] = None
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", metavar="NAME", help="For packages; sosw-packages-ACCOUNT-REGION if left out."),
    ] = None

    @property
    def parameters(self) -> dict[str, str]:
        """By name; raises `BadInput`."""
        found: dict[str, str] = {}
        for text in self.parameter or []:
            name, equals, value = text.partition("=")
            if not (name and equals):
                raise BadInput(f"--parameter {text!r} must be NAME=VALUE, such as LogRetentionDays=7")
            if name in found:
                raise BadInput(f"--parameter {name} is given twice: say one of them")
            found[name] = value
        return found


Replace = Annotated[
    bool, typer.Option("--replace", help="With --yes: although something is removed or replaced, with what it holds.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan; nothing is changed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="Although tasks wait or run: they are left as they are.")]
DeleteData = Annotated[
    bool, typer.Option("--delete-data", help="Delete the tables and the archive, too. Nothing brings them back.")
]


def deploy(
    session: Session, which: Which, content: Content, *, dry_run: DryRun = False, yes: Yes = False,
    replaces: Replace = False,
) -> None:  # fmt: skip
    """Show what a deployment would change, ask, and do it: sosw's own stack, its alarms, or a Worker of yours.

    sosw deploy --region eu-west-1 --dry-run

    sosw deploy --prefix staging --parameter LogRetentionDays=7 --yes

    sosw deploy my-worker

    sosw deploy --watch --parameter AlarmTopicArn=arn:aws:sns:eu-west-1:123456789012:pager
    """
    given, site = content.parameters, _site(session)
    from sosw.deploy import Deployment  # noqa: PLC0415  (after the command line was understood)

    deployment = Deployment(site)
    with _told_of_templates():
        plan = deployment.plan(_wanted(session, which, content, given))
    is_agreed = _is_agreed(session, deployment, plan, dry_run=dry_run, yes=yes, replaces=replaces)
    done = _carried_out(session, deployment, plan) if is_agreed else None
    if not dry_run and (trouble := deployment.note(plan)):
        session.aside(trouble)
    if session.as_json:
        session.document(show_deploy.document(plan, done))
    elif done:
        show_deploy.deployed(session.person(), done, plan.wanted.kind.next_steps(), _words(session, plan))


def _wanted(session: Session, which: Which, content: Content, given: dict[str, str]) -> Wanted:
    from sosw.deploy import Wanted  # noqa: PLC0415  (after the command line was understood)

    kind, there = which.kind(session, content.template), replace(session, prefix=None).words
    return Wanted(kind=kind, stack=which.stack or "", parameters=given, bucket=content.bucket, words=there)


def _carried_out(session: Session, deployment: Deployment, plan: DeployPlan) -> StackFacts:
    with _told_of_interruption(session, plan.name):
        return deployment.carry_out(plan, show_deploy.Progress(session.as_json))


def _is_agreed(
    session: Session, deployment: Deployment, plan: DeployPlan, *, dry_run: bool, yes: bool, replaces: bool
) -> bool:
    """Whether the plan that was shown is to be carried out; what it has left with AWS is taken back if not."""
    try:
        if not (session.as_json and (dry_run or yes)):
            show_deploy.plan(show_deploy.out(session), plan)
        if not (dry_run or plan.is_empty):
            deployment.refuse(plan, is_sure=yes, replaces=replaces)
            session.confirm(f"Deploy stack {plan.name}?", is_sure=yes)
            return True
    except BaseException:
        deployment.forget(plan)
        raise
    deployment.forget(plan)
    return False


def destroy(
    session: Session, which: Which, *, delete_data: DeleteData = False, force: Force = False, dry_run: DryRun = False,
    yes: Yes = False,
) -> None:  # fmt: skip
    """Take a stack away. Of sosw's own, tables and archive stay, and the next deployment takes them over.

    sosw destroy my-worker

    sosw destroy --prefix staging

    sosw destroy --prefix staging --delete-data --yes
    """
    if delete_data and (which.path or which.watch):
        raise BadInput("--delete-data is for the tables and the archive of sosw's own stack: leave it out")
    site = _site(session)
    from sosw.deploy import Demolition  # noqa: PLC0415  (after the command line was understood)

    demolition = Demolition(site)
    with _told_of_templates():
        plan = demolition.plan(which.kind(session), which.stack)
    if not (session.as_json and (dry_run or yes)):
        show_deploy.demolition(show_deploy.out(session), plan, delete_data=delete_data)
    _refuse(session, demolition, plan, force=force, is_told=dry_run and session.as_json)
    if not dry_run:
        what = f"stack {plan.name}" if plan.stack else f"what stack {plan.name} has left"
        session.confirm(f"Delete {what}{', and all its data' * delete_data}?", is_sure=yes)
        with _told_of_interruption(session, plan.name):
            told = show_deploy.Progress(session.as_json)
            demolition.carry_out(plan, delete_data=delete_data, force=force, tell=told)
    _told_of_end(session, plan, is_done=not dry_run, delete_data=delete_data)


def _refuse(session: Session, demolition: Demolition, plan: DestroyPlan, *, force: bool, is_told: bool) -> None:
    """Raises `StillInUse`; `is_told`: the document of the plan says it, too, with all that is in the way."""
    try:
        demolition.refuse(plan, force=force)
    except SoswError as error:
        if not is_told:
            raise
        said = {"error": document(type(error).__name__, str(error), of_error(error))}
        session.document({"destroyed": False, "data_deleted": False, **plan.to_json(), **said})
        raise AlreadyTold(str(error)) from error


def _told_of_end(session: Session, plan: DestroyPlan, *, is_done: bool, delete_data: bool) -> None:
    if session.as_json:
        session.document({"destroyed": is_done, "data_deleted": delete_data and is_done, **plan.to_json()})
    elif is_done:
        show_deploy.destroyed(session.person(), plan, delete_data=delete_data)


def migrate(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Bring tables that an older sosw has written to the version that this one works with.

    sosw migrate --dry-run
    """
    schema = session.client().schema()
    before, steps = schema.version, [each.what for each in schema.steps]
    if not session.as_json:
        show_deploy.schema(session.person(), schema)
    if steps and not dry_run:
        session.confirm(f"Take {len(steps)} steps?", is_sure=yes)
        schema.migrate()
    elif not dry_run and not schema.is_noted:
        schema.note()
    if session.as_json:
        session.document({"migrated": bool(steps) and not dry_run, "version": before, "steps": steps})


def _words(session: Session, plan: DeployPlan) -> str:
    """The global options for what comes next: the template may have named the environment."""
    from sosw.settings import prefix  # noqa: PLC0415  (after the command line was understood)

    return replace(session, prefix=session.prefix or (plan.prefix if plan.prefix != prefix() else None)).words


@contextmanager
def _told_of_interruption(session: Session, stack: str) -> Iterator[None]:
    """Who stops the looking is told that AWS goes on."""
    try:
        yield
    except KeyboardInterrupt:
        session.aside(
            f"if AWS has begun with stack {stack}, it goes on: how it stands is told by the same command with --dry-run"
        )
        raise


@contextmanager
def _told_of_templates() -> Iterator[None]:
    """A template that is none is a wrong input."""
    from sosw.local.errors import TemplateInvalid  # noqa: PLC0415  (after the command line was understood)

    try:
        yield
    except TemplateInvalid as error:
        raise BadInput(str(error)) from error


def _site(session: Session) -> Site:
    """Where the options lead to."""
    try:
        from sosw.deploy import Site  # noqa: PLC0415  (heavy: only who asks for it pays)
    except ModuleNotFoundError as error:
        raise BadInput(f"this needs {error.name}, which is not installed: install sosw[deploy]") from error
    enter(session)
    return Site.on_aws(region=session.region, endpoint=session.endpoint)
