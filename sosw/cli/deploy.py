"""`sosw deploy`, `sosw destroy` and `sosw migrate`: the Essentials and their tables, from nothing to away again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sosw.cli import show_deploy
from sosw.cli.exits import BadInput
from sosw.cli.session import Session, enter

if TYPE_CHECKING:
    from sosw.deploy import Deployment, DeployPlan, Site

Stack = Annotated[
    str | None, typer.Option("--stack", metavar="NAME", help="Name of the stack; the prefix if left out.")
]
Parameter = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter of the template; repeat it for each."),
]
Template = Annotated[
    Path | None, typer.Option("--template", metavar="FILE", help="Another template than sosw's own, such as a copy.")
]
Bucket = Annotated[
    str | None,
    typer.Option("--bucket", metavar="NAME", help="For packages; sosw-packages-ACCOUNT-REGION if left out."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan; nothing is changed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="Although tasks wait or run: they are left as they are.")]
DeleteData = Annotated[
    bool, typer.Option("--delete-data", help="Delete the tables and the archive, too. Nothing brings them back.")
]


def deploy(
    session: Session, *, stack: Stack = None, parameter: Parameter = None, template: Template = None,
    bucket: Bucket = None, dry_run: DryRun = False, yes: Yes = False,
) -> None:  # fmt: skip
    """Show what a deployment of the Essentials would change, ask, and deploy them: anew, or over what is there.

    sosw deploy --region eu-west-1 --dry-run

    sosw deploy --prefix staging --parameter LogRetentionDays=7 --yes
    """
    given, prefix, site = dict(map(_pair, parameter or [])), _prefix(session), _site(session)
    from sosw.deploy import Deployment, Wanted  # noqa: PLC0415  (after the command line was understood)

    deployment = Deployment(site, prefix)
    plan = deployment.plan(
        Wanted(prefix=prefix, stack=stack or prefix, parameters=given, template=template, bucket=bucket)
    )
    if not _is_agreed(session, deployment, plan, dry_run=dry_run, yes=yes):
        _end(session, plan, is_deployed=False)
        return
    done = deployment.carry_out(plan, show_deploy.Progress(session.as_json))
    if not session.as_json:
        show_deploy.deployed(session.person(), done, session.words)
    _end(session, plan, is_deployed=True)


def _is_agreed(session: Session, deployment: Deployment, plan: DeployPlan, *, dry_run: bool, yes: bool) -> bool:
    """Whether the plan that was shown is to be carried out; what it has left with AWS is taken back if not."""
    try:
        if not (session.as_json and (dry_run or yes)):
            show_deploy.plan(show_deploy.out(session), plan)
        if not (dry_run or plan.is_empty):
            session.confirm(f"Deploy stack {plan.wanted.stack}?", is_sure=yes)
            return True
    except BaseException:
        deployment.forget(plan)
        raise
    deployment.forget(plan)
    return False


def destroy(
    session: Session, *, stack: Stack = None, delete_data: DeleteData = False, force: Force = False,
    dry_run: DryRun = False, yes: Yes = False,
) -> None:  # fmt: skip
    """Take the Essentials away. Tables and archive stay, and the next deployment takes them over.

    sosw destroy --prefix staging

    sosw destroy --prefix staging --delete-data --yes
    """
    prefix, site = _prefix(session), _site(session)
    from sosw.deploy import Demolition  # noqa: PLC0415  (after the command line was understood)

    demolition = Demolition(site)
    plan = demolition.plan(stack or prefix, prefix)
    if not (session.as_json and (dry_run or yes)):
        show_deploy.demolition(show_deploy.out(session), plan, delete_data=delete_data)
    demolition.refuse(plan, force=force)
    if not dry_run:
        what = f"stack {plan.name}" if plan.stack else f"what stack {plan.name} has left"
        session.confirm(f"Delete {what}{', and all its data' * delete_data}?", is_sure=yes)
        told = show_deploy.Progress(session.as_json)
        demolition.carry_out(plan, delete_data=delete_data, force=force, tell=told)
    if session.as_json:
        session.document({"destroyed": not dry_run, "data_deleted": delete_data and not dry_run, **plan.to_json()})
    elif not dry_run:
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


def _end(session: Session, plan: DeployPlan, *, is_deployed: bool) -> None:
    if session.as_json:
        session.document({"deployed": is_deployed, **plan.to_json()})


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadInput(f"--parameter {text!r} must be NAME=VALUE, such as LogRetentionDays=7")
    return name, value


def _prefix(session: Session) -> str:
    from sosw.settings import prefix  # noqa: PLC0415  (after the command line was understood)

    return session.prefix or prefix()


def _site(session: Session) -> Site:
    """Where the options lead to."""
    try:
        from sosw.deploy import Site  # noqa: PLC0415  (heavy: only who asks for it pays)
    except ModuleNotFoundError as error:
        raise BadInput(f"this needs {error.name}, which is not installed: install sosw[deploy]") from error
    enter(session)
    return Site.on_aws(region=session.region, endpoint=session.endpoint)
