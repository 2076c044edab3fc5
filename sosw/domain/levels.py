"""A level of a job chunked by an attribute of the schema, and the levels below it by the attributes further in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.flags import batch_size, is_set

Payload = dict[str, Any]
_SCALARS = frozenset({str, int, float, bool})
_NONE = frozenset({type(None)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute to chunk by, with the one further in."""

    name: str
    """Singular."""
    plural: str
    isolate: tuple[str, str]
    """Flags that ask for a task a value."""
    batch: tuple[str, str]
    """Flags that ask for batches, the plural one first."""
    inner: Attribute | None

    @classmethod
    def of(cls, schema: Sequence[str]) -> Attribute | None:
        """The outermost attribute of a schema; None for a schema without any."""
        made: Attribute | None = None
        for name in reversed(schema):
            made = cls(
                name=name,
                plural=f"{name}s",
                isolate=(f"isolate_{name}s", f"isolate_{name}"),
                batch=(f"max_{name}s_per_batch", f"max_{name}_per_batch"),
                inner=made,
            )
        return made


@dataclass(frozen=True, slots=True)
class Run:
    """Payloads that differ in one attribute alone: `base`, and in it `values` under `plural`, `size` at a time.

    Values with something below them come one at a time, and what is below joins the payload. Without `plural` it is the
    one payload `base`.
    """

    base: Payload
    plural: str = ""
    values: Sequence[Any] = ()
    size: int = 1
    below: Mapping[Any, Mapping[str, Any] | None] | None = None

    def __len__(self) -> int:
        return -(-len(self.values) // self.size) if self.plural else 1

    def payloads(self, start: int = 0) -> Iterator[Payload]:
        """Those from number `start` on."""
        base, plural, values, size, below = self.base, self.plural, self.values, self.size, self.below
        if not plural:
            yield base
        elif below is not None:
            for value in values[start:]:
                yield {**base, plural: [value], **(below[value] or {})}
        elif size == 1:
            for value in values[start:] if start else values:
                yield {**base, plural: [value]}
        else:
            for begin in range(start * size, len(values), size):
                yield {**base, plural: values[begin : begin + size]}


def is_asked(data: Mapping[str, Any], attribute: Attribute) -> bool:
    """Whether `attribute`, or one further in, is asked to be chunked; flags of outer levels win."""
    if any(is_set(data.get(flag)) for flag in attribute.isolate + attribute.batch):
        return True
    inner = attribute.inner
    if inner is None:
        return False
    flags = {key: value for key, value in data.items() if key.startswith(("isolate_", "max_"))}
    return any(is_asked({**below, **flags}, inner) for _, _, below in levels_below(data, attribute))


def _groups(values: Any) -> list[dict[str, Any]]:
    """Values that are objects: one, or a list of them and nothing else."""
    found = values if isinstance(values, list) else [values]
    return found if all(isinstance(group, dict) for group in found) else []


def levels_below(level: Mapping[str, Any], attribute: Attribute) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name of the attribute, value, level of that value), wherever the values of `attribute` have one."""
    for name in (attribute.plural, attribute.name):
        for group in _groups(level.get(name)):
            yield from ((name, value, below) for value, below in group.items() if isinstance(below, dict))


def _refuse(error: InvalidInput) -> None:
    raise error


def by_attributes(
    level: Mapping[str, Any],
    above: Payload,
    attribute: Attribute,
    path: str,
    on_problem: Callable[[InvalidInput], None] = _refuse,
) -> Iterator[Run]:
    """The runs of `level`; `above` is what the outer levels gave, and `path` names the level in what is refused.

    A level that cannot be chunked is handed to `on_problem`, which may raise; if it does not, the others go on.
    """
    if not is_asked({**level, **above}, attribute):
        yield Run(_whole(level, above, attribute))
        return
    try:
        yield from _chunked(level, above, attribute, path, on_problem)
    except InvalidInput as error:
        on_problem(error)


def _chunked(
    level: Mapping[str, Any],
    above: Payload,
    attribute: Attribute,
    path: str,
    on_problem: Callable[[InvalidInput], None],
) -> Iterator[Run]:
    name, values = given_values(level, attribute, path)
    rest = {**above, **{key: value for key, value in level.items() if key != name}}
    size = batch_size(level, above, attribute.batch)
    groups = _groups(values)
    if not groups:
        yield Run(rest, attribute.plural, _flat(values, path + name), size)
    for group in groups:
        if _NONE.issuperset(map(type, group.values())):
            yield Run(rest, attribute.plural, list(group), size)
        else:
            yield from _by_values(group, rest, attribute, f"{path}{name}.", on_problem)


def _by_values(
    group: dict[str, Any],
    rest: Payload,
    attribute: Attribute,
    path: str,
    on_problem: Callable[[InvalidInput], None],
) -> Iterator[Run]:
    for value, below in group.items():
        if below is not None and not isinstance(below, dict):
            raise invalid(f"{path}{value}", below, "must be an object of what belongs to that value, or null")
    if attribute.inner is None:
        yield Run(rest, attribute.plural, list(group), below=group)
        return
    for value, below in group.items():
        task = {**rest, attribute.plural: [value]}
        if below is None:
            yield Run(task)
        else:
            yield from by_attributes(below, task, attribute.inner, f"{path}{value}.", on_problem)


def given_values(level: Mapping[str, Any], attribute: Attribute, path: str) -> tuple[str, Any]:
    """The name under which the attribute stands in `level`, and its values; raises `InvalidInput` without any."""
    found = [name for name in (attribute.plural, attribute.name) if level.get(name)]
    if len(found) > 1:
        rule = f"stands beside {path}{attribute.plural}, and only one of them can be chunked: put all values into one"
        raise invalid(path + attribute.name, level[attribute.name], rule)
    name = found[0] if found else attribute.name if attribute.name in level else attribute.plural
    if not found or level[name] in ([{}], [[]]):
        raise invalid(path + name, level.get(name), "has no values, but they are asked to be isolated")
    return name, level[name]


def _flat(values: Any, path: str) -> list[Any]:
    found = values if isinstance(values, list) else [values]
    if not _SCALARS.issuperset(map(type, found)):
        wrong = next(value for value in found if type(value) not in _SCALARS)
        raise invalid(path, wrong, "must hold texts or numbers to be isolated, or objects alone")
    return found


def _whole(level: Mapping[str, Any], above: Payload, attribute: Attribute) -> Payload:
    """A level that is not chunked, in sosw's form: flat values become a list under the plural name."""
    for name in (attribute.plural, attribute.name):
        if level.get(name):
            values = _listed(level[name])
            if values is not None:
                rest = {key: value for key, value in level.items() if key != name}
                return {**above, **rest, attribute.plural: values}
            break
    return {**above, **level}


def _listed(values: Any) -> list[Any] | None:
    if isinstance(values, dict):
        if _NONE.issuperset(map(type, values.values())):
            return list(values)
        return [values] if len(values) == 1 else None
    is_flat = isinstance(values, list) and _SCALARS.issuperset(map(type, values))
    return values if is_flat else None
