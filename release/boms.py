"""Bills of materials, in CycloneDX's JSON: what is in a folder that packages were installed in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.exceptions import InvalidLicenseExpressionException, InvalidSpdxLicenseException
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.errors import Refused
from release.locks import Environment, applies

ROOT = "sosw"
EXTRA = "sosw:extra"
"""Property of a component: an extra that brings it."""
_CLASS = "License :: "


def bill(site: Path, extras: Iterable[str], where: Environment, hashes: Mapping[str, Iterable[str]], epoch: int) -> str:
    """The document of sosw with the extras, as it is installed in the folder `site` for that environment.

    `hashes` has SHA-256 of packages' archives, by name. The same folder and `epoch` make the same bytes. Raises
    `Refused` if something is there that no extra brings, that has no licence, or that does not fit the schema.
    """
    found: dict[str, Distribution] = {canonicalize_name(each.name): each for each in distributions(path=[str(site)])}
    needs = {extra: _reached(found, extra, where) for extra in extras}
    if strangers := found.keys() - {ROOT}.union(*needs.values()):
        raise Refused(f"{', '.join(sorted(strangers))} in {site} is asked for by no extra of {ROOT}")
    components: dict[str, Component] = {
        name: _component(each, hashes.get(name, ()), [extra for extra in needs if name in needs[extra]])
        for name, each in found.items()
    }
    bom = Bom(components=[each for name, each in components.items() if name != ROOT])
    bom.metadata.component = components[ROOT]
    bom.metadata.timestamp = dt.datetime.fromtimestamp(epoch, dt.timezone.utc)
    for name, each in components.items():
        asked = frozenset(extras) if name == ROOT else frozenset[str]()
        bom.register_dependency(each, [components[other] for other in _asked_by(found[name], asked, where)])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, _text(bom, uuid.UUID(int=0)))
    return _valid(_text(bom, bom.serial_number))


def _reached(found: Mapping[str, Distribution], extra: str, where: Environment) -> set[str]:
    """The names of all that the extra brings."""
    reached, todo = set[str](), _asked_by(found[ROOT], frozenset({extra}), where)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _asked_by(found[name], frozenset(), where)
    return reached


def _asked_by(package: Distribution, extras: frozenset[str], where: Environment) -> list[str]:
    """The names of what it requires there; an extra of sosw that requires another stands for what that one brings."""
    names = set[str]()
    for line in package.requires or []:
        each = Requirement(line)
        if applies(each, extras, where):
            name = canonicalize_name(each.name)
            names |= set(_asked_by(package, frozenset(each.extras), where)) if name == ROOT else {name}
    return sorted(names)


def _component(package: Distribution, hashes: Iterable[str], extras: Iterable[str]) -> Component:
    name = canonicalize_name(package.name)
    purl = PackageURL("pypi", None, name, package.version)
    return Component(
        name=name,
        version=package.version,
        type=ComponentType.APPLICATION if name == ROOT else ComponentType.LIBRARY,
        description=_said(package, "Summary"),
        purl=purl,
        bom_ref=purl.to_string(),
        licenses=_licences(package),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes],
        properties=[Property(name=EXTRA, value=extra) for extra in extras],
    )


def _licences(package: Distribution) -> list[License]:
    """As the package declares them: an expression, or a name where it has none that is one."""
    factory, declared = LicenseFactory(), LicenseAcknowledgement.DECLARED
    words = [_said(package, key) or "" for key in ("License-Expression", "License")]
    for word in filter(None, words):
        for make in (factory.make_with_id, factory.make_with_expression):
            try:
                return [make(word, acknowledgement=declared)]
            except (InvalidSpdxLicenseException, InvalidLicenseExpressionException):
                continue
    classes = [each for each in package.metadata.get_all("Classifier") or [] if each.startswith(_CLASS)]
    names = [each.rpartition(" :: ")[2] for each in classes] or [each.splitlines()[0] for each in words if each]
    if not names:
        raise Refused(f"{package.name} {package.version} declares no licence")
    return [factory.make_with_name(name, acknowledgement=declared) for name in names]


def _said(package: Distribution, key: str) -> str | None:
    return next(iter(package.metadata.get_all(key) or ()), None)


def _text(bom: Bom, serial: uuid.UUID) -> str:
    bom.serial_number = serial
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    return f"{text}\n"


def _valid(text: str) -> str:
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise Refused(f"the bill of materials does not fit CycloneDX's schema: {problem}")
    return text
