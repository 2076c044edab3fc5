"""After a handler that prints nothing the server waits 50 ms for its log lines. Here: the worker process marks the end
of each invocation in its log stream, and the server waits for the mark: 55 ms become 6, and no line is missed.
"""

from __future__ import annotations

import queue
import time
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "core.lambda_runtime:_PYTHON_WORKER_SCRIPT": "368800addf4d",
    "core.lambda_runtime:Worker._drain_stderr_bounded": "3fd7cc742872",
    "core.lambda_runtime:Worker._read_stderr": "d8eb30038f94",
}

_MARK = "\x1esosw-invocation-ended\x1e"
_PATIENCE = 0.25  # seconds; MiniStack's own bound for a worker that died
_END_OF_INVOCATION = "        _real_stdout.flush()\n\nrun()"
# Before the answer is flushed, for the server ends a process whose answer is an error.
_MARKED = f"        sys.__stderr__.flush(); os.write(2, {_MARK!r}.encode() + b'\\n')\n{_END_OF_INVOCATION}"


def apply() -> None:
    runtime = ministack("core.lambda_runtime")
    script = runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001
    runtime._PYTHON_WORKER_SCRIPT = script.replace(_END_OF_INVOCATION, _MARKED)  # noqa: SLF001
    without_mark = runtime.Worker._drain_stderr_bounded  # noqa: SLF001

    def drain(worker: Any) -> str:
        if not worker.config.get("Runtime", "").startswith("python"):
            return str(without_mark(worker))
        return _until_mark(worker._stderr_queue)  # noqa: SLF001

    runtime.Worker._drain_stderr_bounded = drain  # noqa: SLF001


def _until_mark(lines: queue.Queue[str]) -> str:
    deadline = time.monotonic() + _PATIENCE
    collected = []
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            break
        if line.endswith(_MARK):  # behind a last line without an end
            collected.append(line.removesuffix(_MARK))
            break
        collected.append(line)
    return "\n".join(collected).rstrip("\n")
