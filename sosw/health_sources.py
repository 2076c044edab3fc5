"""Where health is measured: each query goes to the source that it names, and is asked once in half a minute."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput, SoswError, did_you_mean
from sosw.domain.extensions import HealthFunction
from sosw.domain.health import Query, Reading
from sosw.domain.records import of_resource
from sosw.domain.signalled import asked, signalled
from sosw.domain.standing import Budget

if TYPE_CHECKING:
    from sosw.domain.records import ResourceName
    from sosw.ports import HealthSource, RecordStore

log = logging.getLogger(__name__)

READING_LIFE = timedelta(seconds=30)
"""How long a reading serves a warm container: less than the minute between two ticks."""
PATIENCE = 5.0
"""Seconds that the functions of one entry point have for all queries of a reading."""


class HealthSources:
    """A `HealthSource` over others, by the name that a query gives as its source. One's trouble is never another's."""

    def __init__(self, sources: Mapping[str, HealthSource]) -> None:
        self._sources = sources
        self._known: dict[Query, tuple[datetime, Reading]] = {}

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """See `HealthSource.read`."""
        self._known = {query: kept for query, kept in self._known.items() if now - kept[0] < READING_LIFE}
        wanted: dict[str, list[Query]] = defaultdict(list)
        for query in dict.fromkeys(queries):
            if query not in self._known:
                wanted[query.source].append(query)
        for source, own in wanted.items():
            found = self._ask(source, own, now)
            self._known |= {query: (now, found.get(query, _UNANSWERED)) for query in own}
        return {query: self._known[query][1] for query in queries}

    def _ask(self, name: str, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        source = self._sources.get(name)
        if source is None:
            return dict.fromkeys(
                queries, Reading(problem=f"there is no source {name}: {did_you_mean(name, self._sources)}")
            )
        try:
            return source.read(queries, now)
        except Exception as error:
            # A source must not raise; when one does, the others are read all the same.
            log.exception("source.failed", extra={"source": name})
            return dict.fromkeys(queries, Reading(problem=f"source {name} failed: {error!r}"))


_UNANSWERED = Reading(problem="its source has not answered")


class SignalSource:
    """What Workers signalled of resources, as their budgets remember it: see `sosw.domain.signalled`."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """See `HealthSource.read`."""
        readings: dict[Query, Reading] = {}
        wanted: dict[Query, tuple[ResourceName, str]] = {}
        for query in queries:
            try:
                wanted[query] = asked(jsontext.parse_object(query.details, "details"))
            except InvalidInput as error:
                readings[query] = Reading(problem=str(error))
        try:
            found = self._records.read({of_resource(name) for name, _ in wanted.values()}) if wanted else {}
        except SoswError as error:
            return readings | dict.fromkeys(wanted, Reading(problem=str(error)))
        for query, (name, signal) in wanted.items():
            readings[query] = signalled(name, signal, Budget.from_json(found[of_resource(name)].value).memory, now)
        return readings


class FunctionSource:
    """A function of the user's, called in a thread: one that hangs or raises is a missing measurement."""

    def __init__(self, name: str, function: HealthFunction, *, patience: float = PATIENCE) -> None:
        """`patience`: seconds."""
        self._name, self._function, self._patience = name, function, patience
        self._thread: Thread | None = None

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """See `HealthSource.read`.

        A call that hangs is left behind, and the function is not called again until it ends.
        """
        if self._thread is not None and self._thread.is_alive():
            return dict.fromkeys(queries, Reading(problem=f"{self._name} still hangs in an earlier call"))
        readings: dict[Query, Reading] = {}
        self._thread = Thread(target=self._call_each, args=(queries, now, readings), daemon=True)
        self._thread.start()
        self._thread.join(self._patience)
        late = Reading(problem=f"{self._name} has not answered within {self._patience:g} s")
        return {query: readings.get(query, late) for query in queries}

    def _call_each(self, queries: Sequence[Query], now: datetime, readings: dict[Query, Reading]) -> None:
        for query in queries:
            readings[query] = self._call(query, now)

    def _call(self, query: Query, now: datetime) -> Reading:
        try:
            value: Any = self._function(jsontext.parse_object(query.details, "details"), now)
        except Exception as error:  # noqa: BLE001  (the user's code: whatever it raises is no measurement)
            return Reading(problem=f"{self._name} raised {error!r}")
        if value is None:
            return Reading(problem=f"{self._name} has no value")
        if not isinstance(value, int | float) or not math.isfinite(value):
            return Reading(problem=f"{self._name} answered {value!r}, which is no number")
        return Reading(value=float(value), at=now)
