"""The differences from sosw 0.7.51 that are meant. Each is a rule that foretells our tasks from the peer's.

What no rule foretells is a difference that nobody meant. `docs/explanation/chunking.md` lists the rules by these names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.peer.jobs import Case, with_names

Tasks = list[dict[str, Any]]
Ask = Callable[[Case], "Tasks | None"]
"""The peer's tasks of a case; None where it raises."""
SAYS_NO = "text-that-says-no"
"""A job that is valid there only since it takes such a text for a yes."""
SUNDAY = 6
RULES = ("twice", "lost", "undated", "sunday", "batch-of-one", SAYS_NO)
"""Names of what is otherwise here."""
NO = ("false", "no", "off", "0")


@dataclass(frozen=True)
class Refusal:
    """Here refused, there accepted: `says` stands in the sentence."""

    name: str
    says: str


REFUSALS = (
    Refusal("no-values", "has no values, but they are asked to be isolated"),
    Refusal("two-names", "and only one of them can be chunked"),
    Refusal("misspelt-flag", "is no flag of this job's schema"),
    Refusal("loose-period", "is no period"),
    Refusal("empty-period", "must span 1 to 36,600 days"),
    Refusal("loose-period", 'must be a name or {"from"'),
    Refusal("no-days", "needs a period, or a date_list of days to isolate"),
    Refusal("no-batch", "must be a whole number from 1"),
)


def refusals(sentences: list[str]) -> list[str]:
    """The rules behind what we refuse; `?` for a sentence that no rule knows."""
    return [next((rule.name for rule in REFUSALS if rule.says in said), "?") for said in sentences]


def foretold(case: Case, ask: Ask) -> Iterator[tuple[str, Tasks | None]]:
    """One fault of the peer's after the other is mended in the case: its name, and what the peer then makes of it."""
    for name, mend in (
        ("two-names", _first_names),
        ("twice", _plural),
        ("batch-of-one", _batches),
        (SAYS_NO, _said_no),
        ("sunday", _monday),
    ):
        mended = mend(case)
        if mended != case:
            case = mended
            yield name, ask(case)
    tasks = ask(case)
    if tasks is not None and _is_undated(case, tasks):
        yield "undated", _dated(case, tasks, ask)


def as_mended(case: Case, tasks: Tasks) -> Tasks:
    """Our tasks of the case under the names that mending gives."""
    names = {name: f"{name}s" for name in case.schema}
    plain = [_without_second_names(task, case.schema) for task in tasks]
    return [with_names(task, {**names, **_batch_names(case)}) for task in plain]


def lacks_only(theirs: Tasks, ours: Tasks) -> bool:
    """Whether the peer's tasks are ours, in number, order and values, but for what it has lost of inner levels.

    A flag of an inner level that is lost there leaves the value of an outer one, so flags are left out.
    """
    return len(theirs) == len(ours) and all(
        all(whole.get(key, ...) == value for key, value in less.items() if not key.startswith(("isolate_", "max_")))
        for less, whole in zip(theirs, ours, strict=True)
    )


def _first_names(case: Case) -> Case:
    return replace(case, job=_without_second_names(case.job, case.schema))


def _without_second_names(value: Any, schema: tuple[str, ...]) -> Any:
    """Without the singular name of an attribute that stands beside its plural one; that goes if it has no values."""
    if isinstance(value, list):
        return [_without_second_names(inner, schema) for inner in value]
    if not isinstance(value, dict):
        return value
    both = [name for name in schema if name in value and f"{name}s" in value]
    second = {name if value[f"{name}s"] else f"{name}s" for name in both}
    return {key: _without_second_names(inner, schema) for key, inner in value.items() if key not in second}


def _plural(case: Case) -> Case:
    return replace(case, job=with_names(case.job, {name: f"{name}s" for name in case.schema}))


def _batches(case: Case) -> Case:
    return replace(case, job=with_names(case.job, _batch_names(case)))


def _batch_names(case: Case) -> dict[str, str]:
    return {f"max_{name}_per_batch": f"max_{name}s_per_batch" for name in case.schema}


def _said_no(case: Case) -> Case:
    return replace(case, job=unset(case.job))


def unset(value: Any) -> Any:
    """With false for every flag that is a text that says no."""
    if isinstance(value, list):
        return [unset(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: False if key.startswith(("isolate_", "max_")) and inner in NO else unset(inner)
        for key, inner in value.items()
    }


def _monday(case: Case) -> Case:
    if case.job.get("period") == "last_week" and case.today.weekday() == SUNDAY:
        return replace(case, today=case.today + timedelta(days=1))
    return case


def _is_undated(case: Case, tasks: Tasks) -> bool:
    """Days that were asked for and left alone: a period in a job that is whole, or days that are listed."""
    if case.job.get("period") is not None:
        return any("period" in task for task in tasks)
    return bool(case.job.get("isolate_days"))


def _dated(case: Case, tasks: Tasks, ask: Ask) -> Tasks | None:
    """The tasks of a job for each of its days, as the peer makes them where an attribute is chunked besides."""
    if not case.job.get("isolate_days"):
        return [{**task, "date_list": days} for task in tasks for days in [_days(case, ask)]]
    days = _days(case, ask) if case.job.get("period") is not None else case.job.get("date_list")
    gone = {"period", "isolate_days"}
    plain = [{key: value for key, value in task.items() if key not in gone} for task in tasks]
    return [{**task, "date_list": [day]} for day in days or [] for task in plain]


def _days(case: Case, ask: Ask) -> list[str]:
    job = {"lambda_name": "sales", "period": case.job["period"], "xs": ["x"], "isolate_xs": True}
    tasks = ask(Case(job, ("x",), case.today))
    return list(tasks[0]["date_list"]) if tasks else []
