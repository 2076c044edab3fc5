"""What MiniStack does unlike AWS and our work would notice, mended in the server's process when the launcher starts it.

Each module here mends one thing: its docstring names the defect, `GUARDS` the functions of MiniStack that it builds
on, by the hash of their source, and `apply` puts the cure in place. A version of MiniStack with another source refuses
to start, instead of running with a cure that no longer fits. `SOSW_LOCAL_SHIMS` chooses: `all` (default), `none`, or
names with commas. `tests/integration/local/test_shims.py` shows each defect without its shim: when such a test fails
after an update of MiniStack, the shim can go.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from sosw.local.shims.patching import ShimUnfit, check

__all__ = ["NAMES", "ShimUnfit", "UnknownShim", "apply", "select"]

NAMES = (
    "destinations",
    "expression_cache",
    "function_errors",
    "function_properties",
    "imported_buckets",
    "partiql_streams",
    "plain_http",
    "quiet_handlers",
    "rights",
    "rule_invocations",
    "schedule_context",
    "schedule_tick",
    "table_properties",
)


class UnknownShim(ValueError):
    """`SOSW_LOCAL_SHIMS` names a shim that does not exist."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"SOSW_LOCAL_SHIMS: there is no shim {name!r}; say all, none, or some of {', '.join(NAMES)}")


def select(text: str) -> tuple[str, ...]:
    """The names chosen by `text`: `all`, `none`, or names with commas."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words in ([], ["none"]):
        return ()
    if words == ["all"]:
        return NAMES
    for word in words:
        if word not in NAMES:
            raise UnknownShim(word)
    return tuple(words)


def apply(text: str) -> None:
    """Put the chosen shims in place; all are checked before the first one is. Raises `ShimUnfit`, `UnknownShim`."""
    modules = [_module(name) for name in select(text)]
    for module in modules:
        check(module.__name__.rpartition(".")[2], module.GUARDS)
    for module in modules:
        module.apply()


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
