"""What Workers signal comes to the budget of the resource, through the deployed WorkerAssistant and its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.records import of_resource
from sosw.domain.standing import Budget
from sosw.domain.task import Task
from tests.e2e.conftest import BUSY, START

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment


def test_a_resource_that_refuses_work_gets_a_lower_budget_and_its_log_says_why(deployment: Deployment) -> None:
    key = of_resource(BUSY)

    def is_lower() -> bool:
        limit = Budget.from_json(deployment.records.read([key])[key].value).limit
        return limit is not None and limit < START

    tasks: list[Task] = []
    for number in range(60):
        job = {"lambda_name": "obedient", "period": "last_4_days", "isolate_days": True, "refusals": ["429"] * 20}
        tasks = deployment.closed(deployment.submit({**job, "number": number}))
        if is_lower():
            break

    assert [task.result for task in tasks] == [{"payload": {}, "attempt": 1}] * 4
    assert is_lower()
    first = deployment.records.log(key.owner, 100)[-1]
    assert f"failed by 429: {START} → " in first.what["why"]
