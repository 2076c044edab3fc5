"""Where something is deployed: one account and region, or the local stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sosw.aws.belongings import Belongings
from sosw.aws.stacks import Stacks
from sosw.client.client import region_of_environment
from sosw.client.service import Service


@dataclass(frozen=True)
class Site:
    """The adapters with which it is done."""

    stacks: Stacks
    belongings: Belongings
    service: Callable[[str], Service]
    """The client's view of the environment of that prefix."""

    @property
    def pause(self) -> float:
        """Seconds between two looks at a change: AWS takes minutes, the local stack less than one."""
        return 0.2 if self.stacks.is_local else 2.0

    @classmethod
    def on_aws(cls, *, region: str | None, endpoint: str | None) -> Site:
        """As the credentials and settings in use say. Nothing is called yet."""
        region = region or region_of_environment()
        return cls(
            Stacks(region=region, endpoint=endpoint),
            Belongings(region=region, endpoint=endpoint),
            lambda prefix: Service.on_aws(prefix, region=region, endpoint=endpoint),
        )
