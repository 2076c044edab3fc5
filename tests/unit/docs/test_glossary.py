"""The glossary has the words of the code."""

import re

from sosw.domain.task import Task, TaskState
from sosw.settings import Names
from tests.unit.docs import markdown as md
from tests.unit.docs.test_lifecycle_page import MOVES

PAGE = md.page("docs/glossary.md")
ROWS = [row for table in md.tables(PAGE) for row in table]
WORDS = {word for row in ROWS for word in re.findall(r"\*\*([^*]+)\*\*", row["word"])}


def test_every_state_of_a_task_is_explained() -> None:
    assert {state.value for state in TaskState} <= WORDS


def test_every_move_is_explained_by_its_own_word_or_by_its_actor() -> None:
    own = {move.replace("_", " ") for move in MOVES} - {"create", "complete", "fail"}
    assert own <= WORDS
    assert {"report", "failure", "task"} <= WORDS  # of complete, fail, create


def test_every_essential_is_explained() -> None:
    essentials = {"".join(part.title() for part in name.split("-")[1:]) for name in Names("x").functions}
    assert essentials <= WORDS


def test_a_field_of_a_task_that_people_speak_of_is_a_word() -> None:
    bookkeeping = {
        "id",
        "job_id",
        "created_at",
        "started_at",
        "payload_at",
        "result_at",
        "closed_at",
        "expires_at",
        "state",
        "failures",
        "is_recalled",
        "snoozes",
        "snoozed_attempt",
        "request_id",
        "log_stream",
        "log_group",
    }
    assert set(Task.__dataclass_fields__) - bookkeeping <= WORDS


def test_no_word_is_explained_twice_and_every_one_is_explained() -> None:
    heads = [word for row in ROWS for word in re.findall(r"\*\*([^*]+)\*\*", row["word"])]
    assert len(heads) == len(set(heads))
    assert [row["word"] for row in ROWS if not row["meaning"].endswith((".", "`.", "*"))] == []
