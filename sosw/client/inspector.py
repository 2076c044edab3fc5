"""What the doctor needs of AWS besides the tables' items. `sosw.aws.inspector` has the real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from sosw.domain.surroundings import CouldNotLook, FeedFacts, FunctionFacts, QueueFacts, RuleFacts, TableFacts


class Inspector(Protocol):
    """Looks, and changes nothing. Every method raises `CouldNotLook`, never says that something is well unseen."""

    def function(self, name: str) -> FunctionFacts | None:
        """By name or ARN; None where there is none. Two calls."""

    def rules(self, function: str) -> list[RuleFacts]:
        """Those that start the function of that ARN. A call, and one for each rule."""

    def feeds(self, function: str) -> list[FeedFacts]:
        """The streams and queues from which the function is fed. One call."""

    def queues(self, prefix: str) -> list[str]:
        """URLs of the queues whose names begin so. One call."""

    def queue(self, url_or_arn: str) -> QueueFacts | None:
        """None where there is none. One or two calls."""

    def table(self, name: str) -> TableFacts | None:
        """None where there is none. Two calls."""

    def forbidden(self, role: str, actions: Sequence[str], resource: str) -> list[str]:
        """Those of `actions` that policies of the role of that ARN do not allow on the resource. One call."""

    def may_invoke(self, role: str, function: FunctionFacts) -> bool:
        """Whether the role may invoke the function, by its own policies or by the function's. One or two calls."""

    def here(self) -> tuple[str, str]:
        """The number of the account, and the region. One call, which needs no right."""

    def table_names(self) -> list[str]:
        """The names of all tables that there are. A call for each hundred."""


class Nowhere:
    """Where there is no AWS to look at."""

    def _nothing(self, *_: Any) -> NoReturn:
        raise CouldNotLook("AWS", "this client knows the tables alone")

    function = rules = feeds = queues = queue = table = forbidden = may_invoke = here = table_names = _nothing
