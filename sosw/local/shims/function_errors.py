"""What a failed function answers is `Runtime.HandlerError`, whatever it was. Here: as on AWS, the error's class with
its stack trace, `Runtime.ExitError` with the exit status or the signal of a process that ended, and the id of the
request with a time-out.
"""

from __future__ import annotations

import contextlib
import contextvars
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "core.lambda_runtime:Worker._spawn": "c55febf95656",
    "core.lambda_runtime:Worker.invoke": "96751a754710",
    "core.lambda_runtime:_NODEJS_WORKER_SCRIPT": "4c6fe8a41c8f",
    "core.lambda_runtime:_PYTHON_WORKER_SCRIPT": "368800addf4d",
    "services.lambda_svc:_execute_function_warm": "62b9218bef5b",
}

_PYTHON = '"trace": traceback.format_exc()'
_PYTHON_TELLS = (
    f'{_PYTHON}, "type": type(e).__name__, "frames": traceback.format_list(traceback.extract_tb(e.__traceback__)[1:])'
)
_NODE = {
    'trace: err.stack || ""': 'trace: err.stack || "", type: err.name || typeof err',
    "error: e.message, trace: e.stack": (
        'error: String((e && e.message) || e), trace: (e && e.stack) || "", type: (e && e.name) || typeof e'
    ),
}
_DIED, _TIMED_OUT = "Worker process died", "Task timed out after"
_SIGNALS = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGABRT: "aborted",
            signal.SIGSEGV: "segmentation fault", signal.SIGINT: "interrupt"}  # fmt: skip
_PATIENCE = 1.0  # seconds, for the system to tell how a process ended

_answer: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("answer", default=None)
"""Of the invocation that failed in this thread."""


def apply() -> None:
    runtime, lambda_ = ministack("core.lambda_runtime"), ministack("services.lambda_svc")
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(_PYTHON, _PYTHON_TELLS)  # noqa: SLF001
    for before, after in _NODE.items():
        runtime._NODEJS_WORKER_SCRIPT = runtime._NODEJS_WORKER_SCRIPT.replace(before, after)  # noqa: SLF001
    runtime.Worker._spawn = _remembered(runtime.Worker._spawn)  # noqa: SLF001
    runtime.Worker.invoke = _told(runtime.Worker.invoke)
    lambda_._execute_function_warm = _answered(lambda_._execute_function_warm)  # noqa: SLF001


def _remembered(spawn: Callable[[Any], None]) -> Callable[[Any], None]:
    def spawn_and_remember(worker: Any) -> None:
        spawn(worker)
        worker._sosw_process = worker._proc  # noqa: SLF001  (MiniStack forgets a process that failed)

    return spawn_and_remember


def _told(invoke: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def invoke_and_tell(worker: Any, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        result = invoke(worker, event, request_id, **options)
        if result.get("status") == "error":
            _answer.set(_told_of(result, request_id, getattr(worker, "_sosw_process", None)))
        return result

    return invoke_and_tell


def _answered(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def execute_and_answer(function: Any, event: Any, request_id: str) -> dict[str, Any]:
        _answer.set(None)
        result = execute(function, event, request_id)
        answer = _answer.get()
        return {**result, "body": answer} if answer and result.get("error") else result

    return execute_and_answer


def _told_of(result: dict[str, Any], request_id: str, process: subprocess.Popen[str] | None) -> dict[str, Any] | None:
    """Lambda's answer; None where there is nothing better than MiniStack's."""
    message = str(result.get("error"))
    if message == _DIED and process is not None:
        return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {_end(process)}"}
    if message.startswith(_TIMED_OUT):
        return {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: {message}"}
    if "type" not in result:
        return None
    if "frames" in result:
        python = {"requestId": request_id, "stackTrace": result["frames"]}
        return {"errorMessage": message, "errorType": result["type"], **python}
    return {"errorType": result["type"], "errorMessage": message, "trace": str(result.get("trace", "")).splitlines()}


def _end(process: subprocess.Popen[str]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    code = process.returncode
    if not code:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    return f"Runtime exited with error: signal: {_SIGNALS.get(signal.Signals(-code), signal.Signals(-code).name)}"
