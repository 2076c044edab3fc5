"""What a million tasks cost here and elsewhere: what each system uses for one task, at the prices of `prices.json`.

Of sosw and of sosw 0.7.51 it was measured (docs/benchmarks.md), of the others it follows from how AWS bills them. Each
is given its cheapest usual form, for tasks that succeed at once. The Worker's own invocation and run time cost the same
with all of them, and are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sosw.domain.prices import prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Used = Mapping[str, float]

MB_OF_A_GB = 1024
CHILD_GB = 64 / MB_OF_A_GB
"""Memory by which an Express workflow is billed at least."""
MEASURED: Mapping[str, float] = {"dynamodb_write_unit": 5.18, "dynamodb_read_unit": 1.12, "lambda_request": 1.1}
"""Of a small task's whole life: its report, its part in wakes and in batches of the stream, and the reading of it by
which it is archived and the totals of its job are checked.
"""
PEER_MEASURED: Mapping[str, float] = {"dynamodb_write_unit": 15, "dynamodb_read_unit": 2.0, "lambda_request": 1.1}
ESSENTIALS = {"lambda_gb_second": 0.02}
"""40 ms of Essentials at 512 MB."""
MINUTES_OF_A_MONTH = 43_200
IDLE_MINUTE: Mapping[str, float] = {"lambda_request": 2, "lambda_gb_second": 0.05}
"""Two minute rules, 50 ms each at 512 MB."""
IDLE_LABOURER: Mapping[str, float] = {"dynamodb_read_unit": 1}
"""Two reads of half a unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done."""

    tasks: int
    seconds: float
    """Of a Worker, for one task."""
    memory: int
    """Of a Worker, in MB."""

    @property
    def gb_seconds(self) -> float:
        """Of one task's Worker."""
        return self.seconds * self.memory / MB_OF_A_GB

    @property
    def worker_dollars(self) -> float:
        """What the Workers cost, whoever invokes them."""
        return self.tasks * prices().of({"lambda_request": 1, "lambda_gb_second": self.gb_seconds})


@dataclass(frozen=True, slots=True)
class System:
    """Something that invokes Workers."""

    name: str
    form: str
    """What of it was reckoned."""
    used: Callable[[Work], Used]
    """Units of each thing for one task, the Worker left out."""

    def dollars(self, work: Work) -> float:
        """For all tasks of the work, the Workers left out."""
        return work.tasks * prices().of(self.used(work))


def _ours(_work: Work) -> Used:
    return {**MEASURED, **ESSENTIALS}


def _map_child(items: int) -> Callable[[Work], Used]:
    """A child of a Distributed Map, an Express workflow, that does so many tasks one after the other."""
    return lambda work: {
        "step_functions_transition": 1 / items,
        "step_functions_express_request": 1 / items,
        "step_functions_express_gb_second": work.seconds * CHILD_GB,
    }


SYSTEMS = (
    System("sosw", "a small task, measured", _ours),
    System("sosw 0.7.51", "a small task, measured", lambda _: {**PEER_MEASURED, **ESSENTIALS}),
    System("SQS + Lambda", "batches of 10 to send, receive and delete", lambda _: {"sqs_request": 0.3}),
    System("SQS + Lambda", "one by one", lambda _: {"sqs_request": 3}),
    System("Step Functions, Distributed Map", "100 tasks a child, Express", _map_child(100)),
    System("Step Functions, Distributed Map", "a child for each task, Express", _map_child(1)),
    System("Step Functions, Standard", "one state a task", lambda _: {"step_functions_transition": 1}),
    System("Lambda durable functions", "two operations a task", lambda _: {"lambda_durable_operation": 2}),
)


def idle_month(labourers: int) -> float:
    """Dollars of a month in which nothing is to be done, by so many labourers without health metrics."""
    return MINUTES_OF_A_MONTH * (prices().of(IDLE_MINUTE) + labourers * prices().of(IDLE_LABOURER))
