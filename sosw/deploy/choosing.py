"""Which kind of stack somebody means."""

from __future__ import annotations

from pathlib import Path

from sosw.deploy.kinds import TEMPLATE, Kind, RootStack, UserStack, WatchStack
from sosw.deploy.likeness import is_root
from sosw.local.errors import TemplateInvalid
from sosw.local.home import template_of
from sosw.local.templates import read_template


def own_stack(prefix: str, *, is_said: bool, template: Path | None = None) -> RootStack:
    """sosw's own, of its own template or of a copy."""
    return RootStack(prefix=prefix, is_said=is_said, template=template or template_of("sosw"))


def watch_stack(prefix: str, *, is_said: bool) -> WatchStack:
    """Of the environment."""
    return WatchStack(prefix=prefix, is_said=is_said, template=template_of("watch"))


def stack_at(path: Path, prefix: str, *, is_said: bool) -> Kind:
    """That of the template at `path`, a file or a folder with a template.yaml; also where it is one of sosw's own.

    Raises `TemplateInvalid` where there is none.
    """
    template = path / TEMPLATE if path.is_dir() else path
    if not template.is_file():
        what = f"there is no {TEMPLATE} in the folder" if path.is_dir() else "it is neither a folder nor a template"
        raise TemplateInvalid(path, f"{what}: name the folder of a Worker, or a template")
    if is_root(read_template(template)):
        return own_stack(prefix, is_said=is_said, template=template)
    if template.resolve() == template_of("watch").resolve():
        return watch_stack(prefix, is_said=is_said)
    return UserStack(prefix=prefix, is_said=is_said, template=template)
