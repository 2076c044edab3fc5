"""What was deployed, as it stands now: tables, minute rules, the stream, queues of what failed."""

from __future__ import annotations

from sosw.client.doctor.diagnosis import Notes
from sosw.client.inspector import Inspector
from sosw.client.schema import Schema
from sosw.client.service import Service
from sosw.domain.errors import InvalidInput
from sosw.domain.schema import SCHEMA_VERSION, TablesTooNew
from sosw.domain.surroundings import FeedFacts, FunctionFacts, TableFacts
from sosw.settings import Names

DEPLOY = "deploy cloudformation/sosw.yaml again (docs/howto/deploy-to-aws.md)"
MINUTE = "rate(1 minute)"
UNDELIVERED = "-undelivered"
"""How the names of queues end that keep jobs of schedules which could not be delivered."""
ON_ITS_WAY = ("Enabled", "Enabling", "Creating", "Updating")


def functions(names: Names, inspector: Inspector, notes: Notes) -> dict[str, FunctionFacts]:
    """The Essentials that are there, by name. Two calls each."""
    found: dict[str, FunctionFacts] = {}
    for name in names.functions:
        with notes.looking("functions", f"function {name}"):
            facts = inspector.function(name)
            notes.looked_at["functions"] += 1
            if facts is None or facts.state == "Failed":
                what = "is not there" if facts is None else "has failed to be deployed"
                notes.found("functions", f"function {name}", what, why="nothing works without it", mend=DEPLOY)
            if facts is not None:
                found[name] = facts
    return found


def rules(name: str, function: FunctionFacts, inspector: Inspector, notes: Notes) -> None:
    """Is the function started every minute? Two calls."""
    with notes.looking("rules", f"the minute rule of {name}"):
        every_minute = [rule for rule in inspector.rules(function.arn) if rule.schedule == MINUTE]
        notes.looked_at["rules"] += len(every_minute)
        why = "what no wake brings, leases that end and what a crash has left behind, waits for ever"
        if not every_minute:
            notes.found("rules", f"function {name}", "is started by no minute rule", why=why, mend=DEPLOY)
        elif not any(rule.is_enabled for rule in every_minute):
            rule = every_minute[0].name
            mend = f"aws events enable-rule --name {rule}"
            notes.found("rules", f"the minute rule of {name}, {rule},", "is disabled", why=why, mend=mend)


def feed(name: str, function: FunctionFacts, part: str, inspector: Inspector, notes: Notes) -> None:
    """Is the function fed from the source whose ARN has `part`? One call."""
    with notes.looking("feeds", f"what feeds {name}"):
        feeds = [each for each in inspector.feeds(function.arn) if part in each.source]
        notes.looked_at["feeds"] += len(feeds)
        if not feeds:
            why = "it is told of nothing, and everything waits for the minute rule"
            notes.found("feeds", f"function {name}", f"is not fed from {part.strip(':/')}", why=why, mend=DEPLOY)
        for each in feeds:
            _feed(name, each, notes)


def schema(service: Service, notes: Notes) -> None:
    """Are the tables of the version that this code works with? One call."""
    with notes.looking("tables", "the version of the tables"):
        try:
            found = Schema(service)
        except (InvalidInput, TablesTooNew) as error:
            notes.found(
                "tables", "the version of the tables", f"is not known here: {error}",
                why="what is written now may be lost on those who know it", mend="install the sosw of the newest stack",
            )  # fmt: skip
            return
        if found.steps:
            notes.found(
                "tables", "the tables", f"are of version {found.version}, and this sosw works with {SCHEMA_VERSION}",
                why="items that an older sosw has written are read wrong, or not at all", mend="sosw migrate",
            )  # fmt: skip


def _feed(name: str, feed: FeedFacts, notes: Notes) -> None:
    where = f"the event source mapping {feed.uuid} of {name}"
    if feed.state not in ON_ITS_WAY:
        notes.found(
            "feeds", where, f"is {feed.state.lower()}", why="everything waits for the minute rule",
            mend=f"aws lambda update-event-source-mapping --uuid {feed.uuid} --enabled",
        )  # fmt: skip
    elif feed.problem:
        notes.found(
            "feeds", where, f"reports {feed.problem}", why="batches are dropped: latency is a minute, totals drift",
            mend=f"see the log: aws logs tail /aws/lambda/{name}",
        )  # fmt: skip


def queues(names: Names, functions: dict[str, FunctionFacts], inspector: Inspector, notes: Notes) -> None:
    """Are the queues of what failed empty? A call, and one for each queue."""
    asked: list[str] = [arn for function in functions.values() for arn in function.dead_letters]
    with notes.looking("queues", "the queues of undelivered jobs"):
        asked += [url for url in inspector.queues(f"{names.prefix}-") if url.endswith(UNDELIVERED)]
    for each in asked:
        with notes.looking("queues", f"queue {each}"):
            queue = inspector.queue(each)
            notes.looked_at["queues"] += 1
            if queue is not None and queue.waiting:
                notes.found(
                    "queues", f"queue {queue.name}", f"holds about {queue.waiting:,} messages",
                    why="each is a job or an event that was given up: nobody will try it again",
                    mend=f"aws sqs receive-message --queue-url {queue.url}; submit what it holds again, then purge it",
                )  # fmt: skip


def table(name: str, wanted: TableFacts, inspector: Inspector, notes: Notes) -> None:
    """Is it there, as the stores expect it? Two calls."""
    with notes.looking("tables", f"table {name}"):
        found, where = inspector.table(name), f"table {name}"
        notes.looked_at["tables"] += 1
        if found is None:
            notes.found("tables", where, "is not there", why="nothing works without it", mend=DEPLOY)
            return
        why = "what needs it fails, every time"
        if found.key_schema != wanted.key_schema:
            notes.found("tables", where, "has other keys than sosw's", why=why, mend=DEPLOY)
        for index, schema in wanted.indexes.items():
            known = found.indexes.get(index, {})
            if any(known.get(part) != schema[part] for part in ("KeySchema", "Projection")):
                notes.found("tables", where, f"lacks the index {index}, or has another", why=why, mend=DEPLOY)
        if found.stream != wanted.stream:
            what = f"has the stream {found.stream or 'off'}, not {wanted.stream or 'off'}"
            notes.found("tables", where, what, why="everything waits for the minute rule", mend=DEPLOY)
        if wanted.ttl and found.ttl != wanted.ttl:
            mend = "aws dynamodb update-time-to-live --table-name {} --time-to-live-specification {}"
            what = f"does not let items leave by {wanted.ttl}"
            said = mend.format(name, f"Enabled=true,AttributeName={wanted.ttl}")
            notes.found("tables", where, what, why="closed tasks and old logs stay, and are paid for", mend=said)
