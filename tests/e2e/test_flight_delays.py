"""The demo, with a job of one day: the real templates, Lambdas, tables and streams, from nothing to the last line."""

import io
import re
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from examples.flight_delays import steps
from examples.flight_delays.demo import BROKEN, main, run_demo
from sosw.local import ministack

DAY = BROKEN[2]


def test_a_job_of_one_day_is_done_but_for_the_broken_task_and_nothing_is_lost() -> None:
    job = steps.read_json("job.json")
    job |= {"period": {"from": DAY, "to": DAY}, "outage": job["outage"] | {"date": DAY}}
    said = io.StringIO()

    code = run_demo(Console(file=said, width=200), job)

    *_, last = said.getvalue().splitlines()
    assert code == 0, said.getvalue()
    assert re.fullmatch(r"demo: 48 tasks, 47 done, 1 dead, 0 lost, \d+\.\d s", last)
    assert f"EWR UA {DAY}" in said.getvalue()
    assert "dep_delay 'n/k' is neither whole minutes nor NA" in said.getvalue()


def test_a_run_that_is_not_as_it_had_to_be_says_why_keeps_the_logs_and_fails() -> None:
    job = steps.read_json("job.json")
    # Without the day of the broken task nothing is buried.
    job |= {"period": {"from": "2013-02-06", "to": "2013-02-06"}}
    said = io.StringIO()

    code = run_demo(Console(file=said, width=200), job)

    *_, complaint, last = said.getvalue().splitlines()
    assert code == 1
    assert "JFK/HA/2013-02-07 had to be buried, and nothing else; buried: none" in complaint
    assert re.fullmatch(r"demo: 48 tasks, 48 done, 0 dead, 0 lost, \d+\.\d s", last)
    assert "RehearsedOutage" in (steps.ROOT / ".sosw" / "logs" / "demo" / "flight-delays.log").read_text("utf-8")


def test_a_job_that_the_scheduler_refuses_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"job.json": steps.read_json("job.json") | {"lambda_name": "flight-delay"}}
    read = steps.read_json
    monkeypatch.setattr(steps, "read_json", lambda name: files.get(name) or read(name))

    assert main() == 1

    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("demo: the Scheduler refused the job: lambda_name: 'flight-delay' is not a registered")


def test_ctrl_c_stops_the_demo_and_its_local_aws() -> None:
    command = [sys.executable, "-u", "-m", "examples.flight_delays.demo"]
    with subprocess.Popen(command, cwd=steps.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout is not None
        said = next(line for line in demo.stdout if "queued" in line)
        server = ministack.find(steps.ROOT, f"demo-{demo.pid}")
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()

    assert "336 queued" in said
    assert (demo.returncode, rest.splitlines()[-1]) == (130, "demo: stopped")
    assert server is not None
    assert not server.record.is_running()
