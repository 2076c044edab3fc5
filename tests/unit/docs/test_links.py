"""What the pages point at is there."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.docs import markdown as md

MAKE_TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (md.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", md.PAGES, ids=md.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    assert [link for link in md.links(page) if not _leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", md.PAGES, ids=md.name)
def test_every_make_command_of_a_page_exists(page: Path) -> None:
    said = re.findall(r"(?:^|`|&& )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(said) - MAKE_TARGETS == set()


@pytest.mark.parametrize("page", sorted((md.ROOT / "docs").rglob("*.md")), ids=md.name)
def test_every_page_can_be_reached_from_the_index(page: Path) -> None:
    index = md.page("docs/index.md")
    linked = {(index.parent / link.split("#")[0]).resolve() for link in md.links(index)}
    is_decision = page.parent.name == "decisions" and (page.parent.resolve() in linked)
    assert page == index or is_decision or page in linked


@pytest.mark.parametrize("picture", sorted((md.ROOT / "docs").rglob("*.svg")), ids=md.name)
def test_every_picture_is_well_formed_says_what_it_shows_and_is_used(picture: Path) -> None:
    drawing = ET.parse(picture).getroot()  # noqa: S314  (a file of our own)
    assert [child.tag.rpartition("}")[2] for child in drawing][:2] == ["title", "desc"]
    assert any((page.parent / link).resolve() == picture for page in md.PAGES for link in md.links(page))


def _leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"https?:|mailto:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.is_relative_to(md.ROOT) and target.exists() and (not anchor or anchor in md.anchors(target))
