"""Options that every command takes, before its name and behind it; and options that commands have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from sosw.cli.session import Session
from sosw.domain.errors import NotThere

PANEL = "Everywhere"

Prefix = Annotated[
    str | None,
    typer.Option(
        help="Environment of sosw: what its stack was deployed with; SOSW_PREFIX, or sosw.", rich_help_panel=PANEL
    ),
]
Region = Annotated[
    str | None,
    typer.Option(help="AWS region; AWS_REGION, AWS_DEFAULT_REGION or the profile's.", rich_help_panel=PANEL),
]
Endpoint = Annotated[
    str | None, typer.Option(help="URL to use instead of AWS; AWS_ENDPOINT_URL.", rich_help_panel=PANEL)
]
Local = Annotated[
    bool,
    typer.Option(
        "--local", help="Use the local stack that `sosw local up` has started here, or above.", rich_help_panel=PANEL
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.", rich_help_panel=PANEL)]

_OPTIONS = {"prefix": Prefix, "region": Region, "endpoint": Endpoint, "local": Local, "as_json": AsJson}
_DEFAULTS = {"local": False, "as_json": False}
_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def everywhere(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with these options besides its own; its first parameter is the `Session` that they make.

    A parameter whose type is a dataclass stands for options, one for each field.
    """
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    bundles: dict[str, Any] = {
        parameter.name: parameter.annotation for parameter in own if is_dataclass(parameter.annotation)
    }

    def run(ctx: typer.Context, **given: Any) -> None:
        session = (ctx.find_object(Session) or Session()).with_({name: given.pop(name) for name in _OPTIONS})
        made = {
            name: kind(**{each.name: given.pop(each.name) for each in fields(kind)}) for name, kind in bundles.items()
        }
        try:
            command(session, **({"ctx": ctx} if _CONTEXT in own else {}), **made, **given)
        except NotThere:
            session.client().require_environment()  # a better sentence, where all of it is not there
            raise

    parameters = [_CONTEXT, *_flat(own, bundles), *(_option(name, kind) for name, kind in _OPTIONS.items())]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _flat(own: list[inspect.Parameter], bundles: dict[str, Any]) -> Iterator[inspect.Parameter]:
    for parameter in own:
        if parameter.name in bundles:
            kinds = get_type_hints(parameter.annotation, include_extras=True)
            for each in fields(parameter.annotation):
                default = inspect.Parameter.empty if each.default is MISSING else each.default
                yield _option(each.name, kinds[each.name], default)
        elif parameter != _CONTEXT:
            yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def _option(name: str, kind: Any, default: Any = None) -> inspect.Parameter:
    default = _DEFAULTS.get(name, default)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
