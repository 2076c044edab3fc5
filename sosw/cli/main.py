"""`sosw`: the command line of sosw. It loads what AWS needs when a command is run, never for help."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import sosw
from sosw.cli import apply, backfill, controls, cost, dead, deploy, doctor, jobs, local, new, submit, task
from sosw.cli.everywhere import AsJson, Endpoint, Local, Prefix, Region, everywhere
from sosw.cli.exits import AlreadyTold, Exit, document, of_error
from sosw.cli.session import Session, console
from sosw.domain.errors import SoswError

EPILOG = """
Exit codes: 0 done; 1 refused or failed; 2 wrong usage or input; 3 not finished in time; 4 finished with dead tasks;
5 the doctor found something; 130 interrupted.
"""


class Root(TyperGroup):
    """Tells every mistake in one sentence; with --json as a document besides."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in given[: given.index("--") if "--" in given else None]
        try:
            code = super().main(given, *rest, **{**extra, "standalone_mode": not as_json})
        except AlreadyTold as error:
            sys.exit(_fail(str(error), of_error(error), type(error).__name__, as_json=False))
        except SoswError as error:
            sys.exit(_fail(str(error), of_error(error), type(error).__name__, as_json=as_json))
        except typer.TyperException as error:  # standalone, Typer itself tells it, in a box
            sys.exit(_fail(error.format_message(), Exit.USAGE, type(error).__name__, as_json=as_json))
        if code == Exit.INTERRUPTED:
            _fail("interrupted", Exit.INTERRUPTED, "Interrupted", as_json=as_json)
        sys.exit(code if isinstance(code, int) else Exit.OK)


app = typer.Typer(
    cls=Root,
    name="sosw",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


def _version(is_asked: bool) -> None:  # noqa: FBT001  (Typer's callback of a flag)
    if is_asked:
        sys.stdout.write(f"sosw {sosw.__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    *,
    prefix: Prefix = None,
    region: Region = None,
    endpoint: Endpoint = None,
    local: Local = False,
    as_json: AsJson = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Submit jobs to sosw, follow and end them; declare who does them, see what runs and why no more, pause it."""
    del version
    given = {"prefix": prefix, "region": region, "endpoint": endpoint, "local": local, "as_json": as_json}
    ctx.obj = (ctx.obj or Session()).with_(given)


app.command("submit")(everywhere(submit.submit))
app.command("jobs")(everywhere(jobs.jobs))
app.command("job")(everywhere(jobs.job))
app.command("task")(everywhere(task.task))
app.command("cancel")(everywhere(jobs.cancel))
app.command("backfill")(everywhere(backfill.backfill))
app.command("labourers")(everywhere(controls.labourers))
app.command("why")(everywhere(controls.why))
app.command("pause")(everywhere(controls.pause))
app.command("resume")(everywhere(controls.resume))
app.command("limit")(everywhere(controls.limit))
letters = typer.Typer(name="dead", no_args_is_help=True, help="Dead tasks: list, show, replay and discard them.")
letters.command("list")(everywhere(dead.list_))
letters.command("show")(everywhere(dead.show))
letters.command("replay")(everywhere(dead.replay))
letters.command("discard")(everywhere(dead.discard))
app.add_typer(letters)
app.command("doctor")(everywhere(doctor.doctor))
app.command("apply")(everywhere(apply.apply))
app.command("deploy")(everywhere(deploy.deploy))
app.command("destroy")(everywhere(deploy.destroy))
app.command("migrate")(everywhere(deploy.migrate))
app.command("cost")(everywhere(cost.cost))
beginnings = typer.Typer(name="new", no_args_is_help=True, help="Begin something: a Worker, a schedule.")
beginnings.command("worker")(everywhere(new.worker))
beginnings.command("schedule")(everywhere(new.schedule))
app.add_typer(beginnings)
app.command(
    "local",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
)(everywhere(local.local))


def _fail(sentence: str, code: Exit, kind: str, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"error": document(kind, sentence, code)}, ensure_ascii=False) + "\n")
    console(is_error=True).print(f"sosw: {sentence}", style="red", markup=False, soft_wrap=True)
    return int(code)


def main() -> None:
    """The entry point."""
    app(prog_name="sosw")
