"""Objects by id, asked for one after the other or announced together."""

from __future__ import annotations

import pytest

from keylint.model import Origin, Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources import gitobjects
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo
from tests.helpers.repo import Repo

ORIGIN = Origin(Surface.HISTORY, "a")
MISSING = "0123456789" * 4


def ids_of(repo: Repo, number: int) -> list[str]:
    repo.commit({f"f{n}": f"content {n}\n" * 100 for n in range(number)})
    return [repo.git("rev-parse", f"HEAD:f{n}") for n in range(number)]


def told(item: Blob | Skipped) -> object:
    return item.reason if isinstance(item, Skipped) else item.data


def damage(repo: Repo, name: str) -> None:
    path = repo.path / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("announced", [True, False])
def test_every_object_comes_whatever_is_between_them(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(gitobjects, "INLINE_BYTES", 2000)
    ids = ids_of(repo, 5)
    repo.commit({"large": "x" * 3000})
    large = repo.git("rev-parse", "HEAD:large")
    damage(repo, ids[3])
    asked = [ids[0], MISSING, ids[1], large, ids[2], ids[3], ids[4]]
    with ObjectReader(GitRepo.discover(str(repo.path)), max_bytes=10_000) as reader:
        if announced:
            reader.announce(asked)
        found = [reader.blob(name, ORIGIN) for name in asked]
    assert [told(item) for item in found] == [
        b"content 0\n" * 100,
        SkipReason.MISSING_OBJECT,
        b"content 1\n" * 100,
        b"",  # to be streamed
        b"content 2\n" * 100,
        SkipReason.CORRUPT,
        b"content 4\n" * 100,
    ]


def test_an_announcement_that_nobody_follows_mixes_nothing_up(repo: Repo) -> None:
    ids = ids_of(repo, 4)
    with ObjectReader(GitRepo.discover(str(repo.path)), max_bytes=10_000) as reader:
        reader.announce(ids[:3])
        assert told(reader.blob(ids[0], ORIGIN)) == b"content 0\n" * 100
        assert told(reader.blob(ids[3], ORIGIN)) == b"content 3\n" * 100
        assert told(reader.blob(ids[1], ORIGIN)) == b"content 1\n" * 100


def test_an_announcement_to_a_git_that_died_is_none(repo: Repo) -> None:
    ids = ids_of(repo, 2)
    with ObjectReader(GitRepo.discover(str(repo.path)), max_bytes=10_000) as reader:
        assert told(reader.blob(ids[0], ORIGIN)) == b"content 0\n" * 100
        assert reader._process
        reader._process.kill()
        reader._process.wait()
        reader.announce(ids)
        assert [told(reader.blob(name, ORIGIN)) for name in ids] == [
            b"content 0\n" * 100,
            b"content 1\n" * 100,
        ]
