"""Reads our Markdown: its pages, headings, links, code blocks and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

Row = dict[str, str]


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: Path
    line: int
    language: str
    text: str


def name(page: Path) -> str:
    """Of a page, as a person would say it."""
    return page.relative_to(ROOT).as_posix()


def page(path: str) -> Path:
    """The page at `path`, from the root of the project."""
    return ROOT / path


def blocks(page: Path, language: str) -> list[Block]:
    """The page's fenced blocks of that language, in order."""
    text = page.read_text("utf-8")
    found = ((text[: m.start()].count("\n") + 1, m.group(1), m.group(2)) for m in _FENCE.finditer(text))
    return [Block(page, line, kind, code) for line, kind, code in found if kind == language]


def links(page: Path) -> list[str]:
    """Targets of the page's links and pictures."""
    return _LINK.findall(_prose(page))


def anchors(page: Path) -> set[str]:
    """What a link may name after `#`, made of the headings as code hosts do it."""
    plain = (re.sub(r"[`*]", "", heading).lower() for heading in _HEADING.findall(_prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def tables(page: Path, *, under: str = "") -> list[list[Row]]:
    """The tables, their rows by the headings of their columns; `under`: those of that section alone."""
    found: list[list[Row]] = []
    for group in re.findall(r"(?:^\|.*\|$\n?)+", section(page, under), re.MULTILINE):
        head, _, *body = [_cells(line) for line in group.strip().splitlines()]
        found.append([dict(zip(head, cells, strict=True)) for cells in body])
    return found


def codes(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def section(page: Path, heading: str = "") -> str:
    """The prose from that heading to the next one, or all of it."""
    text = _prose(page)
    if not heading:
        return text
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text("utf-8"))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
