"""The flights reach the Workers line by line as they were, split by day; what is not them is refused."""

import zipfile
from pathlib import Path

import pytest

from examples.flight_delays import data
from examples.flight_delays.errors import DemoError
from stats import Flight

HEADING = (
    b"year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
    b"carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"
)
NEW_YEAR = b"2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z\n"
AUTUMN_1 = b"2013,10,12,NA,1159,NA,NA,1344,NA,MQ,3572,N511MQ,LGA,CLE,NA,419,11,59,2013-10-12T15:00:00Z\n"
AUTUMN_2 = b"2013,10,12,905,900,5,1100,1105,-5,MQ,3531,N839MQ,LGA,RDU,77,431,8,40,2013-10-12T12:00:00Z\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "flights.csv.zip"
    with zipfile.ZipFile(path, "w") as opened:
        # A day's flights need not stand together.
        opened.writestr("flights.csv", HEADING + AUTUMN_1 + NEW_YEAR + AUTUMN_2)
    return path


def test_each_day_gets_the_heading_and_its_own_lines_in_their_order(archive: Path) -> None:
    assert data.split(archive, rows=3) == {
        "2013-10-12": [HEADING, AUTUMN_1, AUTUMN_2],
        "2013-01-01": [HEADING, NEW_YEAR],
    }


@pytest.mark.parametrize("rows", [2, 4])
def test_too_many_or_too_few_flights_are_refused_with_both_numbers(archive: Path, rows: int) -> None:
    with pytest.raises(DemoError, match=f"holds 3 flights, expected {rows}: delete it"):
        data.split(archive, rows=rows)


def test_a_file_that_is_not_the_published_one_is_refused_before_it_is_opened(archive: Path) -> None:
    kept = archive.parent / ".sosw" / "data" / archive.name
    kept.parent.mkdir(parents=True)
    archive.rename(kept)

    with pytest.raises(DemoError, match=f"is damaged .*expected {data.SHA256}.*: delete it and run this again"):
        data.fetch(archive.parent)


def test_the_lines_of_one_carrier_at_one_origin_are_found() -> None:
    day = [HEADING, AUTUMN_1, NEW_YEAR, AUTUMN_2]

    assert list(data.flights_of(day, "LGA", "MQ")) == [AUTUMN_1, AUTUMN_2]
    assert list(data.flights_of(day, "EWR", "MQ")) == []


def test_a_damaged_day_has_one_line_more_that_no_worker_can_read() -> None:
    day = [HEADING, NEW_YEAR, AUTUMN_2]

    damaged = data.damage(day, "LGA", "MQ")

    assert damaged[:-1] == day
    row = dict(zip(HEADING.decode().strip().split(","), damaged[-1].decode().strip().split(","), strict=True))
    assert (row["origin"], row["carrier"], row["dep_delay"]) == ("LGA", "MQ", data.DAMAGED)
    with pytest.raises(ValueError, match="dep_delay 'n/k'"):
        Flight.from_row(row)


def test_a_day_without_such_a_flight_cannot_be_damaged() -> None:
    with pytest.raises(DemoError, match="EWR/HA has no flight"):
        data.damage([HEADING, NEW_YEAR], "EWR", "HA")
