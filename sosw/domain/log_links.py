"""Where the log of an attempt is: a link into the console of CloudWatch Logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from sosw.domain.moments import to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

MARGIN = timedelta(seconds=10)
"""Shown before an attempt and after it: clocks differ."""
_CONSOLE = "console.aws.amazon.com"
_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """The lines of one attempt, as far as they are known."""

    group: str
    """`/aws/lambda/<function>`."""
    start: datetime
    end: datetime
    request_id: str | None = None
    """Of the invocation: Lambda's own lines bear it, and those of a log in JSON."""
    stream: str | None = None
    """Of the container that ran it."""

    def url(self, region: str) -> str:
        """Of the console, for that region."""
        console = next((host for begin, host in _CONSOLES.items() if region.startswith(begin)), _CONSOLE)
        asked = {"start": str(to_ms(self.start - MARGIN)), "end": str(to_ms(self.end + MARGIN))}
        if self.request_id:
            asked["filterPattern"] = f'"{self.request_id}"'
        where = f"log-groups/log-group/{_twice(self.group)}/log-events"
        where += f"/{_twice(self.stream)}" * bool(self.stream)
        return f"https://{region}.{console}/cloudwatch/home?region={region}#logsV2:{where}{_query(asked)}"


def log_group(function: str) -> str:
    """That which Lambda gives a function, unless the function says otherwise."""
    return f"/aws/lambda/{function}"


def _twice(text: str | None) -> str:
    """As the console's own addresses have it: encoded, and encoded once more with `$` for `%`."""
    return quote(quote(text or "", safe=""), safe="").replace("%", "$")


def _query(asked: Mapping[str, str]) -> str:
    return "$3F" + "$26".join(f"{name}$3D{_twice(value)}" for name, value in asked.items())
