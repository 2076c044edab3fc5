"""Reading a SAM template, and naming where its code was uploaded to; nothing else in it is touched."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # AWS ships no types with it

from sosw.local.errors import TemplateInvalid

Template = dict[str, Any]
_FUNCTION = "AWS::Serverless::Function"
_FUNCTIONS = (_FUNCTION, "AWS::Lambda::Function")


def read_template(path: Path) -> Template:
    """YAML with CloudFormation's tags, or JSON. Short tags (`!Ref`) come back in their long form."""
    try:
        template = yaml_parse(path.read_text())
    except OSError as error:
        raise TemplateInvalid(path, f"cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise TemplateInvalid(path, f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateInvalid(path, "has no Resources")
    return template


def render(template: Template) -> str:
    # `default`: an unquoted 2010-09-09 is read as a date.
    return json.dumps(template, default=str, separators=(",", ":"))


def with_code_at(template: Template, upload: Callable[[str], dict[str, str]]) -> Template:
    """A copy in which each local CodeUri is what `upload` answered for it; each folder is asked for once."""
    packaged = copy.deepcopy(template)
    locations: dict[str, dict[str, str]] = {}
    for holder in _code_holders(packaged):
        uri = holder["CodeUri"]
        if uri not in locations:
            locations[uri] = upload(uri)
        holder["CodeUri"] = locations[uri]
    return packaged


def runtimes(template: Template, values: Mapping[str, str]) -> set[str]:
    """Of its functions, with `values` for its parameters."""
    declared = template.get("Parameters") or {}
    known = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()} | dict(values)
    holders = [template.get("Globals", {}).get("Function", {})]
    holders += [r.get("Properties") or {} for r in template["Resources"].values() if r.get("Type") in _FUNCTIONS]
    named = [holder.get("Runtime") for holder in holders]
    return {known.get(name.get("Ref"), "") if isinstance(name, dict) else str(name) for name in named if name}


def _code_holders(template: Template) -> Iterator[dict[str, Any]]:
    holders = [template.get("Globals", {}).get("Function", {})]
    holders += [r.get("Properties") or {} for r in template["Resources"].values() if r.get("Type") == _FUNCTION]
    for holder in holders:
        uri = holder.get("CodeUri")
        if isinstance(uri, str) and not uri.startswith("s3://"):
            yield holder
