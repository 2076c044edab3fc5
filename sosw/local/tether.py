"""Runs a command for as long as standard input stays open: it ends with the parent, however the parent ends.

python -I tether.py COMMAND [ARGUMENT…]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

_PATIENCE = 5.0  # seconds between SIGTERM and SIGKILL


def main() -> None:
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def end(_signal: int = 0, _frame: FrameType | None = None) -> None:
        command.terminate()
        threading.Timer(_PATIENCE, command.kill).start()

    def watch() -> None:
        while os.read(0, 64):
            pass
        end()

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=watch, daemon=True).start()
    code = command.wait()
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
