"""A cloud that does at once what it is told, or what a test has written down for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sosw.aws.belongings import Belongings
from sosw.aws.stacks import Stacks
from sosw.deploy import Site, Wanted, own_stack
from sosw.domain.stacks import ChangeFacts, EventFacts, ResourceFacts, StackFacts
from tests.unit.client.doctoring import Examined

TEMPLATE = """
Parameters:
  Prefix: { Type: String, Default: sosw }
  Days: { Type: Number, Default: 7, MinValue: 1, MaxValue: 9 }
Resources:
  Tasks:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: RetainExceptOnCreate
    Properties: { TableName: !Sub "${Prefix}-tasks" }
Outputs:
  SchedulerArn: { Value: none, Export: { Name: !Sub "${Prefix}-SchedulerArn" } }
"""
SHOP = """
Resources:
  Shop: { Type: AWS::SQS::Queue }
"""
ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/sosw/1"


def sosw(status: str = "CREATE_COMPLETE", **facts: object) -> StackFacts:
    parameters = {"Prefix": "sosw", "Days": "7"}
    return replace(StackFacts(name="sosw", id=ID, status=status, parameters=parameters), **facts)  # type: ignore[arg-type]


def event(resource: str, status: str, reason: str = "") -> EventFacts:
    key, is_of_stack = f"{resource}-{status}", resource == "sosw"
    return EventFacts(
        id=key, resource=resource, kind="AWS::X::Y", status=status, reason=reason, is_of_stack=is_of_stack
    )


class FakeStacks(Stacks):
    """One stack. `ends`: how it stands after each change, one after the other; `news`: what happens in each."""

    def __init__(self, stack: StackFacts | None = None) -> None:
        self.stack, self.done = stack, list[str]()
        self.changes = [ChangeFacts(action="Modify", resource="Tasks", kind="AWS::DynamoDB::Table")]
        self.ends: list[StackFacts | None] = []
        self.news: list[list[EventFacts]] = []
        self.known: list[EventFacts] = []
        self.exports: dict[str, str] = {}
        self.imports: dict[str, list[str]] = {}
        self.validation = ""
        self.refusal: BaseException | None = None
        self.proposed: dict[str, object] = {}
        self.made_of, self.has = TEMPLATE, list[ResourceFacts]()

    @property
    def region(self) -> str:
        return "eu-west-1"

    @property
    def is_local(self) -> bool:
        return False

    def find(self, name: str) -> StackFacts | None:
        return self.stack if self.stack and name in {self.stack.name, self.stack.id} else None

    def template(self, name: str) -> str:
        assert self.stack
        assert (self.stack.name, self.stack.status != "REVIEW_IN_PROGRESS") == (name, True)
        return self.made_of

    def resources(self, name: str) -> list[ResourceFacts]:
        assert self.stack
        assert self.stack.name == name
        return self.has

    def exporters(self) -> dict[str, str]:
        return self.exports

    def importers(self, export: str) -> list[str]:
        return self.imports.get(export, [])

    def propose(
        self, stack: str, change_set: str, template: Mapping[str, str], parameters: Mapping[str, str | None], *,
        creates: bool, takes_over: bool,
    ) -> list[ChangeFacts]:  # fmt: skip
        del change_set
        self.proposed = {"template": template, "parameters": parameters, "creates": creates, "takes_over": takes_over}
        if self.refusal:
            raise self.refusal
        self.done.append(f"propose {stack}")
        if self.stack is None:
            self.stack = sosw("REVIEW_IN_PROGRESS", parameters={})
        return self.changes

    def forget(self, stack: str, change_set: str, *, is_ours: bool = True) -> None:
        del change_set, is_ours
        self.done.append(f"forget {stack}")

    def carry_out(self, stack: str, change_set: str) -> None:
        del change_set
        self._end(f"carry out {stack}")

    def delete(self, stack: str) -> None:
        if self.stack and self.stack.id == stack:
            self._end(f"delete {self.stack.name}")

    def last_event(self, stack: str) -> str | None:
        assert stack == ID
        return self.known[-1].id if self.known else None

    def events(self, stack: str, after: str | None) -> list[EventFacts]:
        assert stack == ID
        ids = [each.id for each in self.known]
        return self.known[ids.index(after) + 1 :] if after in ids else list(self.known)

    def refused(self, stack: str) -> str:
        assert stack == ID
        return self.validation

    def _end(self, what: str) -> None:
        self.done.append(what)
        self.known.append(event("sosw", f"{what}_IN_PROGRESS {len(self.known)}"))
        self.known += self.news.pop(0) if self.news else []
        self.stack = self.ends.pop(0)
        if self.stack:
            self.known.append(replace(event("sosw", self.stack.status), id=f"end {len(self.known)}"))


class FakeBelongings(Belongings):
    """Tables and buckets by name."""

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.completed: list[str] = []

    def account(self) -> str:
        return "123456789012"

    def has_bucket(self, name: str) -> bool:
        return name in self.buckets

    def make_bucket(self, name: str, region: str) -> None:
        assert region == "eu-west-1"
        self.buckets.setdefault(name, {})
        self.completed.append(name)

    def has_object(self, bucket: str, key: str) -> bool:
        return key in self.buckets.get(bucket, {})

    def upload(self, bucket: str, key: str, content: bytes) -> str:
        self.buckets[bucket][key] = content
        return f"https://s3/{bucket}/{key}"

    def delete_object(self, bucket: str, key: str) -> None:
        del self.buckets[bucket][key]

    def table_is_there(self, name: str) -> bool:
        return name in self.tables

    def delete_table(self, name: str) -> None:
        self.tables.remove(name)

    def delete_bucket(self, name: str) -> None:
        del self.buckets[name]


class Cloud:
    """All of it, with an environment in memory behind it."""

    def __init__(self, folder: Path, stack: StackFacts | None = None) -> None:
        self.stacks, self.belongings, self.world = FakeStacks(stack), FakeBelongings(), Examined()
        self.site = Site(self.stacks, self.belongings, lambda _prefix: self.world.service)
        self.folder, self.template = folder, folder / "sosw.yaml"
        self.template.write_text(TEMPLATE)

    def wanted(self, **parameters: str) -> Wanted:
        """The root stack, of a small template."""
        return Wanted(kind=own_stack("sosw", is_said=False, template=self.template), parameters=parameters)

    def keep(self) -> None:
        """Tables and bucket are there."""
        self.belongings.tables = set(self.world.service.tables())
        self.belongings.buckets["sosw-123456789012-eu-west-1"] = {}
