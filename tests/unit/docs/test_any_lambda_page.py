"""docs/howto/any-lambda-as-a-worker.md names the classes of errors as the code does."""

from __future__ import annotations

import json

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from sosw.domain import destinations
from sosw.domain.assignment import RESERVED_KEYS, worker_event
from sosw.domain.jsontext import MAX_RESULT_BYTES
from sosw.domain.report import REPORTED
from sosw.domain.retry_settings import NEVER
from tests.factories import a_task
from tests.unit.docs import markdown as md

PAGE = md.page("docs/howto/any-lambda-as-a-worker.md")
TEXT = PAGE.read_text("utf-8")
OURS = {
    destinations.TIMED_OUT,
    destinations.CRASHED,
    destinations.OUT_OF_MEMORY,
    destinations.EVENT_AGE_EXCEEDED,
    destinations.NON_RETRYABLE,
}


def test_the_page_has_every_parameter_of_the_template_with_its_default() -> None:
    template = md.ROOT / "cloudformation" / "worker.yaml"
    parameters = json.loads(json.dumps(cfn_yaml.load(str(template))))["Parameters"]
    table = next(rows for rows in md.tables(PAGE, under="The template") if "parameter" in rows[0])
    told = {
        name: default
        for row in table
        for name, default in zip(
            md.codes(row["parameter"]), row["if left out"].replace("`", "").split(", "), strict=True
        )
    }
    assert told == {name: str(parameter["Default"]) for name, parameter in parameters.items()}


def test_every_class_that_the_code_gives_is_on_the_page() -> None:
    (table,) = md.tables(PAGE, under="What sosw knows")
    named = {code for row in table for cell in ("what happened", "the task") for code in md.codes(row[cell])}
    assert named >= OURS


def test_the_policies_of_the_page_are_of_classes_that_the_code_gives() -> None:
    (policies,) = (block.text for block in md.blocks(PAGE, "yaml") if "errors:" in block.text)
    named = {line.split(":")[0].strip() for line in policies.split("errors:")[1].splitlines() if line.strip()}
    assert named <= OURS
    assert f"OutOfMemory: {NEVER}" in policies


def test_the_page_tells_what_a_handler_gets_beside_the_payload() -> None:
    event = worker_event(a_task())
    assert all(f"`{key}`" in TEXT for key in RESERVED_KEYS)
    assert "four keys of sosw 0.7" in TEXT
    assert len(event.keys() - a_task().payload.keys() - set(RESERVED_KEYS)) == 4


def test_the_page_tells_how_much_is_kept_and_what_a_worker_of_ours_returns() -> None:
    assert f"{MAX_RESULT_BYTES // 1024} KB" in TEXT
    assert f'{{"{REPORTED}": "fail"}}' in TEXT
