"""What a reader may copy works: Python runs, JSON is what its reader takes, YAML is in the templates."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sosw.client import SettingsFile
from sosw.domain import destinations
from sosw.domain.assignment import assignment
from sosw.domain.dead_orders import DeadOrder
from sosw.domain.declaration import Declaration
from sosw.domain.messages import Order, Wake
from sosw.domain.orders import ControlOrder
from sosw.domain.report import Report
from sosw.domain.request import JobRequest
from sosw.domain.rounds import Round
from sosw.domain.settings import EssentialSettings
from sosw.domain.stored_values import Loan
from sosw.testing import FakeClock
from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Block
from tests.unit.domain.why_facts import DATABASE, RESOURCE

SETTINGS = EssentialSettings.checked(
    {
        "task_config": {"labourers": {n: {"max_simultaneous_invocations": 1} for n in ("flight-delays", "my-worker")}},
        "job_schema_variants": {
            "flights": {"chunkable_attrs": [["origin", {}], ["carrier", {}]]},
            "words": {"chunkable_attrs": [["word", {}]]},
        },
    }
)
"""Those that the pages speak of."""
REGULATED = replace(SETTINGS, resources={DATABASE: RESOURCE})
HEREDOC = re.compile(r"<<'EOF'\n(.*?)^EOF$", re.MULTILINE | re.DOTALL)


FOLLOWED = md.page("docs/tutorial/on-a-local-aws.md")
"""Its blocks are files and commands: `tests/e2e/test_tutorial.py` does what it says."""


def _all(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{md.name(page)}:{block.line}")
        for page in md.PAGES
        if page != FOLLOWED
        for block in md.blocks(page, language)
    ]


PAGES = [page for page in md.PAGES if page != FOLLOWED and md.blocks(page, "python")]
ON_A_STACK = [
    page
    for page in PAGES
    if any("local_stack" in block.text or "Client()" in block.text for block in md.blocks(page, "python"))
]
"""What they show is run on the local stack by the tests of the tiers `integration` and `e2e`."""


@pytest.mark.parametrize("page", ON_A_STACK, ids=md.name)
def test_python_that_needs_the_local_stack_imports_what_there_is(page: Path) -> None:
    for block in md.blocks(page, "python"):
        _check_imports(block.text)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ON_A_STACK], ids=md.name)
def test_python_of_a_page_runs_from_top_to_bottom_and_prints_what_the_page_shows(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope: dict[str, Any] = {"__name__": "snippet"}
    for block in md.blocks(page, "python"):
        exec(compile("\n" * block.line + block.text, md.name(page), "exec"), scope)  # noqa: S102
    printed = capsys.readouterr().out
    assert not printed or printed in [block.text for block in md.blocks(page, "text")]


@pytest.mark.parametrize("block", _all("shell"))
def test_python_within_shell_commands_is_python(block: Block) -> None:
    for code in HEREDOC.findall(block.text):
        _check_imports(code)


@pytest.mark.parametrize("block", _all("json"))
def test_json_of_the_pages_is_taken_by_its_reader(block: Block) -> None:
    value = json.loads(block.text)
    match value:
        case {"task_config": _}:
            EssentialSettings.checked(value)
        case {"job": _} | {"lambda_name": _}:
            assert list(_payloads(value))
        case {"action": _}:
            assert (Loan.from_event(value) or Report.from_event(value)).to_event() == value
        case {"sosw": {"cancel": _} | {"resume": _}} if "/" not in str(value["sosw"].get("resume")):
            assert Order.from_event(value)
        case {"sosw": {"round": _}}:
            assert Round.from_event(value)
        case {"sosw": {"pause": _} | {"resume": _} | {"limit": _} | {"replay": _} | {"discard": _}}:
            order = DeadOrder.from_event(value) or ControlOrder.from_event(value, REGULATED)
            assert order.to_event() == value
        case {"sosw": _}:
            assert assignment(value)
        case {"requestContext": _}:
            assert isinstance(destinations.read(value), Report)
        case {"wake": _}:
            assert Wake.from_event(value)
        case _:
            assert block.page.name == "slots.md", "nobody reads this kind of JSON"


def test_the_job_of_the_reference_makes_as_many_tasks_as_it_says() -> None:
    page = md.page("docs/reference/jobs.md")
    job = next(json.loads(block.text) for block in md.blocks(page, "json") if "lambda_name" in block.text)
    assert "makes six tasks" in page.read_text("utf-8")
    assert len(_payloads(job)) == 6


@pytest.mark.parametrize("block", _all("yaml"))
def test_yaml_of_the_pages_is_copied_from_the_example_or_can_be_applied(block: Block) -> None:
    if re.search("^labourers:", block.text, re.MULTILINE):
        assert Declaration.of(SettingsFile.parse(block.text, "labourers.yaml").values).over({}).problems == ()
        return
    example = (md.ROOT / "examples" / "flight_delays" / "template.yaml").read_text("utf-8")
    lines = [re.sub(r" +#.*", "", line) for line in block.text.splitlines()]
    assert "\n".join(lines) in example


def _check_imports(code: str) -> None:
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    assert imports
    assert all(hasattr(import_module(str(node.module)), alias.name) for node in imports for alias in node.names)


def _payloads(event: Any) -> list[Any]:
    request = JobRequest.from_event(event, SETTINGS)
    now = FakeClock().now()
    return [task.payload for task in request.tasks(request.job("request-1", now), now)]
