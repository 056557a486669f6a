"""An interrupt that comes when everything is scanned does not take the report away."""

from __future__ import annotations

import json
import os
import random
import signal
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keylint.cli.interrupts import Hold


def test_the_first_interrupt_is_noted_and_the_second_one_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Hold() as hold:
        hold.begin()
        os.kill(os.getpid(), signal.SIGINT)
        assert hold.noted
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_signals_that_are_ignored_go_on_to_be() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Hold() as hold:
            hold.begin()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_report_that_is_being_written_is_written_to_its_end(tmp_path: Path, unbuffered: str) -> None:
    chosen = random.Random(1)
    for number in range(300):
        key = "sk_" + "live_" + "".join(chosen.choices(string.ascii_letters + string.digits, k=24))
        (tmp_path / f"f{number}").write_text(f'key = "{key}"\n')
    command = [sys.executable, "-m", "keylint", "scan", ".", "--format", "json"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert os.read(process.stdout.fileno(), 1) == b"{"  # more than a pipe holds is to follow
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    report, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")
    assert len(json.loads(b"{" + report)["findings"]) == 300


def test_an_interrupt_while_modules_are_loaded_is_no_traceback(tmp_path: Path) -> None:
    program = (
        "import sys, keylint.__main__ as program\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'keylint.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "sys.exit(program.main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"keylint: error: interrupted\n")
