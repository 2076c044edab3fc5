"""The local stack: start it, stop it, look at it."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from sosw.domain.errors import SoswError, did_you_mean
from sosw.local.errors import LocalStackError, NotRunning
from sosw.local.health import resource_states, wait_until_healthy
from sosw.local.project import Deployment, deployments
from sosw.local.stack import LocalStack, attach, start

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)

Root = Annotated[Path, typer.Option(help="Folder of the project.")]
Port = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)]
Name = Annotated[str, typer.Argument(help="Name of the function, such as sosw-orchestrator.")]


@app.command()
def up(root: Root = Path(), port: Port = 0) -> None:
    """Start the stack, deploy the Essentials (and a clone's examples), wait until all is ready. Safe to repeat."""
    planned = deployments(root.resolve())
    try:
        stack, is_ours = _same_port(attach(root), port), False
        planned = deployments(stack.root)
    except NotRunning:
        with console.status("starting the local AWS"):
            stack, is_ours = start(root, port=port), True
    try:
        _deploy(stack, planned)
    except BaseException:
        if is_ours:  # nobody asked for half a stack
            stack.stop()
        raise
    _show(stack, planned)


@app.command()
def down(root: Root = Path()) -> None:
    """Stop the stack and everything that runs in it; what it held is gone."""
    try:
        stack = attach(root)
    except NotRunning:
        console.print("the local stack is not running")
        return
    stack.stop()
    console.print("the local stack is stopped")


@app.command()
def status(root: Root = Path()) -> None:
    """Show what is deployed, and how each part is."""
    stack = attach(root)
    table = Table(box=None, header_style="bold")
    for column in ("stack", "kind", "name", "state"):
        table.add_column(column, overflow="fold")
    for stack_name in _stack_names(stack):
        for found in resource_states(stack, stack_name):
            colour = "green" if found.is_settled else "yellow"
            table.add_row(stack_name, found.kind, found.name, f"[{colour}]{found.state}")
    console.print(table)
    console.print(f"endpoint {stack.endpoint}")


@app.command()
def logs(name: Name, root: Root = Path()) -> None:
    """Print what a function has logged."""
    stack = attach(root)
    pages = stack.client("lambda").get_paginator("list_functions").paginate()
    functions = [function["FunctionName"] for page in pages for function in page["Functions"]]
    if name not in functions:
        raise LocalStackError(f"there is no function {name!r} in the local stack: {did_you_mean(name, functions)}")
    for line in stack.logs(name):
        console.print(line, markup=False)


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """What the machine or the local AWS does wrong inside is told as a `LocalStackError`."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(f"the local stack did not answer as it should: {error}") from error
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise LocalStackError(f"{what}: the local stack needs a folder that it may write to") from error


def main() -> None:
    """`python -m sosw.local`: a mistake of the user's, or of the machine's, is one sentence and exit code 1."""
    try:
        with sentences():
            app()
    except SoswError as error:
        complaints.print(f"sosw: {error}", markup=False, style="red")
        sys.exit(1)


def _same_port(stack: LocalStack, port: int) -> LocalStack:
    if port not in (0, stack.server.record.port):
        raise LocalStackError(
            f"the local stack runs on port {stack.server.record.port}: stop it first with `sosw local down`"
        )
    return stack


def _deploy(stack: LocalStack, planned: list[Deployment]) -> None:
    with console.status("") as line:
        for deployment in planned:
            line.update(f"deploying {deployment.stack_name}")
            stack.deploy(deployment.template, deployment.stack_name)
        line.update("waiting until all is ready")
        wait_until_healthy(stack, [deployment.stack_name for deployment in planned])


def _stack_names(stack: LocalStack) -> list[str]:
    pages = stack.client("cloudformation").get_paginator("describe_stacks").paginate()
    return sorted(found["StackName"] for page in pages for found in page["Stacks"])


def _show(stack: LocalStack, planned: list[Deployment]) -> None:
    console.print("[green]the local stack is up[/green]")
    stacks = ", ".join(deployment.stack_name for deployment in planned)
    for name, value in (("endpoint", stack.endpoint), ("stacks", stacks), ("log", stack.server.log)):
        console.print(f" {name:9} {value}", markup=False)
    console.print("\nto use it with any AWS tool or SDK:")
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in stack.variables.items())
    console.print(f"  export {exports}")
    sosw = _command()
    console.print(f"to use it with sosw's own command: {sosw} labourers --local")
    console.print(f"to look at it: {sosw} local status | logs NAME    to stop it: {sosw} local down")


def _command() -> str:
    """`sosw`, as it can be typed here: the one beside this Python, by its path if the shell would take another one."""
    beside = Path(sys.executable).with_name("sosw")
    if shutil.which("sosw") == str(beside):
        return "sosw"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else "sosw"
