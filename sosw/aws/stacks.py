"""CloudFormation: stacks as they stand, proposals of changes, and what happens while one is carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import boto3

from sosw.aws.faults import PATIENT, AwsFailed, asking
from sosw.domain.stacks import REVIEW, ChangeFacts, EventFacts, ResourceFacts, StackFacts

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
POLL, PATIENCE = 1, 300
"""Seconds between looks at a change set that is being made, and how often it is looked at."""
STACK = "AWS::CloudFormation::Stack"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_ALIVE = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
_NOTHING = ("didn't contain changes", "No updates are to be performed")


class Stacks:
    """The stacks of one account and region; nothing is called before it is asked for something."""

    def __init__(self, *, region: str | None = None, endpoint: str | None = None, client: Any = None) -> None:
        self._region, self._endpoint, self._client = region, endpoint, client

    @property
    def client(self) -> Any:
        """The one client. Raises `AwsFailed` where no region is set."""
        if self._client is None:
            with asking("no stack could be looked at", region=self._region):
                self._client = boto3.client(
                    "cloudformation", region_name=self._region, endpoint_url=self._endpoint, config=PATIENT
                )
        return self._client

    @property
    def region(self) -> str:
        """Where they are."""
        name: str = self.client.meta.region_name
        return name

    @property
    def is_local(self) -> bool:
        """They are on the local stack."""
        return urlsplit(self.client.meta.endpoint_url).hostname in _THIS_MACHINE

    def find(self, name: str) -> StackFacts | None:
        """By name, or by id also when it is deleted."""
        try:
            with asking(f"stack {name} could not be looked at", region=self.region):
                (found,) = self.client.describe_stacks(StackName=name)["Stacks"]
        except AwsFailed as failed:
            if "does not exist" in failed.reason:
                return None
            raise
        return _facts(found)

    def template(self, name: str) -> str:
        """What the stack was made of, as it was sent: YAML or JSON."""
        with asking(f"the template of stack {name} could not be read", region=self.region):
            found = self.client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        return found if isinstance(found, str) else json.dumps(found, default=str)

    def resources(self, name: str) -> list[ResourceFacts]:
        """Those that the stack has now."""
        with asking(f"the resources of stack {name} could not be listed", region=self.region):
            pages = self.client.get_paginator("list_stack_resources").paginate(StackName=name)
            return [_resource(each) for page in pages for each in page["StackResourceSummaries"]]

    def exporter(self, export: str) -> str | None:
        """The stack that exports something under that name."""
        return self.exporters().get(export)

    def exporters(self) -> dict[str, str]:
        """Of each name under which something is exported here, the stack."""
        with asking("what is exported could not be listed", region=self.region):
            pages = self.client.get_paginator("list_exports").paginate()
            return {each["Name"]: each["ExportingStackId"].split("/")[1] for page in pages for each in page["Exports"]}

    def importers(self, export: str) -> list[str]:
        """The stacks that import what is exported under that name."""
        try:
            with asking(f"who imports {export} could not be looked for", region=self.region):
                pages = self.client.get_paginator("list_imports").paginate(ExportName=export)
                return [name for page in pages for name in page["Imports"]]
        except AwsFailed as failed:
            if "not imported" in failed.reason or "does not exist" in failed.reason:
                return []
            raise

    def propose(
        self, stack: str, change_set: str, template: Mapping[str, str], parameters: Mapping[str, str | None], *,
        creates: bool, takes_over: bool,
    ) -> list[ChangeFacts]:  # fmt: skip
        """Make a change set; answers what it would do, nothing where it would do nothing. Nothing is changed yet, and
        nothing is left where that fails.

        `template` is its `TemplateBody` or `TemplateURL`; a parameter of None stays as it is; `takes_over`: what exists
        under the names that it gives to what it keeps becomes part of the stack. Raises `AwsFailed` for what AWS does
        not take.
        """
        wanted = {"StackName": stack, "ChangeSetName": change_set}
        with asking(f"AWS does not take the template of stack {stack}, nothing was changed", region=self.region):
            try:
                self.client.create_change_set(
                    **wanted,
                    ChangeSetType="CREATE" if creates else "UPDATE",
                    Parameters=[_parameter(name, value) for name, value in parameters.items()],
                    Capabilities=CAPABILITIES,
                    **({"ImportExistingResources": True} if takes_over else {}),
                    **template,
                )
                self._await_made(wanted)
                return self._proposed(stack, change_set)
            except BaseException:
                self._await_made(wanted)  # until then it cannot be taken back
                with suppress(AwsFailed):
                    self.forget(stack, change_set)
                raise

    def _await_made(self, change_set: Mapping[str, str]) -> None:
        """Returns when it is made, or will not be: which, its description tells."""
        waiter = self.client.get_waiter("change_set_create_complete")
        with suppress(Exception):
            waiter.wait(**change_set, WaiterConfig={"Delay": POLL, "MaxAttempts": PATIENCE})

    def _proposed(self, stack: str, change_set: str) -> list[ChangeFacts]:
        pages = self.client.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=change_set)
        found = list(pages)
        status, reason = found[0]["Status"], found[0].get("StatusReason", "no reason is told")
        if status != "CREATE_COMPLETE":
            if any(word in reason for word in _NOTHING):
                return []
            raise AwsFailed(f"AWS does not take the template of stack {stack}, nothing was changed", status, reason)
        changes = [_change(each["ResourceChange"]) for page in found for each in page["Changes"]]
        return changes or [ChangeFacts(action="Modify", resource=stack, kind=STACK)]  # its outputs alone

    def forget(self, stack: str, change_set: str, *, is_ours: bool = True) -> None:
        """Take the proposal back, and the empty stack that it has made, unless somebody else has one for it too.

        `is_ours`: there was no stack before.
        """
        with asking(f"the change set {change_set} of stack {stack} could not be taken back", region=self.region):
            self.client.delete_change_set(StackName=stack, ChangeSetName=change_set)
            found = self.find(stack) if is_ours else None
            if found and found.status == REVIEW and not self._others(stack, change_set):
                self.client.delete_stack(StackName=stack)

    def _others(self, stack: str, change_set: str) -> list[str]:
        """Other proposals, that are being made or may still be carried out."""
        pages = self.client.get_paginator("list_change_sets").paginate(StackName=stack)
        return [
            each["ChangeSetName"]
            for page in pages
            for each in page["Summaries"]
            if each["ChangeSetName"] != change_set and each.get("Status") in _ALIVE
        ]

    def carry_out(self, stack: str, change_set: str) -> None:
        """Begin to; `find` and `events` tell how it goes."""
        with asking(f"the changes of stack {stack} could not be begun", region=self.region):
            self.client.execute_change_set(StackName=stack, ChangeSetName=change_set)

    def delete(self, stack: str) -> None:
        """Begin to delete it: by its id, so that no other one goes that has its name by now."""
        with asking(f"stack {stack} could not be deleted", region=self.region):
            self.client.delete_stack(StackName=stack)

    def last_event(self, stack: str) -> str | None:
        """The id of what happened last: one call, however long the stack's history."""
        with asking(f"what happens to stack {stack} could not be read", region=self.region):
            page = self.client.describe_stack_events(StackName=stack)["StackEvents"]
            return page[0]["EventId"] if page else None

    def events(self, stack: str, after: str | None) -> list[EventFacts]:
        """What happened after the event of that id, the oldest first; all that is known for None."""
        news: list[EventFacts] = []
        with asking(f"what happens to stack {stack} could not be read", region=self.region):
            pages = self.client.get_paginator("describe_stack_events").paginate(StackName=stack)
            for event in (event for page in pages for event in page["StackEvents"]):
                if event["EventId"] == after:
                    break
                news.append(_event(event))
        return news[::-1]

    def refused(self, stack: str) -> str:
        """Why AWS has not even begun: what its check before a change has found wrong; empty where it has not, or where
        that may not be read: what failed must be told all the same.
        """
        try:
            with asking(f"what is wrong with stack {stack} could not be read", region=self.region):
                found = self.client.describe_events(StackName=stack, Filters={"FailedEvents": True})["OperationEvents"]
        except AwsFailed:
            return ""
        wrong = [each for each in found if each.get("ValidationStatusReason")]
        return "; ".join(f"{each.get('LogicalResourceId', stack)}: {each['ValidationStatusReason']}" for each in wrong)


