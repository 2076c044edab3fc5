"""One MiniStack server: start it, wait until it answers, stop it."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sosw.local import shims
from sosw.local.environment import MINISTACK_VERSION, Environment
from sosw.local.errors import LocalStackError, PortInUse, ServerFailed
from sosw.local.node import node_folder
from sosw.local.processes import ServerRecord, end_leftovers, stop
from sosw.local.tools import HOST, free_port, is_port_taken, state_folder

REGION = "us-east-1"
_PORT_ATTEMPTS = 3
_LOGS_KEPT = 20
_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(slots=True, kw_only=True)
class Server:
    """A started server. `process` is kept, with its pipe, as long as a tethered server shall live."""

    record: ServerRecord
    record_file: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.record.port}"

    def let_go(self) -> None:
        """From now on it is nobody's child: it may be forgotten without a warning, and found again by `find`."""
        if self.process is not None:
            self.process.returncode = 0
            self.process = None

    def stop(self) -> None:
        """Ends the server and its Lambdas, removes its files; safe to repeat, safe if it died before."""
        stop(self.record)
        if self.process is not None:
            if self.process.stdin is not None:
                self.process.stdin.close()
            self.process.wait()
        self.record_file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    name: str
    """Of its files in `.sosw/run/` and `.sosw/logs/`."""
    port: int = 0
    """0 takes a free one."""
    region: str = REGION
    tethered: bool = True
    """Whether the server ends with the process that started it."""
    patience: float = 30.0
    """Seconds to wait until it answers."""
    environment: Mapping[str, str] | None = None
    """More variables for the server; its Lambdas inherit them."""


def start(root: Path, environment: Environment, settings: ServerSettings) -> Server:
    """Raises `PortInUse` if the port that was asked for is taken, `ServerFailed` if the server does not come up."""
    sweep(root)
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        port = settings.port or free_port()
        if is_port_taken(port):
            raise PortInUse(port)
        server = _launch(root, environment, settings, port)
        try:
            _wait_until_healthy(server, settings.patience)
        except ServerFailed:
            server.stop()
            # Between finding a free port and binding it, somebody else may take it: then take the next one.
            if settings.port or attempt == _PORT_ATTEMPTS or not is_port_taken(port):
                raise
        except BaseException:
            server.stop()
            raise
        else:
            if not settings.tethered:
                server.let_go()
            return server
    raise AssertionError


def find(root: Path, name: str) -> Server | None:
    """The running server of that name, started by whomever."""
    record_file, log = _record_file(root, name), _log_file(root, name)
    record = ServerRecord.load(record_file)
    if record is None or not record.is_running():
        return None
    return Server(record=record, record_file=record_file, log=log)


def sweep(root: Path) -> None:
    """Remove what servers left behind that were killed together with whoever had started them, and old logs."""
    for record_file in (state_folder(root) / "run").glob("*.json"):
        record = ServerRecord.load(record_file)
        if record is None or not record.is_running():
            if record is not None:
                end_leftovers(Path(record.temp))
            record_file.unlink(missing_ok=True)
    logs = sorted((state_folder(root) / "logs").glob("*.log"), key=lambda log: log.stat().st_mtime)
    for log in logs[:-_LOGS_KEPT]:
        log.unlink(missing_ok=True)


def _launch(root: Path, environment: Environment, settings: ServerSettings, port: int) -> Server:
    log = _log_file(root, settings.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    chosen_shims = _chosen_shims()
    temp = Path(tempfile.mkdtemp(prefix="sosw-local-"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [environment.python, "-I", _LAUNCHER, environment.site],
            stdin=subprocess.PIPE if settings.tethered else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=temp,
            env=_variables(root, settings, port, temp, chosen_shims),
            start_new_session=True,  # its own group: Ctrl-C is ours to handle, and the group ours to end
        )
    record = ServerRecord.of(process.pid, port=port, temp=temp)
    server = Server(record=record, record_file=_record_file(root, settings.name), log=log, process=process)
    record.save(server.record_file)
    return server


def _variables(root: Path, settings: ServerSettings, port: int, temp: Path, chosen_shims: str) -> dict[str, str]:
    """The whole environment: nothing of the caller's gets in, for the Lambda processes inherit it."""
    return {
        "PATH": f"{node_folder(root)}{os.pathsep}{os.defpath}",
        "HOME": str(temp),  # so that no ~/.aws is read
        "LANG": "C.UTF-8",
        "TZ": "UTC",  # as in AWS
        "TMPDIR": str(temp),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_REGION": settings.region,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SOSW_LOCAL_MINISTACK": MINISTACK_VERSION,
        "SOSW_LOCAL_SHIMS": chosen_shims,
        "SOSW_LOCAL_TETHERED": "1" if settings.tethered else "0",
        **(settings.environment or {}),
    }


def _chosen_shims() -> str:
    try:
        return ",".join(shims.select(os.environ.get("SOSW_LOCAL_SHIMS", "all"))) or "none"
    except shims.UnknownShim as unknown:
        raise LocalStackError(str(unknown)) from unknown


def _wait_until_healthy(server: Server, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not _is_healthy(server.record.port):
        if server.process is not None and server.process.poll() is not None:
            raise ServerFailed("MiniStack", f"ended at its start ({_last_line(server.log)})", server.log)
        if time.monotonic() > deadline:
            raise ServerFailed("MiniStack", f"did not answer within {patience:g} s", server.log)
        time.sleep(0.02)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _record_file(root: Path, name: str) -> Path:
    return state_folder(root) / "run" / f"{name}.json"


def _log_file(root: Path, name: str) -> Path:
    return state_folder(root) / "logs" / f"{name}.log"
