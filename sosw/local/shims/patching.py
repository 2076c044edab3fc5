"""Replacing a function of MiniStack, only if it is the one that the replacement was written for."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

_HASH_LENGTH = 12


class ShimUnfit(RuntimeError):
    """MiniStack's code is not the code that a shim was written for."""

    def __init__(self, shim: str, target: str, found: str) -> None:
        self.shim, self.target, self.found = shim, target, found
        super().__init__(
            f"shim {shim} does not fit this MiniStack: {target} has changed (source hash {found}); "
            f"renew the shim, or start without it by SOSW_LOCAL_SHIMS"
        )


def ministack(module: str) -> Any:
    """A module of MiniStack by its name within it, such as `services.eventbridge`."""
    return importlib.import_module(f"ministack.{module}")


def check(shim: str, guards: Mapping[str, str]) -> None:
    """`guards` maps `module:name`, e.g. `services.eventbridge:_dispatch_to_lambda`, to the hash of its source."""
    for target, expected in guards.items():
        found = fingerprint(target)
        if found != expected:
            raise ShimUnfit(shim, target, found)


def fingerprint(target: str) -> str:
    """Hash of the source of a function, or of the value of a text; `missing` if it is not there."""
    module, _, path = target.partition(":")
    found: Any = ministack(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    if found is None:
        return "missing"
    text = found if isinstance(found, str) else inspect.getsource(found)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def after_provisioning(resource_type: str, set_properties: Callable[[str, Mapping[str, Any]], None]) -> None:
    """Call `set_properties(physical id, properties)` when CloudFormation has created or updated such a resource."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS[resource_type]  # noqa: SLF001
    for action, properties_at in (("create", 1), ("update", 2)):
        handlers[action] = _followed(handlers[action], set_properties, properties_at)


def _followed(
    provision: Callable[..., tuple[str, dict[str, Any]]],
    set_properties: Callable[[str, Mapping[str, Any]], None],
    properties_at: int,
) -> Callable[..., tuple[str, dict[str, Any]]]:
    @functools.wraps(provision)
    def provision_and_set(*arguments: Any, **options: Any) -> tuple[str, dict[str, Any]]:
        physical_id, attributes = provision(*arguments, **options)
        set_properties(physical_id, arguments[properties_at])
        return physical_id, attributes

    return provision_and_set
