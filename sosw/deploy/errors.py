"""Why something is not deployed, or not taken away: what is in the way, how it stands now, and the next step."""

from __future__ import annotations

from collections.abc import Sequence

from sosw.domain.errors import SoswError
from sosw.domain.stacks import ChangeFacts, EventFacts, StackFacts


class NameClash(SoswError):
    """A name that would be used is somebody else's."""


class NotExported(SoswError):
    """A stack would import what no stack exports here; `prefix`: of the environment that should, None for others.

    `is_there`: that environment is deployed, by a sosw that does not export it.
    """

    def __init__(
        self, stack: str, export: str, where: str, *, prefix: str | None = None, is_there: bool = False, words: str = ""
    ) -> None:
        self.stack, self.export, self.prefix = stack, export, prefix
        if prefix is None:
            what, step = f"imports {export}, which no stack exports", "deploy the one that exports it first"
        else:
            lacks = f"does not export {export} as it is deployed" if is_there else "is not deployed"
            what = f"stands on sosw's environment {prefix!r}, which {lacks}"
            step = f"sosw deploy --prefix {prefix}{words} first"
        super().__init__(f"stack {stack} {what} in {where}: {step}")


class LostSight(SoswError):
    """AWS is at a change, and does not tell how it goes."""

    def __init__(self, stack: str, why: SoswError) -> None:
        self.stack, self.why = stack, why
        super().__init__(f"{why}: AWS goes on with it; how it stands is told by the same command with --dry-run")


class WouldBeLost(SoswError):
    """Somebody agreed beforehand to a plan that takes something away, with what it holds."""

    def __init__(self, stack: str, lost: Sequence[ChangeFacts]) -> None:
        self.stack, self.lost = stack, tuple(lost)
        super().__init__(
            f"stack {stack} was not changed: {'; '.join(map(str, self.lost))}, and --yes does not stand for that: "
            "say --replace as well"
        )


class StillInUse(SoswError):
    """Others stand on the stack, or work for it is not finished."""

    def __init__(self, reasons: Sequence[str], step: str) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"nothing was taken away: {'; '.join(self.reasons)}: {step}")


class NoSuchStack(SoswError):
    """There is nothing to take away."""

    def __init__(self, stack: str, account: str, region: str) -> None:
        self.stack = stack
        super().__init__(
            f"there is no stack {stack} in account {account}, region {region}: name another one by --stack, "
            "--prefix or --region"
        )


class ChangeFailed(SoswError):
    """A change was begun and failed; `cause` is what failed first, `now` the stack as it stands, None if it is gone."""

    def __init__(self, stack: str, cause: EventFacts | None, now: StackFacts | None) -> None:
        self.stack, self.cause, self.now = stack, cause, now
        status = now.status if now else "gone"
        where = (
            f"{cause.resource} ({cause.kind}) {cause.status}: {cause.reason or 'no reason is told'}" if cause else ""
        )
        said = where or (now.reason if now else "") or "no reason is told"
        super().__init__(f"stack {stack} was not changed as planned: {said}. It is {status}: {_step(stack, status)}")


def _step(stack: str, status: str) -> str:
    """How it stands, and what to do."""
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "all is as it was before; mend the cause and deploy again"
    if status == "ROLLBACK_COMPLETE":
        return "what had been made was taken back; mend the cause and deploy again, which removes the rest first"
    if status == "ROLLBACK_FAILED":
        return (
            "tables are protected from deletion, so they may be what stayed; mend the cause and deploy again, which "
            "takes them over"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return f"mend the cause, then: aws cloudformation continue-update-rollback --stack-name {stack}"
    if status == "gone":
        return "nothing is left of it; mend the cause and deploy again"
    return "mend the cause and try again: what is left of it is removed first"
