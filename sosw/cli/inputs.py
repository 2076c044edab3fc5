"""Reads what a person types: attributes, files with jobs, steps."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sosw.cli.exits import BadInput
from sosw.domain.errors import did_you_mean
from sosw.domain.jsontext import parse_object

STDIN = "-"
UNITS = ("hours", "days", "weeks", "months")
_STEP = re.compile(r"(\d{1,5})?\s*([a-z]+)")
_ENVELOPE = ("job", "idempotency_key")


def attributes(pairs: Iterable[str]) -> dict[str, Any]:
    """Of `key=value` each: the value as JSON where it is JSON, else as text; raises `BadInput`."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise BadInput(f"--attr {pair!r} must be key=value, such as --attr period=last_7_days")
        if key in found:
            raise BadInput(f'--attr {key} is given twice: a list is one value, such as --attr \'{key}=["a", "b"]\'')
        found[key] = _value(value)
    return found


def task_id(text: str) -> str:
    """The id of a task, its job's with its number; raises `BadInput`."""
    job_id, separator, number = text.rpartition("#")
    if job_id and number.isascii() and number.isdecimal():
        return text
    example = (job_id if separator else text) or "delays-2013-02"
    raise BadInput(f"{text!r} is not the id of a task: those are such as {example}#0")


def as_number(option: str, text: str, *, least: int, most: int) -> int:
    """A whole number as people write large ones: `1000000`, `1_000_000`, `1e6`; raises `BadInput`."""
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number != number.to_integral_value() or not least <= number <= most:
        raise BadInput(f"{option} {text!r} must be a whole number from {least:,} to {most:,}, such as 1000000 or 1e6")
    return int(number)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_as_text)
    except (ValueError, RecursionError):
        return text


def _as_text(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are no JSON: a text


def job(labourer: str | None, path: str | None, pairs: Iterable[str]) -> dict[str, Any]:
    """The job of a file, of options, or of both: what is named twice is refused; raises `BadInput`, `InvalidInput`."""
    given = _read(path) if path else {}
    options = attributes(pairs) | ({"lambda_name": labourer} if labourer else {})
    for key in options:
        if key in given and given[key] != options[key]:
            raise BadInput(f"{key} is {given[key]!r} in {path} and {options[key]!r} here: leave one of them out")
    if "lambda_name" not in given | options:
        raise BadInput("no labourer is named: sosw submit LABOURER, or lambda_name in the file of --job")
    return given | options


def _read(path: str) -> dict[str, Any]:
    """A job, or the envelope around it; `-` is stdin."""
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text("utf-8")
    except OSError as error:
        raise BadInput(f"--job {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"--job {path} is not UTF-8: {error.reason} at byte {error.start:,}") from error
    found = parse_object(text, "stdin" if path == STDIN else path)
    if not isinstance(found.get("job"), dict) or any(key not in _ENVELOPE for key in found):
        return found
    key = found.get("idempotency_key")
    return {**found["job"], **({} if key is None else {"idempotency_key": key})}


def step(text: str) -> Any:
    """A step of a period: `weeks`, `week`, `7days`, `7 days`; raises `BadInput`."""
    match = _STEP.fullmatch(text.strip().lower())
    unit = match and (match[2] if match[2].endswith("s") else f"{match[2]}s")
    if not match or unit not in UNITS:
        raise BadInput(f"--step {text!r} is no step, such as weeks or 7days ({did_you_mean(str(unit), UNITS)})")
    return {unit: int(match[1])} if match[1] else unit
