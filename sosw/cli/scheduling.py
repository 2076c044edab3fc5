"""The template of a new schedule: sosw's own, `cloudformation/schedule.yaml`, with what was said as its defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import sosw
from sosw.cli.exits import BadInput
from sosw.cli.scaffolding import refuse_prefix
from sosw.domain import schedules
from sosw.domain.envelope import opened
from sosw.domain.errors import InvalidInput, Missing, Problem, did_you_mean, invalid
from sosw.domain.periods import zone
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings

TEMPLATE = "template.yaml"
MOST_BYTES = 4096
"""Of a job: CloudFormation's of a parameter."""
WHEN: dict[str, Callable[[str], str]] = {"rate": schedules.rate, "cron": schedules.cron, "at": schedules.at}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_WORD = re.compile(r"<aws\.scheduler\.([^<>]*)>")
_WORDS = ("scheduled-time", "schedule-arn", "execution-id", "attempt-number")
"""That EventBridge Scheduler replaces; another one would come as it stands."""
_A_TIME = "2026-01-31T06:00:00Z"
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML would not leave as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """What is to be made: `expression` as AWS takes it, `job` as the Scheduler does."""

    name: str
    prefix: str
    expression: str
    time_zone: str
    job: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raises `BadInput` and `InvalidInput` for what cannot be deployed, or would be refused when it is due."""
        if not _NAME.fullmatch(self.name):
            rule = "1 to 32 of A-Z a-z 0-9 _ -, beginning with a letter or a digit"
            raise BadInput(f"{self.name!r} is no name of a schedule: {rule}, such as nightly")
        refuse_prefix(self.prefix)
        zone(self.time_zone)
        if len(_json(self.job, indent=None).encode()) > MOST_BYTES:
            raise BadInput(f"the job has more than {MOST_BYTES:,} bytes: let it read its lists from a source")

    @property
    def files(self) -> dict[str, str]:
        """The text of the one file, by its path in the folder."""
        pretty = _json(self.job, indent=2)
        job = pretty if len(pretty.encode()) <= MOST_BYTES else _json(self.job, indent=None)
        defaults = {"Prefix": self.prefix, "Name": self.name, "Schedule": self.expression, "TimeZone": self.time_zone}
        text = own_template()
        for parameter, value in defaults.items():
            text = _with_default(text, parameter, json.dumps(value))
        return {TEMPLATE: _with_default(text, "Job", "|-\n" + "\n".join(f"      {line}" for line in job.splitlines()))}


def own_template() -> str:
    """sosw's own, of the checkout or of the installed package."""
    package = files("sosw").joinpath("deploy/stack/cloudformation/schedule.yaml")
    checkout = Path(sosw.__file__).resolve().parents[1] / "cloudformation" / "schedule.yaml"
    return package.read_text("utf-8") if package.is_file() else checkout.read_text("utf-8")


def expression(given: Mapping[str, str | None]) -> str:
    """Of the one that is given of `WHEN`; raises `BadInput`, `InvalidInput`."""
    said = {kind: text for kind, text in given.items() if text is not None}
    if len(said) != 1:
        wrong = f"{' and '.join(f'--{kind}' for kind in said)} are given" if said else "it is not said when"
        raise BadInput(f"{wrong}: say one of --rate '1 hour', --cron '30 6 * * ? *' and --at 2026-01-31T06:00:00")
    ((kind, text),) = said.items()
    return WHEN[kind](text)


def checked(job: Mapping[str, Any]) -> list[Problem]:
    """What only the environment can tell of the job, for nobody else knows all periods; raises `InvalidInput`."""
    for key, rule in (
        ("idempotency_key", "would not be used: each run has one of its own, of the schedule's name and its time"),
        ("dry_run", "would make each run do nothing"),
    ):
        if key in job:
            raise InvalidInput([Problem(key, job[key], rule, "leave it out")])
    for word in _WORD.findall(json.dumps(job)):
        if word not in _WORDS:
            raise invalid("job", f"<aws.scheduler.{word}>", "is no word of the scheduler's", did_you_mean(word, _WORDS))
    text = _WORD.sub(_A_TIME, json.dumps(job))
    body, _beside = opened(json.loads(text))
    labourers = {str(body.get("lambda_name")): {"max_simultaneous_invocations": 1}}
    settings = EssentialSettings.from_mapping({"task_config": {"labourers": labourers}})
    try:
        JobRequest.from_event(_plain(body), settings)
    except InvalidInput as error:
        if not error.may_pass or not all(isinstance(each, Missing) for each in error.problems):
            raise
        return list(error.problems)
    return []


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """Without what a job schema of the environment decides on."""
    if body.get("job_schema_name") in {None, "default"}:
        return body
    decided = re.compile(r"job_schema_name|isolate_(?!days$)\w+|max_\w+_per_batch")
    return {
        name: value for name, value in body.items() if not (decided.fullmatch(name) or isinstance(value, list | dict))
    } | {name: body[name] for name in ("period", "source", "payload") if name in body}


def _json(value: Any, *, indent: int | None) -> str:
    separators = None if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return json.dumps(value, indent=indent, separators=separators) if _BREAKS.search(text) else text


def _with_default(text: str, parameter: str, value: str) -> str:
    """The template with that default, in YAML, for a parameter that it has."""
    block = re.search(rf"(?m)^  {parameter}:\n(?:    .*\n)+", text)
    if block is None:
        raise LookupError(parameter)  # our own template has it
    lines = [line for line in block[0].splitlines() if not line.startswith("    Default:")]
    lines.insert(2, f"    Default: {value}")  # behind its name and its type
    return text[: block.start()] + "\n".join(lines) + "\n" + text[block.end() :]
