"""The hook's fast path: `keylint scan --staged` where nothing that is staged could match any rule.

It answers only that one question, and only in plain surroundings. Whatever is unusual (an option, a
configuration, a candidate, UTF-16, an error) is left to the full command, which answers everything. So this
module may be blunt, but must never say "clean" where the full command would not.

A process start costs more than the work here, so nothing is imported that is not needed: click,
dataclasses, enum, re, subprocess and typing stay unloaded, and git runs meanwhile. What was just staged is
a loose object as a rule, and read without git (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
"""

import os
import zlib

from keylint.sources.gitsafe import LOCATION, STAGED, command, environment

_MAX_OBJECTS = 500
_MAX_BYTES = 4 << 20  # of all blobs together, and of git's answer
_HARMLESS = frozenset(("GIT_INDEX_FILE", "GIT_PREFIX"))  # what git sets in the hooks of a plain repository
_FILES = ("100644", "100755", "120000")
_FOREIGN_STARTS = (0x00, 0xFE, 0xFF)  # of UTF-16 and UTF-32
_SNIFFED = 8192  # bytes in which a NUL may mean UTF-16; as in keylint.textmap


def clean(arguments: list[str]) -> int | None:
    """Exit status 0 if nothing staged could match, after printing what the full command would; else None.

    `arguments` are those of the command line, without the program.
    """
    if not hasattr(os, "posix_spawnp") or not _understood(arguments):
        return None
    try:
        git_folder = _plain_repository()
        text = _summary(git_folder, "." in arguments) if git_folder else ""
        if text and "-q" not in arguments and "--quiet" not in arguments:
            os.write(1, text.encode())
    except (OSError, ValueError, zlib.error):
        return None
    return 0 if text else None


def _understood(arguments: list[str]) -> bool:
    """Whether the command line is one that this module knows: `scan`, `--staged`, perhaps `.` and `-q`."""
    rest = sorted(word for word in arguments[1:] if word not in ("-q", "--quiet"))
    return arguments[:1] == ["scan"] and rest in (["--staged"], ["--staged", "."])


def _plain_repository() -> str:
    """The .git folder of an ordinary work tree that has no configuration file of keylint's, else ""."""
    if not (LOCATION & os.environ.keys()) <= _HARMLESS:
        return ""
    folder = os.getcwd()
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder or _is_configured(folder) or os.path.basename(folder) == ".git":
            return ""
        folder = parent
    git_folder = os.path.join(folder, ".git")
    with open(os.path.join(git_folder, "config"), "rb") as stream:
        # Another work tree, or settings in yet another file.
        unusual = b"worktree" in stream.read().lower()
    return "" if unusual or _is_configured(folder) else git_folder


def _is_configured(folder: str) -> bool:
    """Whether this folder may hold settings of keylint's; the full command looks closer."""
    if os.path.lexists(os.path.join(folder, "keylint.toml")):
        return True
    try:
        with open(os.path.join(folder, "pyproject.toml"), "rb") as stream:
            return b"keylint" in stream.read()
    except FileNotFoundError:
        return False


def _summary(git_folder: str, below: bool) -> str:
    """The last line of a clean run, or "" if it takes the full command to tell.

    `below` limits it to the current folder.
    """
    with _Git((*STAGED, "HEAD", "--", *(["."] if below else []))) as staged:
        from keylint.engine.quickdb import QuickDatabase
        from keylint.report.summary import clean_summary
        from keylint.rulecache import stored_rules

        rules = stored_rules()
        if rules is None:
            return ""
        database = QuickDatabase(rules[1])
        ids = _object_ids(staged.output())
    size = 0
    for object_id in ids:
        content = _loose_blob(git_folder, object_id, _MAX_BYTES - size)
        if _is_special(content) or database.could_match(content):
            return ""
        size += len(content)
    return clean_summary(len(ids), size, rules[0]) + "\n"


def _object_ids(raw: bytes) -> list[str]:
    """The staged blobs of git's raw diff. Raises ValueError for anything but plain files and links."""
    headers = raw.decode("ascii", "replace").split("\0")[:-1:2]
    if len(headers) > _MAX_OBJECTS:
        raise ValueError("too many")
    ids = []
    for header in headers:
        _, mode, _, object_id, status = header.split(" ")
        if mode not in _FILES or status not in ("A", "M", "T") or not object_id.strip("0"):
            raise ValueError("unusual")
        ids.append(object_id)
    return ids


def _loose_blob(git_folder: str, object_id: str, limit: int) -> bytes:
    """The content of a small, sound, loose blob. Raises OSError, ValueError or zlib.error for any other."""
    with open(os.path.join(git_folder, "objects", object_id[:2], object_id[2:]), "rb") as stream:
        packed = stream.read(_MAX_BYTES)
    inflater = zlib.decompressobj()
    header, _, content = inflater.decompress(packed, limit + 32).partition(b"\0")
    if not inflater.eof or header != b"blob %d" % len(content):
        raise ValueError("unusual")
    return content


def _is_special(content: bytes) -> bool:
    """Whether the full command might read this otherwise than as it is, or has to say something about it."""
    foreign = content[:1] and content[0] in _FOREIGN_STARTS
    return bool(foreign) or content.find(b"\0", 0, _SNIFFED) >= 0 or b"keylint:allow" in content


class _Git:
    """A running git. `subprocess` does this too, but takes 12 ms to import."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self._pipe, child_out = os.pipe()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, child_out, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        env = environment(os.environ, located=True)
        try:
            self._pid = os.posix_spawnp("git", command(arguments), env, file_actions=actions)
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(child_out)

    def __enter__(self) -> "_Git":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        if self._pid:
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)

    def output(self) -> bytes:
        """All that git prints. Raises ValueError if git failed or says more than is handled here."""
        parts = []
        size = 0
        while part := os.read(self._pipe, 1 << 16):
            parts.append(part)
            size += len(part)
            if size > _MAX_BYTES:
                raise ValueError("too much")
        pid, self._pid = self._pid, 0
        if os.waitpid(pid, 0)[1] != 0:
            raise ValueError("git failed")
        return b"".join(parts)
