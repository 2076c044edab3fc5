"""What is deployed: sosw's own stack, its watch, or a stack of the user's, such as a Worker's.

They are planned, shown, carried out and taken away in the same way. A kind says what is particular to it: its template,
its name, which stack that is there it may change, and what it has beside its resources.
"""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sosw.client.at_work import declared_for, unfinished, unfinished_of
from sosw.client.doctor import unlike
from sosw.client.schema import Schema
from sosw.deploy.data import NONE, Data
from sosw.deploy.errors import NameClash
from sosw.deploy.likeness import is_like, is_root, kept, other_names, owner_of
from sosw.deploy.parameters import would_be
from sosw.deploy.site import Site
from sosw.domain.errors import invalid
from sosw.domain.stacks import REVIEW, ResourceFacts, StackFacts, stack_name
from sosw.local.errors import TemplateInvalid
from sosw.local.templates import Template, read_template
from sosw.settings import is_prefix

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
OURS = "Prefix"
"""A parameter of every template that belongs to an environment of sosw."""
TEMPLATE = "template.yaml"
"""In the folder of a user's stack."""
FUNCTION = "AWS::Lambda::Function"
WATCH = "-watch"
"""Behind the name of the root stack."""


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """A stack as it is wanted."""

    prefix: str
    """Of the environment that it belongs to."""
    is_said: bool = True
    """Somebody has named the prefix: it is no default."""
    template: Path

    @property
    def is_users(self) -> bool:
        """Its template is written by whoever deploys it: what they never said of a parameter is what it says now."""
        return False

    @property
    @abstractmethod
    def why_not_moved(self) -> str:
        """What would come of another prefix, for the person who says one."""

    @abstractmethod
    def name(self, site: Site) -> str:
        """Of the stack, unless another one is named."""

    @abstractmethod
    def recognise(self, stack: StackFacts, there: Template) -> None:
        """Raises `NameClash` where `stack`, which was made of `there`, is something else than this."""

    def refuse_double(self, site: Site, name: str) -> None:  # noqa: B027  (most kinds may be there twice)
        """Raises `NameClash` where another stack than that of `name` is this already."""

    def refuse_other_prefix(self, stack: StackFacts, *, is_said: bool) -> None:
        """Raises `NameClash` where the stack is of another environment than the one that was said."""
        prefix = stack.parameters.get(OURS)
        if is_said and prefix not in {None, self.prefix}:
            raise NameClash(
                f"stack {stack.name} has the prefix {prefix}: {self.why_not_moved}; "
                f"say --prefix {prefix}, or name another stack by --stack"
            )

    def refuse_namesake(  # noqa: B027  (sosw's own are told apart by their prefix)
        self, stack: StackFacts, there: Template, given: Mapping[str, str]
    ) -> None:
        """Raises `NameClash` where nothing in the stack is called as it would be of this template and parameters."""

    def said(self, declared: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
        """Of the parameters that are declared, those that the environment decides. `before`: as they are now."""
        del before
        return {OURS: self.prefix} if OURS in declared else {}

    def data(self, site: Site, prefix: str) -> Data:
        """What stays without the stack, and is taken over by the next one; what of it is there."""
        del site, prefix
        return NONE

    def unfinished(self, site: Site, prefix: str, stack: StackFacts | None) -> list[str]:
        """Work that would be left if it were taken away, a sentence each."""
        del site, prefix, stack
        return []

    def remains(self, site: Site, prefix: str, stack: StackFacts, there: Template) -> list[str]:
        """What is left of it, or beside it, when it is gone, a sentence each."""
        del site, prefix, stack, there
        return []

    def differs(self, site: Site, prefix: str, data: Data) -> list[str]:
        """How data that is taken over is other than the template says, a sentence each."""
        del site, prefix, data
        return []

    def note(self, site: Site, prefix: str, *, is_new: bool) -> None:  # noqa: B027  (most kinds have no data)
        """Write down what is known of its data once it is deployed. `is_new`: there was none before."""

    @abstractmethod
    def next_steps(self) -> list[str]:
        """Commands for when it is deployed, without the global options."""


@dataclass(frozen=True, kw_only=True)
class RootStack(Kind):
    """The Essentials of an environment, with their tables."""

    @property
    def why_not_moved(self) -> str:
        return "another one would replace every table by an empty one"

    def name(self, site: Site) -> str:
        """The prefix."""
        del site
        return self.prefix

    def recognise(self, stack: StackFacts, there: Template) -> None:
        """By what it exports."""
        if not is_root(there):
            raise NameClash(f"stack {stack.name} is not sosw's ({_described(stack)}): name another one by --stack")

    def refuse_double(self, site: Site, name: str) -> None:
        """The prefix is that of another stack, as far as one may ask: AWS itself takes no export twice."""
        owner = owner_of(site, self.prefix, unless_forbidden=True)
        if owner and owner != name:
            raise NameClash(
                f"prefix {self.prefix} is in use by stack {owner}: say --stack {owner} to change that one, or name "
                "another prefix by --prefix"
            )

    def data(self, site: Site, prefix: str) -> Data:
        """Tables and archive."""
        return Data.of(site, prefix)

    def unfinished(self, site: Site, prefix: str, stack: StackFacts | None) -> list[str]:
        """Of all labourers, unless the environment is another stack's."""
        is_ours = owner_of(site, prefix) in {None, stack and stack.name}
        return unfinished(site.service(prefix)) if is_ours and Data.of(site, prefix).is_whole else []

    def remains(self, site: Site, prefix: str, stack: StackFacts, there: Template) -> list[str]:
        """The watch beside it."""
        del prefix, there
        watch = site.stacks.find(f"{stack.name}{WATCH}")
        if watch is None or watch.status == REVIEW:
            return []
        how = f"sosw destroy --watch --stack {watch.name}"
        return [f"stack {watch.name}: its alarms will be raised when nothing reports any more; they go by {how}"]

    def differs(self, site: Site, prefix: str, data: Data) -> list[str]:
        """The tables, as the doctor sees them."""
        return unlike(site.service(prefix), data.tables)

    def note(self, site: Site, prefix: str, *, is_new: bool) -> None:
        """The version of the tables, where they do not say it themselves."""
        schema = Schema(site.service(prefix))
        if is_new or not (schema.is_noted or schema.steps):
            schema.note()

    def next_steps(self) -> list[str]:
        """To be told when something is wrong, and to use it."""
        return ["sosw doctor", "sosw deploy --watch", "sosw apply labourers.yaml"]


@dataclass(frozen=True, kw_only=True)
class WatchStack(Kind):
    """The alarms and the dashboard of an environment, which need not be there yet."""

    @property
    def why_not_moved(self) -> str:
        return "its alarms are of that environment"

    def name(self, site: Site) -> str:
        """Beside the root stack, where that is there."""
        return f"{owner_of(site, self.prefix, unless_forbidden=True) or self.prefix}{WATCH}"

    def recognise(self, stack: StackFacts, there: Template) -> None:
        """By its alarms."""
        if is_root(there) or not is_like(there, read_template(self.template)):
            raise NameClash(
                f"stack {stack.name} is no watch of sosw's ({_described(stack)}): name another one by --stack"
            )

    def next_steps(self) -> list[str]:
        """To see that nothing is wrong now."""
        return ["sosw doctor"]


@dataclass(frozen=True, kw_only=True)
class UserStack(Kind):
    """A Worker's, a schedule's, or whatever else stands in a template of the user's."""

    @property
    def is_users(self) -> bool:
        return True

    @property
    def why_not_moved(self) -> str:
        return "what is in it works for that environment"

    def name(self, site: Site) -> str:
        """After the folder, or after the file where that has a name of its own."""
        del site
        path = self.template.resolve()
        name = stack_name(path.parent.name if path.name == TEMPLATE else path.stem)
        if not name:
            raise TemplateInvalid(self.template, "its path gives no name that a stack may have: name it by --stack")
        return name

    def recognise(self, stack: StackFacts, there: Template) -> None:
        """By its resources; sosw's own stack has none of a user's, however they are named."""
        if is_root(there) or not is_like(there, read_template(self.template)):
            raise NameClash(
                f"stack {stack.name} came from something else ({_described(stack)}) than {self.template}: "
                "name another one by --stack"
            )

    def refuse_namesake(self, stack: StackFacts, there: Template, given: Mapping[str, str]) -> None:
        """Of two Workers that began as the same template, the resources alone do not tell which is which."""
        template = read_template(self.template)
        before = would_be(there, {}, stack.parameters)
        old, new = other_names(there, before, template, would_be(template, before, given, there))
        if old:
            raise NameClash(
                f"stack {stack.name} is of {old}, and {self.template} of {new}: name the stack of {new} by --stack, or "
                "the template of that one"
            )

    def said(self, declared: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
        """An environment that nobody has named is that of before, or the template's."""
        is_known = OURS in before or "Default" in declared.get(OURS, {})
        return {OURS: self.prefix} if OURS in declared and (self.is_said or not is_known) else {}

    def unfinished(self, site: Site, prefix: str, stack: StackFacts | None) -> list[str]:
        """Of the labourers whose functions are in it."""
        functions = _functions(site.stacks.resources(stack.name)) if stack and stack.status != REVIEW else []
        can_ask = functions and Data.of(site, prefix).is_whole
        return unfinished_of(site.service(prefix), functions) if can_ask else []

    def remains(self, site: Site, prefix: str, stack: StackFacts, there: Template) -> list[str]:
        """What its template keeps, and the labourers that are declared for it."""
        found, names = site.stacks.resources(stack.name), kept(there)
        functions = _functions(found)
        can_ask = functions and Data.of(site, prefix).is_whole
        labourers = declared_for(site.service(prefix), functions) if can_ask else []
        return [
            *(f"{each.name} ({each.kind}): {each.id}, as its template says" for each in found if each.name in names),
            *(f"labourer {each} in the settings, until sosw apply takes a file without it" for each in labourers),
        ]

    def next_steps(self) -> list[str]:
        """With the files of a Worker's folder, where they are there."""
        settings, job = self.template.parent / "labourers.yaml", self.template.parent / "job.json"
        steps = [f"sosw apply --add {shlex.quote(str(settings))}"] if settings.exists() else []
        steps += [f"sosw submit --job {shlex.quote(str(job))} --wait"] if steps and job.exists() else []
        return steps or ["sosw doctor"]


def checked_name(kind: Kind, site: Site, given: str | None) -> str:
    """Of the stack; raises `InvalidInput` for what cannot be one, or is of no environment, before AWS is asked."""
    if not is_prefix(kind.prefix):
        raise invalid(f"parameter {OURS}", kind.prefix, "must be 1 to 31 of a-z 0-9 -, beginning with a letter")
    if given and not _NAME.fullmatch(given):
        rule = "must be 1 to 128 of A-Z a-z 0-9 -, beginning with a letter"
        raise invalid("--stack", given, rule, stack_name(given) and f"such as {stack_name(given)}")
    return given or kind.name(site)


def _functions(found: Iterable[ResourceFacts]) -> list[str]:
    """The names of those that were made."""
    return [each.id for each in found if each.kind == FUNCTION and each.id]


def _described(stack: StackFacts) -> str:
    return stack.description or "it has no description"
