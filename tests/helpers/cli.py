"""Run keylint as people do: in a process of its own, or, where that adds nothing, in this one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from keylint.cli.app import run

_START = "import sys; from keylint.__main__ import main; sys.exit(main())"
# What getrusage says of a new process may be its parent's peak, so the process itself tells (proc(5), VmHWM).
_MEASURE = """
import atexit, os
def note(status=None, itself=os.getpid(), leave=os._exit):
    if os.getpid() == itself:
        with open("/proc/self/status", "rb") as stream:
            os.write({fd}, stream.read())
    if status is not None:
        leave(status)
atexit.register(note)
os._exit = note
"""
_PEAK = re.compile(rb"VmHWM:\s*(\d+) kB")


@dataclass(frozen=True)
class Completed:
    """What a run left behind.

    `seconds` (of processor time) and `peak_bytes` are those of the process; 0 where they were not measured.
    """

    status: int
    out: bytes
    err: bytes
    seconds: float = 0.0
    peak_bytes: int = 0

    @property
    def text(self) -> str:
        """Standard output."""
        return self.out.decode()

    @property
    def error(self) -> str:
        """Standard error."""
        return self.err.decode()

    @property
    def json(self) -> dict[str, Any]:
        """The JSON document on standard output."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings of a JSON report on standard output."""
        found = self.json["findings"]
        assert isinstance(found, list)
        return found


def run_keylint(
    *arguments: str | bytes | Path,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    before: str = "",
    timeout: float = 120,
) -> Completed:
    """Run keylint in a process of its own; `before` is Python that it executes first.

    `env` is added to this process's environment. Fails after `timeout` seconds.
    """
    command = [sys.executable, "-c", f"{before}\n{_START}", *map(os.fsencode, arguments)]
    with contextlib.ExitStack() as files:
        source, out, err, peak = (files.enter_context(tempfile.TemporaryFile()) for _ in range(4))
        if Path("/proc/self/status").exists():
            command[2] = _MEASURE.format(fd=peak.fileno()) + command[2]
        source.write(stdin)
        source.seek(0)
        child = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=source,
            stdout=out,
            stderr=err,
            env={**os.environ, **(env or {})},
            pass_fds=[peak.fileno()],
        )
        timer = threading.Timer(timeout, child.kill)
        timer.start()
        _, state, usage = os.wait4(child.pid, 0)
        timer.cancel()
        seconds = usage.ru_utime + usage.ru_stime
        child.returncode = os.waitstatus_to_exitcode(state)
        assert child.returncode != -9, f"not done after {timeout} s: {arguments}"
        for stream in (out, err, peak):
            stream.seek(0)
        found = _PEAK.search(peak.read())
        peak_bytes = int(found[1]) * 1024 if found else 0
        return Completed(child.returncode, out.read(), err.read(), seconds, peak_bytes)


def call_keylint(*arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> Completed:
    """Run keylint's command line in this process."""
    out, err = io.BytesIO(), io.BytesIO()
    with (
        _inside(cwd),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        mock.patch("sys.stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=True)),
        mock.patch("sys.stderr", io.TextIOWrapper(err, encoding="utf-8", write_through=True)),
    ):
        status = run([str(argument) for argument in arguments])
        return Completed(status, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _inside(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
