"""Clients of AWS over one session of botocore.

A session reads where the services are, how calls are retried, and who calls: some 50 ms of CPU each time. So all
clients of a process should be made over one. They are botocore's own: boto3's are the same ones, with helpers for
files on top, which cost every cold start 50 more modules.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

USER_AGENT = "sosw"
"""As whom AWS's logs know us. botocore's own, put together anew for each call, is 9 % of the call's CPU."""


class Clients:
    """Makes clients; threads may share it."""

    def __init__(self, *, region: str | None = None, endpoint: str | None = None) -> None:
        """`region` and `endpoint` are the environment's where they are not given."""
        self.region, self.endpoint = region, endpoint
        self.making = Lock()
        """A session makes one client at a time."""

    @cached_property
    def session(self) -> Session:
        """The one session, made at the first call."""
        session = get_session()
        session.set_default_client_config(Config(user_agent=USER_AGENT))
        return session

    def make(self, service: str, config: Config) -> Any:
        """A new client of `service`."""
        with self.making:
            return self.session.create_client(
                service, region_name=self.region, endpoint_url=self.endpoint, config=config
            )
