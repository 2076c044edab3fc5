"""The tokens of one rate in the hands of one dispatch: taken before anything is started, so that no start is without.

Every take is written under the version of the bucket that it saw. A token that was taken and is not used is given back
only while nobody has written the bucket since: then it is as if it had never been taken. Otherwise it is lost, and so
is every token of an Orchestrator that dies. Nothing else could hold the rate in every span of time.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.bucket import Bucket, refill_pause
from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.moments import from_ms, to_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sosw.domain.records import Record, RecordKey
    from sosw.domain.resources import Rate
    from sosw.ports import Clock, RecordStore

log = logging.getLogger(__name__)

ROUNDS = 5
"""Tries to write a bucket while other Orchestrators write it too."""
BUCKET_GRACE = timedelta(days=1)
"""So long after it would be full again a key's bucket is kept: a missing one is taken for full."""


class RateGate:
    """The token buckets, each a record."""

    def __init__(self, records: RecordStore, clock: Clock, pause: Callable[[int], None] = lambda _number: None) -> None:
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self.records, self.clock, self.pause = records, clock, pause

    def purse(self, key: RecordKey, rate: Rate, *, leaves: bool) -> Purse:
        """For one dispatch. `leaves`: the record leaves the table when it says no more than a full bucket would."""
        return Purse(self, key, rate, leaves=leaves)


class Purse:
    """What one dispatch has taken out of one bucket. `in_hand` are its tokens, used or not."""

    def __init__(self, gate: RateGate, key: RecordKey, rate: Rate, *, leaves: bool) -> None:
        self._gate, self._key, self._rate, self._leaves = gate, key, rate, leaves
        self.in_hand = 0
        self._seen: Record | None = None
        """The record at its latest version that we know of."""
        self._before: Bucket | None = None
        """The bucket before our only take, while nobody is known to have written it since."""
        self.next_at: datetime | None = None
        """When whoever holds this must be woken, for tokens will have come; None where another has seen to that."""
        self._is_short = False

    def room(self, wanted: int) -> int:
        """How many of `wanted` tokens it could hold now; raises `SoswError` where the bucket cannot be read."""
        bucket = self._bucket()
        self._is_short = self.in_hand + bucket.tokens < wanted
        return min(wanted, self.in_hand + bucket.tokens)

    def hold(self, count: int) -> int:
        """Take tokens until it holds `count`; how many of those it holds then. Raises where it cannot read."""
        for number in range(ROUNDS if count > self.in_hand else 0):
            try:
                self._take(count - self.in_hand)
            except StaleRecord:
                self._forget()
                self._gate.pause(number)
            else:
                break
        return min(count, self.in_hand)

    def _take(self, wanted: int) -> None:
        """At most so many tokens more."""
        bucket = self._bucket()
        count = min(wanted, bucket.tokens)
        self._is_short |= count < wanted
        if not count:
            return
        try:
            self._write(bucket.taken(count))
        except StaleRecord:
            raise
        except SoswError as error:
            # It may have been written: then the tokens are lost. To count on them would be to exceed the rate.
            log.warning("rate.unclear", extra={"owner": self._key.owner, "why": str(error)})
            self._forget()
            return
        self._before = None if self.in_hand else bucket
        self.in_hand += count

    def give_back(self, used: int) -> None:
        """All but `used` tokens, where nobody has written the bucket since our only take: else they are lost."""
        unused = self.in_hand - used
        if unused <= 0 or self._before is None:
            return
        try:
            self._write(self._before.taken(used))
        except SoswError as error:
            log.info("rate.lost", extra={"owner": self._key.owner, "tokens": unused, "why": str(error)})
            self._forget()
        self._before = None
        self.in_hand = used

    def see_to_wake(self) -> None:
        """Where tokens were short, and nobody is going to be woken for the next ones, let it be us: see `next_at`.

        The moment stands in the bucket's record, so of all who find it empty one is woken. When that one is not, the
        moment passes, and who looks next sees to it.
        """
        if not self._is_short or self._seen is None or self._waking(self._seen):
            return
        try:
            self._write(self._bucket())
        except SoswError as error:
            log.info("rate.wake_lost", extra={"owner": self._key.owner, "why": str(error)})

    def _waking(self, record: Record) -> datetime | None:
        """When somebody is going to be woken for this bucket."""
        at = record.value.get("wake")
        return from_ms(at) if at is not None and from_ms(at) > self._gate.clock.now() else None

    def _bucket(self) -> Bucket:
        record, now = self._record(), self._gate.clock.now()
        known = Bucket.from_json(record.value) if record.value else Bucket.full(self._rate, now)
        return known.refilled(self._rate, now)

    def _write(self, bucket: Bucket) -> None:
        """With the moment of the next wake: another's, or from now on ours where tokens are short."""
        record = self._record()
        wake = self._waking(record)
        ours = bucket.next_at(self._rate, refill_pause(self._rate)) if self._is_short and wake is None else None
        next_wake = wake or ours
        value = bucket.to_json() | ({"wake": to_ms(next_wake)} if next_wake else {})
        full_at = bucket.next_at(self._rate, self._rate.burst)
        expires_at = full_at + BUCKET_GRACE if self._leaves else None
        self._seen = self._gate.records.write(replace(record, value=value, expires_at=expires_at))
        self.next_at = ours or self.next_at

    def _record(self) -> Record:
        if self._seen is None:
            self._seen = self._gate.records.read([self._key])[self._key]
        return self._seen

    def _forget(self) -> None:
        self._seen = self._before = None
