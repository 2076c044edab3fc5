"""`sosw new schedule`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sosw.cli import scheduling
from sosw.local.templates import read_template
from tests.unit.cli.conftest import Run

JOB = {"lambda_name": "flight-delays", "period": "yesterday", "isolate_days": True}
NIGHTLY = ("new", "schedule", "nightly", "--cron", "30 6 * * ? *", "--time-zone", "Europe/Berlin")
ROOT = Path(__file__).parents[3]


def make(sosw: Run, into: Path, job: Any = JOB, *words: str) -> Any:
    (into / "job.json").write_text(json.dumps(job))
    return sosw(*(words or NIGHTLY), "--job", str(into / "job.json"), "--into", str(into))


def test_a_folder_is_made_and_told_with_what_to_do_next(sosw: Run, tmp_path: Path) -> None:
    ended = make(sosw, tmp_path)
    folder = tmp_path / "nightly"

    assert (ended.code, ended.err) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["template.yaml"]
    assert ended.out.splitlines() == [
        f"made {folder} with template.yaml", "next:", f"  sosw deploy {folder}", "  sosw jobs",
    ]  # fmt: skip


def test_its_template_is_that_of_sosw_with_what_was_said_as_defaults(sosw: Run, tmp_path: Path) -> None:
    odd = {**JOB, "name": "Zoë \u2028 “its” #1: {{x}} ${Name} \uffff \ufeff", "at": "<aws.scheduler.scheduled-time>"}
    make(sosw, tmp_path, odd, *NIGHTLY, "--prefix", "blue")
    found, own = (
        read_template(tmp_path / "nightly" / "template.yaml"),
        read_template(ROOT / "cloudformation" / "schedule.yaml"),
    )
    said = {name: rules.pop("Default", None) for name, rules in found["Parameters"].items()}
    defaults = {name: rules.pop("Default", None) for name, rules in own["Parameters"].items()}

    assert found == own
    assert json.loads(said.pop("Job")) == odd
    given = {"Prefix": "blue", "Name": "nightly", "Schedule": "cron(30 6 * * ? *)", "TimeZone": "Europe/Berlin"}
    assert said == {**{name: value for name, value in defaults.items() if name != "Job"}, **given}


def test_what_people_may_read_in_the_template_is_still_there(sosw: Run, tmp_path: Path) -> None:
    make(sosw, tmp_path)
    text, own = (tmp_path / "nightly" / "template.yaml").read_text(), scheduling.own_template()

    assert [line for line in own.splitlines() if line not in text.splitlines()] == [
        "    Default: sosw",
        "    Default: UTC",
    ]


def test_a_job_that_is_long_is_written_short(sosw: Run, tmp_path: Path) -> None:
    make(sosw, tmp_path, {**JOB, "shops": list(range(700))})
    job = read_template(tmp_path / "nightly" / "template.yaml")["Parameters"]["Job"]["Default"]

    assert len(job.encode()) <= scheduling.MOST_BYTES


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        ({"period": "yesterday"}, "no labourer is named"),
        ({**JOB, "priority": 77}, "priority: 77 must be a whole number from 0"),
        ({**JOB, "time_zone": "Nowhere"}, "time_zone: 'Nowhere' must be the name of a time zone"),
        ({**JOB, "priority": 77, "job_schema_name": "by_shop", "isolate_shops": True}, "priority: 77"),
        ({**JOB, "idempotency_key": "one"}, "idempotency_key: 'one' would not be used: each run has one of its own"),
        ({**JOB, "dry_run": True}, "dry_run: True would make each run do nothing (leave it out)"),
        ({**JOB, "shops": "x" * 4096}, "the job has more than 4,096 bytes"),
        (
            {**JOB, "at": "<aws.scheduler.sceduled-time>"},
            "'<aws.scheduler.sceduled-time>' is no word of the scheduler's",
        ),
        ([1], "job.json: must be"),
    ],
)
def test_a_job_that_the_scheduler_would_refuse_is_refused_and_nothing_is_made(
    sosw: Run, tmp_path: Path, job: Any, sentence: str
) -> None:
    ended = make(sosw, tmp_path, job)

    assert (ended.code, [path.name for path in tmp_path.iterdir()]) == (2, ["job.json"]), ended
    assert sentence.removeprefix("job.json: ") in ended.err


def test_what_only_the_environment_knows_is_no_reason_to_refuse(sosw: Run, tmp_path: Path) -> None:
    ended = make(sosw, tmp_path, {**JOB, "period": "yesturday"})
    assert ended.code == 0
    assert "check: period: 'yesturday' is no period (did you mean 'yesterday'?): right only where" in ended.err

    schema = {"lambda_name": "a", "job_schema_name": "by_shop", "isolate_shops": True, "shops": ["a"]}
    assert make(sosw, tmp_path, schema, "new", "schedule", "shops", "--rate", "1 hour").err == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nightly",), "it is not said when: say one of --rate"),
        (("nightly", "--rate", "1 hour", "--at", "2026-01-31T06:00:00"), "--rate and --at are given: say one of"),
        (("nightly", "--rate", "1 hours"), "--rate: '1 hours' must be a number"),
        (("night ly", "--rate", "1 hour"), "'night ly' is no name of a schedule: 1 to 32 of A-Z"),
        (("x" * 33, "--rate", "1 hour"), "is no name of a schedule"),
        (("nightly", "--rate", "1 hour", "--prefix", "Big"), "--prefix 'Big' must be 1 to 31 of a-z"),
        (("nightly", "--rate", "1 hour", "--time-zone", "Nowhere"), "time_zone: 'Nowhere' must be the name"),
    ],
)
def test_what_cannot_be_deployed_is_refused_and_nothing_is_made(
    sosw: Run, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    ended = make(sosw, tmp_path, JOB, "new", "schedule", *words)

    assert (ended.code, [path.name for path in tmp_path.iterdir()]) == (2, ["job.json"]), ended
    assert sentence in ended.err


def test_a_program_is_told_the_same(sosw: Run, tmp_path: Path) -> None:
    said = make(sosw, tmp_path, JOB, *NIGHTLY, "--prefix", "blue", "--json").json
    folder = str(tmp_path / "nightly")

    assert said == {
        "folder": folder, "files": ["template.yaml"],
        "commands": [f"sosw deploy {folder} --prefix blue", "sosw jobs --prefix blue"],
    }  # fmt: skip
