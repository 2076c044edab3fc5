"""A local stack leaves nothing behind: no process, no folder, however it or its starter ends."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sosw.local import LocalStack, LocalStackError, attach, local_stack
from sosw.local.environment import ensure_environment
from sosw.local.errors import NotRunning, PortInUse, ServerFailed
from sosw.local.ministack import ServerSettings, find, start
from sosw.local.processes import ServerRecord
from sosw.local.tools import free_port
from tests.integration.local.support import ROOT, TEMPLATE, eventually

SLEEPER = "def handle(event, context):\n    import time\n    time.sleep(event.get('sleep', 0))\n    return 1\n"

OWNER = """
    import io, json, sys, threading, time, zipfile
    import psutil
    from pathlib import Path
    from sosw.local.stack import local_stack, start
    root, how = Path(sys.argv[1]), sys.argv[2]

    def run(stack):
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", sys.argv[3])
        client = stack.client("lambda")
        client.create_function(FunctionName="f", Runtime="python3.11", Handler="app.handle", Timeout=60,
                               Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": code.getvalue()})
        client.get_waiter("function_active_v2").wait(FunctionName="f")
        client.invoke(FunctionName="f")
        client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"sleep": 50}')
        call = {"FunctionName": "f", "Payload": b'{"sleep": 50}'}
        threading.Thread(target=client.invoke, kwargs=call, daemon=True).start()
        while len(psutil.Process(stack.server.record.pid).children()) < 2:
            time.sleep(0.02)
        print(json.dumps({"pid": stack.server.record.pid, "temp": stack.server.record.temp}), flush=True)

    if how == "on its own":
        run(start(root))
    elif how == "idle":
        with local_stack(root) as stack:
            print("ready", flush=True)
            sys.stdin.read()
    else:
        with local_stack(root) as stack:
            run(stack)
            sys.stdin.read()
"""


def owner(project: Path, how: str = "tethered") -> subprocess.Popen[str]:
    """A process that starts a stack with two busy Lambdas in it (unless it is to be idle), says which, and waits."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER), project, how, SLEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


class Traces:
    """The processes and the folder of a stack, to be looked for after its end."""

    def __init__(self, pid: int, temp: str) -> None:
        self.server = psutil.Process(pid)
        self.family = [self.server, *self.server.children(recursive=True)]
        self.temp = Path(temp)

    @classmethod
    def told_by(cls, process: subprocess.Popen[str]) -> Traces:
        assert process.stdout is not None
        return cls(**json.loads(process.stdout.readline()))

    def are_gone(self) -> bool:
        alive = [p for p in self.family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        return not alive and not self.temp.exists()


def end(process: subprocess.Popen[str]) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait(40)
    return time.monotonic() - began


def end_of_an_idle_one(project: Path) -> float:
    """How many seconds a stack takes to end on this machine now, with no call in flight."""
    process = owner(project, "idle")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return end(process)


@contextlib.contextmanager
def attach_to(project: Path) -> Iterator[LocalStack]:
    stack = attach(project)
    try:
        yield stack
    finally:
        stack.stop()


def test_the_end_of_the_block_is_the_end_of_every_process_and_folder(project: Path) -> None:
    usual = end_of_an_idle_one(project)
    process = owner(project)
    traces = Traces.told_by(process)
    assert len(traces.family) >= 3, "the server and two Lambdas"
    seconds = end(process)
    assert process.returncode == 0
    assert seconds < 3 * usual + 3, "calls in flight do not hold it up"
    assert traces.are_gone()
    assert not list((project / ".sosw" / "run").iterdir())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_the_owner_ends_the_stack_ends_with_it(project: Path, how: signal.Signals) -> None:
    process = owner(project)
    traces = Traces.told_by(process)
    process.send_signal(how)
    end(process)
    assert eventually(traces.are_gone)


def test_a_stack_on_its_own_outlives_its_starter_and_is_found_again(project: Path) -> None:
    process = owner(project, "on its own")
    traces = Traces.told_by(process)
    end(process)
    with attach_to(project) as stack:
        assert stack.server.record.pid == traces.server.pid
        assert stack.client("lambda").list_functions()["Functions"]
    assert traces.are_gone()
    with pytest.raises(NotRunning, match="make up"):
        attach(project)


def test_an_interrupted_up_leaves_nothing_behind(project: Path) -> None:
    (project / "cloudformation").mkdir()
    (project / "cloudformation" / "sosw.yaml").write_text(TEMPLATE.read_text())
    shutil.copytree(TEMPLATE.parent / "app", project / "cloudformation" / "app")
    up = subprocess.Popen(
        [sys.executable, "-m", "sosw.local", "up", "--root", project], stdout=subprocess.DEVNULL, cwd=ROOT
    )
    record = eventually(lambda: ServerRecord.load(project / ".sosw" / "run" / "up.json"))
    assert record is not None
    traces = Traces(record.pid, record.temp)
    up.send_signal(signal.SIGINT)
    assert up.wait(20) != 0
    assert traces.are_gone()


def test_what_a_killed_server_left_is_swept_by_the_next_start(project: Path) -> None:
    process = owner(project, "on its own")
    traces = Traces.told_by(process)
    end(process)
    os.kill(traces.server.pid, signal.SIGKILL)
    assert eventually(lambda: find(project, "up") is None)
    assert traces.temp.exists()
    with local_stack(project):
        assert traces.are_gone()
        assert not (project / ".sosw" / "run" / "up.json").exists()


def test_a_process_that_was_given_the_old_id_is_left_alone(project: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        record = ServerRecord.of(innocent.pid, port=1, temp=project / "gone")
        stale = ServerRecord(pid=record.pid, started=record.started - 100, port=1, temp=record.temp)
        stale.save(project / ".sosw" / "run" / "up.json")
        with pytest.raises(NotRunning):
            attach(project)
        with local_stack(project):
            assert innocent.poll() is None
        assert innocent.poll() is None


def test_half_a_record_counts_as_none(project: Path) -> None:
    record = project / ".sosw" / "run" / "up.json"
    record.parent.mkdir()
    record.write_text('{"pid": 1')
    with pytest.raises(NotRunning):
        attach(project)
    with local_stack(project):
        assert not record.exists()


def test_a_port_in_use_is_named(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} is in use"), local_stack(project, port=port):
            pass


def test_the_port_that_was_asked_for_is_used_and_only_on_this_machine(project: Path) -> None:
    port = free_port()
    with local_stack(project, port=port) as stack:
        assert stack.endpoint == f"http://127.0.0.1:{port}"
        listening = [c for c in psutil.Process(stack.server.record.pid).net_connections() if c.status == "LISTEN"]
        assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


def test_an_unknown_shim_is_named_before_anything_starts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOSW_LOCAL_SHIMS", "schedule_tik")
    with pytest.raises(LocalStackError, match="there is no shim 'schedule_tik'"), local_stack(project):
        pass
    assert not list((project / ".sosw" / "run").glob("*"))


def test_a_server_that_cannot_start_is_one_sentence_with_its_log(project: Path) -> None:
    settings = ServerSettings(name="wrong", environment={"SOSW_LOCAL_MINISTACK": "0.0.1"})
    with pytest.raises(ServerFailed) as failed:
        start(project, ensure_environment(project), settings)
    assert "but 0.0.1 is what sosw was tested with" in str(failed.value)
    assert str(project / ".sosw" / "logs" / "wrong.log") in str(failed.value)
    assert not list((project / ".sosw" / "run").iterdir())
