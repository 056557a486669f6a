"""Run keylint again and again in forked children, and kill each at a given step.

A step is anything that another process could notice: opening a file to write, waiting for the disk, naming,
linking or removing a file, starting a program, and both ends of every HTTP request. Commands come as JSON
lines on standard input: `{"kill_at": 0, "folder": ..., "arguments": [...]}`; the answer is the child's exit
status, negative for a signal. One process serves all runs, because starting Python is what takes the time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import httpx  # noqa: F401 - imported here once, and not in every child

from keylint.cli import keys_rotate  # noqa: F401
from keylint.cli.app import run
from keylint.inventory.api import coveo, http  # noqa: F401
from keylint.keys import plan, rotate  # noqa: F401

_EVENTS = {"os.rename", "os.link", "os.remove", "subprocess.Popen"}


def main() -> None:
    """Serve commands until standard input ends."""
    for line in sys.stdin:
        command = json.loads(line)
        child = os.fork()
        if child == 0:
            _child(command)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _child(command: dict[str, Any]) -> None:
    os.chdir(command["folder"])
    quiet = os.open("output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    if command["kill_at"]:
        _count_steps(command["kill_at"])
    os._exit(run(command["arguments"]))


def _count_steps(kill_at: int) -> None:
    left = kill_at

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if writes or event in _EVENTS:
            step()

    sys.addaudithook(hook)
    os.fsync = _around(os.fsync, step)
    http.JsonClient._send = _around(http.JsonClient._send, step)  # type: ignore[method-assign]


def _around(function: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def stepped(*arguments: Any) -> Any:
        step()
        result = function(*arguments)
        step()
        return result

    return stepped


if __name__ == "__main__":
    main()
