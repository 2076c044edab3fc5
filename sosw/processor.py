"""The base of every Lambda of sosw: configuration in layers, counters and a result."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class Processor:
    """Subclass it, set `DEFAULT_CONFIG`, write `__call__`.

    One instance serves all invocations of a warm Lambda; `stats` and `result` are those of the running invocation.
    """

    DEFAULT_CONFIG: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self,
        custom_config: Mapping[str, Any] | None = None,
        *,
        stored_config: Mapping[str, Any] | None = None,
        test: bool = False,
    ) -> None:
        """Layers replace whole values: `DEFAULT_CONFIG` < `stored_config` < `custom_config`."""
        self.config: dict[str, Any] = {**self.DEFAULT_CONFIG, **(stored_config or {}), **(custom_config or {})}
        self.test = test
        self.stats: defaultdict[str, Any] = defaultdict(int)
        self.result: Any = defaultdict(int)

    def __call__(self, event: Any) -> Any:
        """What an invocation does; by default it answers with `result`."""
        del event
        return self.kept_result

    @property
    def kept_result(self) -> Any:
        """`result`, or None while it is the empty object that it begins as."""
        return None if isinstance(self.result, dict) and not self.result else self.result

    def get_stats(self) -> dict[str, Any]:
        """The counters of the running invocation."""
        return dict(self.stats)

    def reset_stats(self) -> None:
        """Begin anew: the handler calls it before each invocation."""
        self.stats.clear()
        self.result = defaultdict(int)
