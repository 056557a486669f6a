"""Killed at any step, a rotation loses no key, deactivates none early, and is finished by the next run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin import StandIn

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

_KILLED = -9
_MOST_STEPS = 200


class Driver:
    """Runs keylint in children that die at a given step."""

    def __init__(self, stand_in: StandIn, root: Path) -> None:
        self.stand_in = stand_in
        self.root = root
        environment = {**os.environ, "COVEO_ACCESS_TOKEN": stand_in.coveo.admin_token}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.keys.crash_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )

    def rotate(self, folder: Path, key_id: str, *more: str, kill_at: int = 0) -> int:
        """The exit status of `keys rotate`; -9 if it was killed."""
        place = ["--org", self.stand_in.coveo.org, "--base-url", self.stand_in.url]
        command = {
            "kill_at": kill_at,
            "folder": str(folder),
            "arguments": ["keys", "rotate", key_id, *place, *more],
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


@pytest.fixture
def driver(stand_in: StandIn, tmp_path: Path) -> Iterator[Driver]:
    driver = Driver(stand_in, tmp_path)
    yield driver
    driver.close()


def _steps(driver: Driver, stride: int = 1) -> Iterator[tuple[int, Path, str]]:
    """A fresh key and folder for each step, until a run survives; the caller breaks out then."""
    for step in range(1, _MOST_STEPS, stride):
        folder = driver.root / str(step)
        folder.mkdir()
        driver.stand_in.coveo.keys.clear()
        key_id = driver.stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
        yield step, folder, key_id
    raise AssertionError("the run never survived")


def _working(driver: Driver) -> list[str]:
    return [key for key in driver.stand_in.coveo.keys if driver.stand_in.coveo.works(key)]


def _assert_delivered(driver: Driver, folder: Path, old: str) -> str:
    """The original works, one new key works, its value is in the file, and nothing else was left."""
    coveo = driver.stand_in.coveo
    new = [key for key in _working(driver) if key != old]
    assert old in _working(driver)
    assert len(new) == 1
    assert (folder / "new-key").read_text() == coveo.values[new[0]] + "\n"
    journal = f"keylint-rotation-{old}.json"
    assert {path.name for path in folder.iterdir()} == {"new-key", journal, "output.log"}
    assert coveo.values[new[0]] not in (folder / journal).read_text() + (folder / "output.log").read_text()
    return new[0]


_APPLY = ("--apply", "--to-file", "new-key")


def test_apply_killed_at_every_step_is_completed_by_the_next_run(driver: Driver) -> None:
    killed = 0
    for step, folder, old in _steps(driver):
        survived = driver.rotate(folder, old, *_APPLY, kill_at=step) != _KILLED
        assert driver.stand_in.coveo.works(old)
        assert driver.rotate(folder, old, *_APPLY) == 0
        _assert_delivered(driver, folder, old)
        if survived:
            break
        killed += 1
    assert killed > 20


def test_apply_killed_twice_is_completed_by_the_third_run(driver: Driver) -> None:
    for step, folder, old in _steps(driver, stride=3):
        survived = driver.rotate(folder, old, *_APPLY, kill_at=step) != _KILLED
        driver.rotate(folder, old, *_APPLY, kill_at=step)
        assert driver.stand_in.coveo.works(old)
        assert driver.rotate(folder, old, *_APPLY) == 0
        _assert_delivered(driver, folder, old)
        if survived:
            break


def test_finish_killed_at_every_step_is_completed_by_the_next_run(driver: Driver) -> None:
    options = ("--finish", "--quiet-hours", "0")
    killed = 0
    for step, folder, old in _steps(driver, stride=2):
        assert driver.rotate(folder, old, *_APPLY) == 0
        new = _assert_delivered(driver, folder, old)
        survived = driver.rotate(folder, old, *options, kill_at=step) != _KILLED
        assert driver.stand_in.coveo.works(new)
        assert driver.rotate(folder, old, *options) == 0
        assert _working(driver) == [new]
        if survived:
            break
        killed += 1
    assert killed > 5


def test_rollback_killed_at_every_step_is_completed_by_the_next_run(driver: Driver) -> None:
    killed = 0
    for step, folder, old in _steps(driver, stride=2):
        assert driver.rotate(folder, old, *_APPLY) == 0
        survived = driver.rotate(folder, old, "--rollback", kill_at=step) != _KILLED
        assert driver.stand_in.coveo.works(old)
        assert driver.rotate(folder, old, "--rollback") == 0
        assert _working(driver) == [old]
        assert not (folder / "new-key").exists()
        if survived:
            break
        killed += 1
    assert killed > 5


def test_apply_by_command_killed_at_every_step_ends_with_one_delivered_key(driver: Driver) -> None:
    program = "import sys; open('got', 'w').write(sys.stdin.read())"
    options = ("--apply", "--to-command", f'{sys.executable} -c "{program}"')
    for step, folder, old in _steps(driver, stride=2):
        survived = driver.rotate(folder, old, *options, kill_at=step) != _KILLED
        assert driver.rotate(folder, old, *options) == 0
        assert driver.stand_in.coveo.works(old)
        assert driver.rotate(folder, old, "--finish", "--quiet-hours", "0") == 0
        (left,) = _working(driver)
        assert (folder / "got").read_text() == driver.stand_in.coveo.values[left] + "\n"
        if survived:
            break
