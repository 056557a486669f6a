"""Several processes find in a folder what one finds, and say the same about the rest."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import string
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from keylint import treefeed, workers
from keylint.engine import Engine
from keylint.examine import Examiner
from keylint.pipeline import Intake, feed_from
from keylint.rulecache import load_engine
from keylint.secret import Match
from keylint.sources.beneath import Beneath
from keylint.sources.bundle import BundleSource
from keylint.sources.files import FileSource
from keylint.sources.tree import Listed
from keylint.treefeed import TreeFeed
from tests.helpers.repo import Repo

pytestmark = pytest.mark.skipif(not workers.CAN_FORK, reason="one process does it all here")

COVEO = "xx" + str(UUID(int=0x5EC2E7_0BAD_4B1D_8F00_123456789ABC))
STRIPE = "sk_" + "live_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=24))
ALLOW = "keylint:" + "allow"
OWN_RULES = """
[[rules]]
id = "own.by-path"
description = "only in .conf files"
regex = '''pathkey-([0-9a-z]{12})'''
path = '''\\.conf$'''
"""


class Recorder:
    """Stands for the collector: keeps the matches as they come."""

    def __init__(self) -> None:
        self.matches: list[Match] = []

    def add(self, matches: Iterable[Match]) -> None:
        self.matches += matches


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "own.toml").write_text(OWN_RULES)
    return load_engine([str(folder / "own.toml")], cache_dir=str(folder / "cache"))


def taken(feed: Any, engine: Engine, *, interrupted: bool = False) -> dict[str, object]:
    """Everything that a feed delivers."""
    recorder = Recorder()
    intake = Intake(Examiner(engine), recorder)  # type: ignore[arg-type]
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            feed(intake)
    else:
        feed(intake)
    with pytest.raises(ChildProcessError):  # no process is left behind
        os.waitpid(-1, os.WNOHANG)
    return {
        "matches": recorder.matches,
        "files": intake.files,
        "bytes": intake.bytes,
        "skipped": intake.skipped,
        "problems": intake.problems,
    }


def parallel(source: FileSource, engine: Engine) -> TreeFeed:
    return TreeFeed(source, engine, min_files=1)


def messy(folder: Path) -> None:
    """All kinds of files that a folder may hold."""
    line = f"const key = 'coveo {COVEO}';\n"
    files: dict[str, bytes] = {
        "plain.js": line.encode(),
        "empty.txt": b"",
        "no-newline.txt": f"stripe={STRIPE}".encode(),
        "first.txt": STRIPE.encode() + b"\n",
        "allowed.js": f"x = '{STRIPE}'  // {ALLOW} a test key\n".encode(),
        "unused-allow.py": f"x = 1  # {ALLOW}\n".encode(),
        "utf16-le-bom.txt": line.encode("utf-16"),
        "utf16-be.txt": line.encode("utf-16-be"),
        "utf16-no-nul.txt": b"\xff\xfe" + "\u4e2d\u6587".encode("utf-16-le"),
        "utf16-allow.txt": f"x  # {ALLOW}\n".encode("utf-16"),
        "utf8-bom.txt": b"\xef\xbb\xbf" + line.encode(),
        "latin1.txt": b"caf\xe9 " + line.encode(),
        "binary.bin": os.urandom(5000) + b"\0" + STRIPE.encode(),
        "nul-late.bin": b"x" * 9000 + b"\0" + STRIPE.encode(),
        "only-ff": b"\xff",
        "large.txt": b"harmless line\n" * 150_000 + line.encode() + b"more\n" * 1000,
        "streamed.txt": b"0123456789abcde\n" * 600_000 + line.encode(),
        "seven-and-more.txt": b"harmless line\n" * 590_000 + line.encode(),
        "path.conf": b"pathkey-0123456789ab\n",
        "path.txt": b"pathkey-0123456789ab\n",
        "two\nlines \xe9.txt": line.encode("utf-8"),
        "ignored/by-rule.txt": line.encode(),
        ".gitignore": b"ignored/\n*.log\n",
    }
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for number in range(300):
        place = folder / f"many/{number % 7}/{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(line if number % 41 == 0 else f"nothing {number}\n" * number)
    with open(folder / "too-large.bin", "wb") as stream:
        stream.truncate(12 << 20)
    (folder / "inside.lnk").symlink_to("plain.js")
    (folder / "outside.lnk").symlink_to("/etc/hostname")
    (folder / "broken.lnk").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the name of a socket must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    if os.geteuid() != 0:
        (folder / "unreadable.txt").write_text(line)
        (folder / "unreadable.txt").chmod(0)


@pytest.mark.parametrize("kind", [FileSource, BundleSource])
@pytest.mark.parametrize("in_git", [False, True])
def test_a_messy_folder_gives_the_same_with_one_process_and_with_several(
    tmp_path: Path, engine: Engine, kind: type[FileSource], in_git: bool
) -> None:
    place = tmp_path / "tree"
    place.mkdir()
    if in_git:
        Repo(place)
    messy(place)

    def source() -> FileSource:
        return kind(str(place), exclude=["many/3/", "latin*"], max_file_size=11 << 20)

    expected = taken(feed_from(source()), engine)
    assert taken(parallel(source(), engine), engine) == expected
    assert len(expected["matches"]) > 15  # type: ignore[arg-type]
    assert len(expected["skipped"]) >= 4  # type: ignore[arg-type]
    assert len(expected["problems"]) >= 2  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(8))
def test_random_files_give_the_same(tmp_path: Path, engine: Engine, seed: int) -> None:
    generator = random.Random(seed)
    parts = [
        *(
            b"\0",
            b"\n",
            b"\r\n",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
            b"x" * 8190,
            b" ",
            b"token: ",
            b"'",
        ),
        *(COVEO.encode(), STRIPE.encode(), ALLOW.encode(), b"pathkey-abcdefghijkl"),
        *(f"coveo {COVEO}".encode("utf-16-le"), f"# {ALLOW}".encode("utf-16-be"), bytes(range(256))),
    ]
    for number in range(120):
        name = f"{number}.{generator.choice(('conf', 'txt'))}"
        (tmp_path / name).write_bytes(b"".join(generator.choices(parts, k=generator.randrange(8))))
    expected = taken(feed_from(FileSource(str(tmp_path))), engine)
    assert taken(parallel(FileSource(str(tmp_path)), engine), engine) == expected


def test_few_files_and_a_single_file_start_no_process(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a process was started"))
    for number in range(treefeed.MIN_FILES - 1):
        (tmp_path / f"{number}.txt").write_text(STRIPE)
    assert taken(TreeFeed(FileSource(str(tmp_path)), engine), engine)["files"] == treefeed.MIN_FILES - 1
    one = FileSource(str(tmp_path / "0.txt"))
    assert taken(parallel(one, engine), engine)["files"] == 1


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, engine: Engine) -> None:
    place = tmp_path / "gone"
    place.mkdir()
    source = FileSource(str(place))
    place.rmdir()
    delivered = taken(parallel(source, engine), engine)
    assert len(delivered["skipped"]) == 1  # type: ignore[arg-type]


class Deadly(FileSource):
    """Ends any process but this one when it reads a certain file."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._here = os.getpid()

    def open_small(self, folder: Beneath, listed: Listed, limit: int) -> Any:
        if os.getpid() != self._here and listed.path.endswith("7.txt"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open_small(folder, listed, limit)


class Failing(Deadly):
    def open_small(self, folder: Beneath, listed: Listed, limit: int) -> Any:
        if os.getpid() != self._here and listed.path.endswith("7.txt"):
            raise MemoryError
        return FileSource.open_small(self, folder, listed, limit)


@pytest.mark.parametrize("kind", [Deadly, Failing])
def test_the_work_of_a_worker_that_died_is_done_again(
    tmp_path: Path, engine: Engine, kind: type[Deadly]
) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(f"stripe {STRIPE}\n" if number % 9 == 0 else "nothing\n")
    expected = taken(feed_from(FileSource(str(tmp_path))), engine)
    assert taken(parallel(kind(str(tmp_path)), engine), engine) == expected


def test_an_interrupt_gives_what_was_found_so_far(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2000):
        (tmp_path / f"{number:04}.txt").write_text(f"stripe {STRIPE}\n")

    class Slow(FileSource):
        def open_small(self, folder: Beneath, listed: Listed, limit: int) -> Any:
            if os.getpid() != here:
                time.sleep(0.002)
            return super().open_small(folder, listed, limit)

    here = os.getpid()
    original = workers.Crew.ask

    def ask(crew: workers.Crew, *arguments: Any, **options: Any) -> Iterator[Any]:
        yield from itertools.islice(original(crew, *arguments, **options), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(workers.Crew, "ask", ask)
    delivered = taken(parallel(Slow(str(tmp_path)), engine), engine, interrupted=True)
    assert len(delivered["matches"]) == delivered["files"]  # type: ignore[arg-type]
    assert 0 < delivered["files"] < 2000  # type: ignore[operator]


def test_a_file_that_changes_after_it_was_read_is_reported_as_it_was(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.txt").write_text(f"stripe {STRIPE}\n")
    expected = taken(feed_from(FileSource(str(tmp_path))), engine)
    original = treefeed._Slab._scan

    def scan(slab: treefeed._Slab) -> None:
        if 0 in slab._indexes:  # what another worker has not read yet stays as it is
            (tmp_path / "00.txt").write_text("mended\n")
        if 1 in slab._indexes:
            (tmp_path / "01.txt").unlink()
        original(slab)

    monkeypatch.setattr(treefeed._Slab, "_scan", scan)
    assert taken(parallel(FileSource(str(tmp_path)), engine), engine) == expected
    assert len(list(tmp_path.iterdir())) == 49


@pytest.mark.parametrize("share", [1, 7, 1000])
def test_a_listing_that_grows_while_it_is_scanned_is_delivered_in_its_order(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    for number in range(400):
        place = tmp_path / f"{number % 9}" / f"{number:03}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"stripe {STRIPE}\n" if number % 5 else "nothing\n")
    monkeypatch.setattr(treefeed, "_SHARE", share)
    monkeypatch.setattr(treefeed, "_STEP", 3)
    expected = taken(feed_from(FileSource(str(tmp_path))), engine)
    assert taken(parallel(FileSource(str(tmp_path)), engine), engine) == expected


def test_what_a_lost_worker_was_asked_about_is_all_that_is_done_again(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}.txt").write_text(f"stripe {STRIPE}\n")
    monkeypatch.setattr(treefeed, "_SHARE", 10)
    here = os.getpid()
    read_here: list[str] = []

    class Once(FileSource):
        def open_small(self, folder: Beneath, listed: Listed, limit: int) -> Any:
            if os.getpid() != here and listed.path == "123.txt":
                os.kill(os.getpid(), signal.SIGKILL)
            return super().open_small(folder, listed, limit)

        def read(self, folder: Beneath, listed: Listed) -> Any:
            if os.getpid() == here:
                read_here.append(listed.path)
            return super().read(folder, listed)

    expected = taken(feed_from(FileSource(str(tmp_path))), engine)
    assert taken(parallel(Once(str(tmp_path)), engine), engine) == expected
    assert read_here == [f"{number:03}.txt" for number in range(120, 130)]
