"""The tables: what an item of each holds, and the schema that templates and tests create them by.

A model's attributes bear the names of the fields of the record that it stores, so one generic pair of functions,
`item_of` and `fields_of`, turns records into items and back. Models are bound to no table, region or host: the same
ones serve every environment of a process (`sosw.aws.dynamodb.table`).

What is written often must stay within a write unit of 1 KB. A task of a UUID's job takes some 350 bytes besides its
payload and result; the names of the attributes are among them, and short enough.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import Attribute, BooleanAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from sosw.aws.dynamodb.attributes import (
    EnumAttribute,
    FailuresAttribute,
    JsonAttribute,
    LenientJsonAttribute,
    MomentAttribute,
    NamesAttribute,
    SlotAttribute,
)
from sosw.domain.job import JobState
from sosw.domain.task import TaskState

Item = dict[str, dict[str, Any]]
"""As DynamoDB speaks of it: `{"id": {"S": "…"}}`."""

QUEUE_INDEX, OPEN_INDEX, MONTH_INDEX = "queue", "open", "month"


class QueueIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB's __init_subclass__
    """The lines, by rank. Sparse: a task without `queue` stands in none, and costs nothing here."""

    class Meta:
        index_name = QUEUE_INDEX
        projection = KeysOnlyProjection()

    queue = UnicodeAttribute(hash_key=True)
    rank = NumberAttribute(range_key=True)


class TaskModel(Model):
    """`sosw.domain.task.Task`. A field that is None has no attribute."""

    id = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute()
    labourer = UnicodeAttribute()
    payload = LenientJsonAttribute()
    created_at = MomentAttribute()
    greenfield = MomentAttribute()
    state = EnumAttribute(TaskState)
    version = NumberAttribute()
    attempt = NumberAttribute()
    forgiven = NumberAttribute()
    snoozes = NumberAttribute()
    snoozed_attempt = NumberAttribute()
    priority = NumberAttribute()
    queue = UnicodeAttribute()
    rank = NumberAttribute()
    shard = NumberAttribute()
    key = UnicodeAttribute()
    is_recalled = BooleanAttribute()
    slot = SlotAttribute()
    started_at = MomentAttribute()
    closed_at = MomentAttribute()
    expires_at = TTLAttribute()
    payload_at = UnicodeAttribute()
    result_at = UnicodeAttribute()
    progress = NumberAttribute()
    note = UnicodeAttribute()
    request_id = UnicodeAttribute()
    log_stream = UnicodeAttribute()
    log_group = UnicodeAttribute()
    result = LenientJsonAttribute()
    stats = LenientJsonAttribute()
    failures = FailuresAttribute()
    replays = NumberAttribute()
    ruling = UnicodeAttribute()

    queue_index = QueueIndex()


class SlotModel(Model):
    """`sosw.domain.slots.SlotRow`: row `row` of a labourer's slots."""

    labourer = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True, attr_name="row")
    capacity = NumberAttribute()
    sized = NumberAttribute(attr_name="sz")
    version = NumberAttribute()
    names = NamesAttribute()
    expires_at = TTLAttribute()


class OpenIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # as QueueIndex
    """Jobs that a Scheduler has to work on, by the end of their hold. Sparse: the others are not in it."""

    class Meta:
        index_name = OPEN_INDEX
        projection = KeysOnlyProjection()

    open = UnicodeAttribute(hash_key=True)
    held_until = MomentAttribute(range_key=True)


class MonthIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # as QueueIndex
    """The jobs of a month, by the moment of their submission."""

    class Meta:
        index_name = MONTH_INDEX
        projection = KeysOnlyProjection()

    month = UnicodeAttribute(hash_key=True)
    submitted_at = MomentAttribute(range_key=True)


class JobModel(Model):
    """`sosw.domain.job.Job`. The counts of its totals are attributes of their own, to be added to."""

    id = UnicodeAttribute(hash_key=True)
    labourer = UnicodeAttribute()
    submitted_at = MomentAttribute()
    body = UnicodeAttribute()
    submitted_by = UnicodeAttribute()
    source_event = JsonAttribute()
    source_pin = UnicodeAttribute()
    skipped_lines = NumberAttribute()
    priority = NumberAttribute()
    planned = NumberAttribute()
    tag = NumberAttribute()
    not_before = MomentAttribute()
    state = EnumAttribute(JobState)
    cursor = NumberAttribute()
    swept = NumberAttribute()
    held_until = MomentAttribute()
    total = NumberAttribute()
    waits_why = UnicodeAttribute()
    failed_why = UnicodeAttribute()
    cancelled_by = UnicodeAttribute()
    cancelled_why = UnicodeAttribute()

    open_index = OpenIndex()
    month_index = MonthIndex()


