"""A change set that takes over a bucket (`ImportExistingResources`) is refused when it is carried out: the bucket is
there already. Here: a bucket that it takes over is no conflict.
"""

from __future__ import annotations

import contextvars
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.cloudformation.stacks:_validation_errors": "e075a8e29797",
    "services.cloudformation.stacks:_deploy_stack_async": "34c0aed718d8",
    "services.cloudformation.changesets:_execute_change_set": "a4df5e5031d2",
    "services.cloudformation.provisioners:s3_bucket_name_conflict": "e9a7bf2abac2",
}


def apply() -> None:
    changesets = ministack("services.cloudformation.changesets")
    provisioners = ministack("services.cloudformation.provisioners")
    deploy, conflict = changesets._deploy_stack_async, provisioners.s3_bucket_name_conflict  # noqa: SLF001
    taken_over: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("taken_over", default=frozenset())

    async def deploy_with_imports(*arguments: Any, imports: dict[str, Any] | None = None, **options: Any) -> None:
        taken_over.set(frozenset(each.get("BucketName", "") for each in (imports or {}).values()))
        await deploy(*arguments, imports=imports, **options)

    changesets._deploy_stack_async = deploy_with_imports  # noqa: SLF001
    provisioners.s3_bucket_name_conflict = lambda name: None if name in taken_over.get() else conflict(name)
