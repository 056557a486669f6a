"""What is left of a damaged repository: sound references, and commits found without them."""

from __future__ import annotations

import os
import re

from keylint.model import Origin, Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.base import printable
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo

_COMMITTED = re.compile(rb"^committer [^\n]*> (\d+) ", re.MULTILINE)
_BROKEN_REF = re.compile(r"ignoring broken ref (.+)")


def packs_without_index(repo: GitRepo) -> list[Skipped]:
    """Packs whose objects git cannot find, because their index is gone."""
    folder = os.path.join(_common_dir(repo), "objects", "pack")
    try:
        names = set(os.listdir(folder))
    except OSError:
        return []
    lost = sorted(name for name in names if name.endswith(".pack") and f"{name[:-5]}.idx" not in names)
    detail = "it has no index, so nothing in it was scanned; git index-pack makes one"
    return [Skipped(f".git/objects/pack/{name}", SkipReason.CORRUPT, detail) for name in lost]


def is_loose(repo: GitRepo, name: bytes) -> bool:
    """Whether there is a file for this object. Of one that it cannot read git says that it is missing."""
    text = name.decode()
    return os.path.lexists(os.path.join(_common_dir(repo), "objects", text[:2], text[2:]))


def sound_tips(repo: GitRepo) -> tuple[list[str], list[Skipped]]:
    """The objects that references name, HEAD included, and the references that lead nowhere."""
    done = repo.attempt("for-each-ref", "--format=%(objectname) %(refname)")
    lost = [
        Skipped("", SkipReason.CORRUPT, f"reference {printable(name)} cannot be read")
        for name in _BROKEN_REF.findall(os.fsdecode(done.stderr))
    ]
    rows = [os.fsdecode(line).split(" ", 1) for line in done.stdout.splitlines()]
    head = repo.attempt("rev-parse", "--quiet", "--verify", "HEAD")
    if head.returncode == 0:
        rows.append([os.fsdecode(head.stdout).strip(), "HEAD"])
    answer = repo.attempt(
        "cat-file", "--buffer", "--batch-check", stdin="".join(f"{name}\n" for name, _ in rows).encode()
    )
    tips = []
    for (name, ref), line in zip(rows, answer.stdout.splitlines(), strict=False):
        if line.endswith(b" missing"):
            text = f"reference {printable(ref)} names object {name}, which is not here"
            lost.append(Skipped("", SkipReason.MISSING_OBJECT, text))
        else:
            tips.append(name)
    return list(dict.fromkeys(tips)), lost


def commits_newest_first(repo: GitRepo) -> list[str]:
    """Every commit that can be read, whether or not something refers to it."""
    done = repo.attempt(
        "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"
    )
    names = [line[7:].decode() for line in done.stdout.splitlines() if line.startswith(b"commit ")]
    dated = []
    with ObjectReader(repo, max_bytes=1 << 20) as reader:
        for name in names:
            item = reader.blob(name, Origin(Surface.HISTORY, ""))
            if isinstance(item, Blob):
                found = _COMMITTED.search(item.data)
                dated.append((int(found[1]) if found else 0, name))
    return [name for _, name in sorted(dated, reverse=True)]


def _common_dir(repo: GitRepo) -> str:
    """The folder that linked work trees share."""
    try:
        with open(os.path.join(repo.git_dir, "commondir"), encoding="utf-8") as stream:
            return os.path.join(repo.git_dir, stream.read(4096).strip())
    except (OSError, ValueError):
        return repo.git_dir
