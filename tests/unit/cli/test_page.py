"""The pages of the command and of the client say what there is, all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import typer.main

import sosw.client
from sosw.cli.exits import Exit
from sosw.cli.main import app
from sosw.client import (
    Client,
    Dead,
    DeadTask,
    JobStatus,
    LabourerStatus,
    Reason,
    ResourceStatus,
    SubmittedJob,
    TaskHistory,
)
from sosw.domain.dead_orders import Fate
from sosw.domain.history import What
from tests.unit.cli.test_jobs import KEYS
from tests.unit.docs import markdown as md

CLI, CLIENT = md.page("docs/reference/cli.md"), md.page("docs/reference/client.md")
NOT_TOLD = {"--help", "--version", "--install-completion", "--show-completion"}


def commands() -> dict[str, Any]:
    root: Any = typer.main.get_command(app)
    return dict(_leaves(root.commands))


def _leaves(found: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in found.items():
        if hasattr(command, "commands"):
            yield from _leaves(command.commands, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def options(command: Any) -> set[str]:
    found = {each for parameter in command.params for each in parameter.opts if each.startswith("--")}
    return found - NOT_TOLD


def told(heading: str) -> list[md.Row]:
    (table,) = md.tables(CLI, under=heading)
    return table


def test_every_command_is_told() -> None:
    assert {row["command"].strip("`") for row in told("Commands")} == {f"sosw {name}" for name in commands()}


def test_every_option_is_told_with_its_commands() -> None:
    everywhere = {row["option"].strip("`") for row in told("Everywhere")}
    page = {(name, row["option"].strip("`")) for row in told("Options") for name in md.codes(row["of"])}
    code = {(name, option) for name, command in commands().items() for option in options(command) - everywhere}

    assert page == code
    assert all(everywhere <= options(command) for command in commands().values())


def test_every_exit_code_is_told() -> None:
    assert [int(row["code"]) for row in told("Exit codes")] == [int(code) for code in Exit]


def test_every_key_of_a_job_in_json_is_told() -> None:
    page = {key for row in told("JSON") for key in md.codes(row["key"])}
    assert page == KEYS | {"created_now", "is_duplicate", "results", "failures", "running"}


def test_every_method_of_the_client_is_told() -> None:
    text = CLIENT.read_text("utf-8")
    for kind in (Client, SubmittedJob, Dead):
        names = {name for name in vars(kind) if not name.startswith("_")}
        assert {name for name in names if not re.search(rf"`{name}\b", text)} == set()


def test_every_error_of_the_client_is_told() -> None:
    errors = {name for name in sosw.client.__all__ if issubclass(getattr(sosw.client, name), Exception)}
    assert errors <= set(md.codes(md.section(CLIENT, "Errors")))


def test_a_status_has_what_the_json_has() -> None:
    names = {each.name for each in fields(JobStatus)} | {"is_finished", "open"}
    assert names == KEYS


def test_every_key_of_a_labourer_and_of_a_resource_in_json_is_told() -> None:
    keys, _ = md.tables(CLI, under="Labourers in JSON")
    names = {each.name for kind in (LabourerStatus, ResourceStatus) for each in fields(kind)}
    assert {key for row in keys for key in md.codes(row["key"])} == names


def test_every_key_of_a_dead_task_and_of_an_order_about_them_is_told() -> None:
    (rows,) = md.tables(CLI, under="Dead tasks in JSON")
    page = {of: {key for row in rows if row["of"] == of for key in md.codes(row["key"])} for of in ("task", "order")}
    assert page == {"task": {each.name for each in fields(DeadTask)}, "order": {fate.value for fate in Fate}}


def test_every_key_and_every_step_of_a_task_in_json_is_told() -> None:
    names = {each.name for each in fields(TaskHistory)} - {"failures", "region"}
    assert {key for row in told("A task in JSON") for key in md.codes(row["key"])} >= names
    section = md.section(CLI, "A task in JSON")
    assert {what.value for what in What} <= set(md.codes(section.rpartition("`what` is")[2]))


def test_every_reason_is_told() -> None:
    _, reasons = md.tables(CLI, under="Labourers in JSON")
    assert {word for row in reasons for word in md.codes(row["`reason`"])} == {reason.value for reason in Reason}