def _facts(found: Mapping[str, Any]) -> StackFacts:
    outputs = found.get("Outputs", [])
    return StackFacts(
        name=found["StackName"],
        id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        description=found.get("Description", ""),
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])},
        outputs={each["OutputKey"]: each["OutputValue"] for each in outputs},
        exports=tuple(each["ExportName"] for each in outputs if each.get("ExportName")),
    )


def _parameter(name: str, value: str | None) -> dict[str, Any]:
    return {"ParameterKey": name, **({"UsePreviousValue": True} if value is None else {"ParameterValue": value})}


def _resource(found: Mapping[str, Any]) -> ResourceFacts:
    name, identity = found["LogicalResourceId"], found.get("PhysicalResourceId", "")
    return ResourceFacts(name=name, kind=found["ResourceType"], id=identity, status=found["ResourceStatus"])


def _change(change: Mapping[str, Any]) -> ChangeFacts:
    return ChangeFacts(
        action=change["Action"],
        resource=change["LogicalResourceId"],
        kind=change["ResourceType"],
        replaces=change.get("Replacement") == "True",
        may_replace=change.get("Replacement") == "Conditional",
    )


def _event(event: Mapping[str, Any]) -> EventFacts:
    return EventFacts(
        id=event["EventId"],
        resource=event["LogicalResourceId"],
        kind=event["ResourceType"],
        status=event["ResourceStatus"],
        reason=event.get("ResourceStatusReason", ""),
        is_of_stack=event.get("PhysicalResourceId") == event["StackId"],
    )
