"""The tables: the stores of `sosw.ports` over DynamoDB. Importing this connects to nothing."""

from sosw.aws.dynamodb.config import DynamoConfigSource
from sosw.aws.dynamodb.errors import TableFailed
from sosw.aws.dynamodb.job_store import DynamoJobStore
from sosw.aws.dynamodb.record_store import DynamoRecordStore
from sosw.aws.dynamodb.slot_store import DynamoSlotStore
from sosw.aws.dynamodb.stream import changes, token
from sosw.aws.dynamodb.table import Database
from sosw.aws.dynamodb.task_store import DynamoTaskStore
from sosw.aws.dynamodb.watch_store import DynamoWatchStore

__all__ = [
    "Database",
    "DynamoConfigSource",
    "DynamoJobStore",
    "DynamoRecordStore",
    "DynamoSlotStore",
    "DynamoTaskStore",
    "DynamoWatchStore",
    "TableFailed",
    "changes",
    "token",
]