class WatchModel(Model):
    """`sosw.domain.watch.Watch`: the row `<job id>#archive` of the jobs table, in its index `open` while it is due."""

    id = UnicodeAttribute(hash_key=True)
    open = UnicodeAttribute()
    held_until = MomentAttribute()
    labourer = UnicodeAttribute()
    since = MomentAttribute()
    read_by = MomentAttribute()
    begun = MomentAttribute()
    cursor = NumberAttribute()
    met_open = BooleanAttribute()
    met_dead = BooleanAttribute()
    is_read = BooleanAttribute()
    dates = JsonAttribute()
    bucket = UnicodeAttribute()
    version = NumberAttribute()


class RecordModel(Model):
    """`sosw.domain.records.Record`, and the lines of the logs: `what` begins with `log#` and the moment then."""

    owner = UnicodeAttribute(hash_key=True)
    what = UnicodeAttribute(range_key=True)
    value = JsonAttribute()
    version = NumberAttribute()
    expires_at = TTLAttribute()


class ConfigModel(Model):
    """A stored configuration, in sosw's form: `config_value` is the JSON of an object."""

    env = UnicodeAttribute(hash_key=True)
    config_name = UnicodeAttribute(range_key=True)
    config_value = UnicodeAttribute()


def item_of(model: type[Model], record: Any) -> Item:
    """The item that stores `record`, whose fields bear the names of the model's attributes."""
    values = ((attribute, getattr(record, name)) for name, attribute in model.get_attributes().items())
    return {attribute.attr_name: raw(attribute, value) for attribute, value in values if value is not None}


def fields_of(model: type[Model], item: Item) -> dict[str, Any]:
    """The fields of the record that `item` stores. Attributes unknown to the model are left out."""
    return {
        name: attribute.deserialize(attribute.get_value(item[attribute.attr_name]))
        for name, attribute in model.get_attributes().items()
        if attribute.attr_name in item
    }


MARK = "by"


def marked(item: Item) -> Item:
    """With the mark of this one write: who meets its own mark knows that a write took effect whose reply was lost."""
    return {**item, MARK: {"S": secrets.token_hex(4)}}


def is_marked_as(item: Item, found: Item | None) -> bool:
    """Whether `found` was written by the write of `item`."""
    return found is not None and found.get(MARK) == item[MARK]


def raw(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """`value` as it stands in an item, under the attribute's type.

    PynamoDB takes a plain `{"S": …}` for a value in this form: what a user gave must never get there as it is.
    """
    return {attribute.attr_type: attribute.serialize(value)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A table as it must be created; `sosw.yaml` says the same, and a test compares the two."""

    name: str
    """Without the environment's prefix."""
    model: type[Model]
    stream_view_type: str | None = None

    def table_name(self, prefix: str) -> str:
        """Its name in the environment."""
        return f"{prefix}-{self.name}"

    @property
    def key_schema(self) -> list[dict[str, str]]:
        """As in CreateTable and CloudFormation."""
        return _key_schema(self.model.get_attributes())

    @property
    def attribute_definitions(self) -> list[dict[str, str]]:
        """Of the keys of the table and its indexes, ordered by name."""
        keyed = dict(_keyed(self.model.get_attributes()))
        for index in self._indexes:
            keyed |= dict(_keyed(index.Meta.attributes))
        return [{"AttributeName": name, "AttributeType": keyed[name].attr_type} for name in sorted(keyed)]

    @property
    def global_secondary_indexes(self) -> list[dict[str, Any]]:
        """As in CreateTable and CloudFormation."""
        return [
            {
                "IndexName": index.Meta.index_name,
                "KeySchema": _key_schema(index.Meta.attributes),
                "Projection": {"ProjectionType": index.Meta.projection.projection_type},
            }
            for index in self._indexes
        ]

    @property
    def ttl_attribute(self) -> str | None:
        """Holds the second from which DynamoDB may delete the item; None where items stay."""
        kept = (a.attr_name for a in self.model.get_attributes().values() if isinstance(a, TTLAttribute))
        return next(kept, None)

    @property
    def _indexes(self) -> list[GlobalSecondaryIndex[Any]]:
        return [value for value in vars(self.model).values() if isinstance(value, GlobalSecondaryIndex)]


TASKS = Schema(name="tasks", model=TaskModel, stream_view_type="NEW_AND_OLD_IMAGES")
SLOTS = Schema(name="slots", model=SlotModel)
JOBS = Schema(name="jobs", model=JobModel)
CONFIG = Schema(name="config", model=ConfigModel)
LABOURERS = Schema(name="labourers", model=RecordModel)
SCHEMAS = (TASKS, SLOTS, JOBS, LABOURERS, CONFIG)


def _keyed(attributes: dict[str, Attribute[Any]]) -> list[tuple[str, Attribute[Any]]]:
    """The key attributes by their names in the table, the hash key first."""
    keys = [a for a in attributes.values() if a.is_hash_key or a.is_range_key]
    return [(a.attr_name, a) for a in sorted(keys, key=lambda a: a.is_range_key)]


def _key_schema(attributes: dict[str, Attribute[Any]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH" if a.is_hash_key else "RANGE"} for name, a in _keyed(attributes)]
