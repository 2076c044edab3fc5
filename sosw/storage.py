"""What the archive and large values need of the world, as Protocols: a bucket, and the list of jobs to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from sosw.domain.task import JobId
    from sosw.domain.watch import Watch


class ObjectsFailed(SoswError):
    """A bucket could not be used. A write may have taken effect all the same."""

    def __init__(self, bucket: str, what: str, reason: str) -> None:
        self.bucket, self.what, self.reason = bucket, what, reason
        super().__init__(f"bucket {bucket}: {what} failed: {reason}")


class ObjectStore(Protocol):
    """One bucket. Every method raises `ObjectsFailed` for what went wrong in AWS."""

    @property
    def bucket(self) -> str:
        """Its name."""

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        """Write the object, over one of that key; `kind` is its media type."""

    def get(self, key: str) -> bytes | None:
        """The whole object; None where there is none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Those that begin so, in order."""


class UrlSigner(Protocol):
    """Lends rights on one object of the bucket, without any call."""

    def to_get(self, key: str, life: timedelta) -> str:
        """A URL by which whoever has it can read that object for so long."""

    def to_put(self, key: str, life: timedelta) -> str:
        """A URL by which whoever has it can write that object for so long."""


class WatchStore(Protocol):
    """Which jobs the archive has to look at, and when: a row beside each job."""

    def watch(self, watch: Watch) -> None:
        """See to it that the job is looked at: write `watch`, unless it is watched already. One that has ended begins
        anew with the row as it is there.
        """

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """At most `limit` whose moment has come, the longest ago first. May lag."""

    def get(self, job_id: JobId) -> Watch | None:
        """As of now (strongly consistent); None for a job that was never watched."""

    def save(self, watch: Watch) -> Watch | None:
        """Write `watch` if its version is still that of the table; returns it at its new version.

        None when somebody wrote it meanwhile: whoever did goes on with it.
        """
