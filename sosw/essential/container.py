"""A container of an Essential: settings from the table, adapters of AWS, one summary line an invocation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sosw.aws.dynamodb.errors import TableFailed
from sosw.domain.errors import InvalidInput
from sosw.domain.moments import EPOCH
from sosw.log import EssentialLog
from sosw.processor import Processor
from sosw.settings import ESSENTIAL_CONFIG, Names, prefix
from sosw.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Role = TypeVar("Role", bound=Processor)
Parts = TypeVar("Parts", bound=World)

CONFIG_LIFE = timedelta(seconds=60)
"""How long a warm container works by the configuration that it has read."""


class Handler(Generic[Parts, Role]):
    """A Lambda handler: a callable of event and context."""

    def __init__(
        self,
        name: str,
        world: type[Parts],
        build: Callable[[Parts, Mapping[str, Any]], Role],
        call: Callable[[Role, Any, Any], dict[str, Any]],
        *,
        is_door: bool = False,
    ) -> None:
        """`is_door`: raise a configuration that cannot be read to the caller; else what can go on goes on."""
        self._build, self._call, self._is_door = build, call, is_door
        self._world = world(Names(prefix()))
        self._config_name = f"{self._world.names.prefix}-{name}_config"
        self._log = EssentialLog(name)
        self._role: Role | None = None
        self._fresh_until = EPOCH

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        role, is_new = self._current()
        role.reset_stats()
        with self._log.invocation(lambda: role, context):
            if not is_new and self._speaks_of_news(role, event):
                role = self._renewed(role)
            try:
                return self._answer(role, event, context)
            except InvalidInput:
                if is_new or not self._is_door:
                    raise
            role = self._renewed(role)  # what an older configuration refuses may be right by that of now
            return self._answer(role, event, context)

    def _answer(self, role: Role, event: Any, context: Any) -> dict[str, Any]:
        return self._call(role, event, context)

    def _speaks_of_news(self, role: Role, event: Any) -> bool:
        """Whether the event names what the role's configuration does not: it may have been declared since."""
        del role, event
        return False

    def _current(self) -> tuple[Role, bool]:
        """The role, built anew when its configuration is older than `CONFIG_LIFE`, and whether it was."""
        if self._role is None or self._world.clock.now() >= self._fresh_until:
            return self._renewed(self._role), True
        return self._role, False

    def _renewed(self, role: Role | None) -> Role:
        """The role by the configuration of now; `role` itself, if there is one, where that cannot be read."""
        self._fresh_until = self._world.clock.now() + CONFIG_LIFE
        try:
            self._role = self._build(self._world, self._load())
        except TableFailed as error:
            if role is None:
                raise
            self._log.mistake(self._config_name, error)  # what was read before serves for another while
            return role
        return self._role

    def _load(self) -> dict[str, Any]:
        """What all Essentials share, overlaid by what is this one's own."""
        merged: dict[str, Any] = {}
        for name in (ESSENTIAL_CONFIG, self._config_name):
            try:
                merged |= self._world.config.get(name) or {}
            except InvalidInput as error:
                if self._is_door:
                    raise
                self._log.mistake(name, error)
        return merged
