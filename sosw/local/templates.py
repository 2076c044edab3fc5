"""Reading a SAM template, and naming where its code was uploaded to; nothing else in it is touched."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # AWS ships no types with it

from sosw.local.errors import TemplateInvalid

Template = dict[str, Any]
_FUNCTION = "AWS::Serverless::Function"
_RULE = "Fn::"
LAMBDAS_OWN = "x86_64"
"""The processor of a function that names none."""
_FUNCTIONS = (_FUNCTION, "AWS::Lambda::Function")
_WORD = re.compile(r"\$\{([^!}][^}]*)\}")


def read_template(path: Path) -> Template:
    """YAML with CloudFormation's tags, or JSON. Short tags (`!Ref`) come back in their long form."""
    try:
        return parse_template(path.read_text("utf-8"), path)
    except OSError as error:
        raise TemplateInvalid(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TemplateInvalid(path, f"is not UTF-8: {error.reason} at byte {error.start:,}") from error


def parse_template(text: str, path: Path) -> Template:
    """The same of a text; `path` is what an error names."""
    try:
        template = yaml_parse(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TemplateInvalid(path, f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(template, dict) or not template.get("Resources"):
        raise TemplateInvalid(path, "has no Resources")
    for where, part in _mappings(template):
        if not isinstance(part, dict):
            raise TemplateInvalid(path, f"{where} must be a mapping of names to values")
        for name in part:
            if not isinstance(name, str):
                raise TemplateInvalid(path, f"{where} has the name {name!r}, which YAML reads as no text: quote it")
    for name, resource in resources(template).items():
        if not isinstance(resource.get("Type"), str):
            raise TemplateInvalid(path, f"resource {name} has no Type")
    return template


def _mappings(template: Template) -> Iterator[tuple[str, Any]]:
    """What must have names, an outer part before those in it; most of them may be left out."""
    for section in ("Parameters", "Globals", "Outputs"):
        yield section, template.get(section) or {}
    yield "Globals.Function", (template.get("Globals") or {}).get("Function") or {}
    for name, rules in (template.get("Parameters") or {}).items():
        yield f"Parameters.{name}", rules
    for name, output in (template.get("Outputs") or {}).items():
        if not name.startswith(_RULE):
            yield f"Outputs.{name}", output or {}
            yield f"Outputs.{name}.Export", (output or {}).get("Export") or {}
    yield "Resources", template["Resources"]
    for name, resource in resources(template).items():
        yield f"Resources.{name}", resource
        yield f"Resources.{name}.Properties", resource.get("Properties") or {}


def resources(template: Template) -> dict[str, dict[str, Any]]:
    """By name; without the rules by which AWS makes more of them."""
    return {name: each for name, each in template["Resources"].items() if not name.startswith(_RULE)}


def render(template: Template) -> str:
    # `default`: an unquoted 2010-09-09 is read as a date.
    return json.dumps(template, default=str, separators=(",", ":"))


def spelt(rule: Any, values: Mapping[str, str]) -> str | None:
    """The text that a rule of CloudFormation makes of the values; None where only AWS can tell it."""
    match rule:
        case str():
            return rule
        case {"Ref": str(name)}:
            return values.get(name)
        case {"Fn::Sub": str(text)} if all(word in values for word in _WORD.findall(text)):
            return _WORD.sub(lambda word: values[word[1]], text).replace("${!", "${")
    return None


@dataclass(frozen=True, slots=True)
class Code:
    """The folder of a function, and what its package is made for."""

    uri: str
    """As the template has it."""
    runtime: str
    """Empty where the template does not say it, or in a way that only AWS understands."""
    architecture: str

    def folder(self, template: Path) -> Path:
        """Beside the template; raises `TemplateInvalid` where it is not there."""
        folder = (template.parent / self.uri).resolve()
        if not folder.is_dir():
            what = f"CodeUri {self.uri} is no folder: it is looked for beside the template, at {folder}"
            raise TemplateInvalid(template, what)
        return folder


def with_code_at(template: Template, values: Mapping[str, str], upload: Callable[[Code], dict[str, str]]) -> Template:
    """A copy in which each local CodeUri is what `upload` answered for it, asked once for each; `values`: parameters.

    What Globals say of a function's code stands at each function then.
    """
    packaged = copy.deepcopy(template)
    shared = (packaged.get("Globals") or {}).get("Function") or {}
    uri, locations = shared.pop("CodeUri", None), dict[Code, dict[str, str]]()
    known = _known(template, values)
    for resource in resources(packaged).values():
        if resource["Type"] != _FUNCTION:
            continue
        holder = resource["Properties"] = resource.get("Properties") or {}
        if uri is not None:
            holder.setdefault("CodeUri", uri)
        if _is_local(holder.get("CodeUri")):
            code = _code({**shared, **holder}, known)
            if code not in locations:
                locations[code] = upload(code)
            holder["CodeUri"] = locations[code]
    return packaged


def runtimes(template: Template, values: Mapping[str, str]) -> set[str]:
    """Of its functions, with `values` for its parameters."""
    known = _known(template, values)
    holders = [(template.get("Globals") or {}).get("Function") or {}]
    holders += [r.get("Properties") or {} for r in resources(template).values() if r["Type"] in _FUNCTIONS]
    return {_plain(holder["Runtime"], known) for holder in holders if holder.get("Runtime")}


def _known(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """The parameters: those given, the others as the template has them."""
    declared = template.get("Parameters") or {}
    return {name: str(parameter.get("Default", "")) for name, parameter in declared.items()} | dict(values)


def _plain(value: Any, known: Mapping[str, str]) -> str:
    """What stands there, or is a parameter; empty for anything else."""
    if isinstance(value, dict):
        return known.get(str(value.get("Ref")), "")
    return str(value)


def _code(function: Mapping[str, Any], known: Mapping[str, str]) -> Code:
    named = function.get("Architectures") or [LAMBDAS_OWN]
    architecture = _plain(named[0] if isinstance(named, list) else named, known)
    return Code(function["CodeUri"], _plain(function.get("Runtime", ""), known), architecture)


def _is_local(uri: Any) -> bool:
    return isinstance(uri, str) and not uri.startswith("s3://")
