"""Run a command and measure it: wall time, processor time, memory of the whole process tree."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_EVERY_S = 0.01
_KCMP = {"x86_64": 312, "aarch64": 272}  # numbers of the system call


@dataclass(frozen=True)
class Run:
    """One run of a command. `cpu_s` is user plus system time of the command and all that it waited for."""

    wall_s: float
    cpu_s: float
    status: int
    errors: str  # the end of standard error


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Run:
    """Run `command` once, its standard output thrown away."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, wait_status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 2000))
        tail = errors.read().decode("utf-8", "replace")
    return Run(wall, usage.ru_utime + usage.ru_stime, process.returncode, tail)


def peak_memory_mb(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> float | None:
    """Run `command` once more and return the peak of the proportional set size, summed over its processes.

    In MB (10**6 bytes). Shared pages count once, so that a scanner that forks pays for what it really uses.
    None where the system has no /proc/<pid>/smaps_rollup (only Linux has). Sampling takes processor time, so
    the timed runs are others.
    """
    if not os.path.exists("/proc/self/smaps_rollup"):
        return None
    peak = 0
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, sum(_pss_kb(pid) for pid in _tree(process.pid)))
            done.wait(_SAMPLE_EVERY_S)

    sampler = threading.Thread(target=sample)
    sampler.start()
    process.wait()
    done.set()
    sampler.join()
    return peak * 1024 / 10**6


def _tree(pid: int) -> Iterator[int]:
    """The process and its descendants that have memory of their own, as far as they still exist."""
    yield pid
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for thread in threads:
        try:
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            if not _is_same_memory(pid, int(child)):
                yield from _tree(int(child))


def _is_same_memory(pid: int, child: int) -> bool:
    """Whether a child, between `vfork` and `exec`, still uses the memory of its parent (kcmp(2), KCMP_VM)."""
    number = _KCMP.get(os.uname().machine)
    return number is not None and ctypes.CDLL(None).syscall(number, pid, child, 1, 0, 0) == 0


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0  # ended meanwhile
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
