"""What people see of an examination."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import Diagnosis, Finding


def diagnosis(out: Console, found: Diagnosis) -> None:
    """Each finding with its reason and its cure, then what could not be looked at, then the verdict."""
    for finding in found.findings:
        _finding(out, finding)
    for unseen in found.unseen:
        out.print(f"{unseen.check}: {unseen}", style="yellow", markup=False)
    if found.unseen:
        out.print()
    for sentence in found.mended:
        out.print(f"mended: {sentence}", style="green", markup=False)
    _verdict(out, found)


def _finding(out: Console, finding: Finding) -> None:
    from rich.padding import Padding  # noqa: PLC0415  (after --help has been answered)
    from rich.text import Text  # noqa: PLC0415  (as above)

    out.print(Text.assemble((f"{finding.check}: ", "bold"), (str(finding), "red")))
    out.print(Padding(Text(finding.why, "dim"), (0, 0, 0, 4), expand=False))
    # On one line of its own, however long: it is there to be copied.
    out.print(f"    → {finding.mend}", style="cyan", markup=False, soft_wrap=True)
    out.print()


def _verdict(out: Console, found: Diagnosis) -> None:
    looked = ", ".join(_count(number, what.removesuffix("s")) for what, number in found.looked_at.items() if number)
    parts = [_count(len(found.findings), "finding")] if found.findings else []
    parts += [f"{_count(len(found.unseen), 'thing')} could not be looked at"] if found.unseen else []
    said, style = (", ".join(parts), "red") if parts else ("clean", "green")
    out.print(f"{said}; looked at {looked or 'nothing'}", style=style, markup=False)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + "s" * (number != 1)
