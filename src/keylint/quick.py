"""The hook's fast path: a quick look at what is staged, or at the files that pre-commit names.

It answers one question, and only in plain surroundings: could anything there match a rule? Where nothing
could, that is the whole run. Else the bytes are handed on, so that nothing is read twice. Whatever is unusual
(an option, a configuration, an error) is left to the full command, which answers everything. So this module
may be blunt, but must never say "clean" where the full command would not.

A process start costs more than the work here, so nothing is imported that is not needed: click,
dataclasses, enum, re, subprocess and typing stay unloaded, and git runs meanwhile. What was just staged is
a loose object as a rule, and read without git (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
"""

from __future__ import annotations

import os
import zlib

from keylint.sources.gitsafe import LOCATION, STAGED, command, environment

_MAX_OBJECTS = 500
_MAX_BYTES = 4 << 20  # of all blobs together, and of git's answer
_HARMLESS = frozenset(("GIT_INDEX_FILE", "GIT_PREFIX"))  # what git sets in the hooks of a plain repository
_FILES = ("100644", "100755", "120000")
_FOREIGN_STARTS = (0x00, 0xFE, 0xFF)  # of UTF-16 and UTF-32
_SNIFFED = 8192  # bytes in which a NUL may mean UTF-16; as in keylint.textmap


class Look:
    """What a quick look has read: path from the top of the repository and content of each file.

    `rules` are the stored ones. `summary` is what the run says if none of them can match anywhere, else "".
    """

    def __init__(self, files: list[tuple[str, bytes]], rules: _Rules) -> None:
        self.command = ""
        self.quiet = False
        self.files = files
        self.rules = rules.stored
        self.summary = rules.summary(files)

    def say(self) -> bool:
        """Print the summary if there is one and it is wanted. Returns whether the run is over with it."""
        if self.summary and not self.quiet:
            os.write(1, f"{self.summary}\n".encode())
        return bool(self.summary)


def look(arguments: list[str]) -> Look | None:
    """Look at what a command line without unusual words names; None where the full command must.

    `arguments` are those of the command line, without the program.
    """
    command = arguments[0] if arguments else ""
    try:
        if command == "scan" and _understood(arguments):
            seen = _staged(below="." in arguments)
        elif command == "hook" and _are_names(arguments[1:]):
            seen = _named(arguments[1:]) if arguments[1:] else _staged(below=False)
        else:
            return None
    except (OSError, ValueError, zlib.error):
        return None
    seen.command = command
    seen.quiet = command == "scan" and bool({"-q", "--quiet"} & set(arguments))
    return seen


def _understood(arguments: list[str]) -> bool:
    """Whether the command line is one that this module knows: `scan`, `--staged`, perhaps `.` and `-q`."""
    rest = sorted(word for word in arguments[1:] if word not in ("-q", "--quiet"))
    return hasattr(os, "posix_spawnp") and rest in (["--staged"], ["--staged", "."])


def _are_names(words: list[str]) -> bool:
    """Whether these are plain relative file names, each once."""
    return len(words) <= _MAX_OBJECTS and len(set(words)) == len(words) and all(map(_is_plain, words))


def _is_plain(word: str) -> bool:
    return not word.startswith(("-", "/", "..")) and os.path.normpath(word) == word and "\\" not in word


def _plain_repository() -> str:
    """The .git folder of an ordinary work tree that has no configuration file of keylint's.

    Raises ValueError where there is none.
    """
    if not (LOCATION & os.environ.keys()) <= _HARMLESS:
        raise ValueError("unusual")
    folder = os.getcwd()
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder or _is_configured(folder) or os.path.basename(folder) == ".git":
            raise ValueError("unusual")
        folder = parent
    git_folder = os.path.join(folder, ".git")
    with open(os.path.join(git_folder, "config"), "rb") as stream:
        # Another work tree, or settings in yet another file.
        unusual = b"worktree" in stream.read().lower()
    if unusual or _is_configured(folder):
        raise ValueError("unusual")
    return git_folder


def _is_configured(folder: str) -> bool:
    """Whether this folder may hold settings of keylint's; the full command looks closer."""
    if os.path.lexists(os.path.join(folder, "keylint.toml")):
        return True
    try:
        with open(os.path.join(folder, "pyproject.toml"), "rb") as stream:
            return b"keylint" in stream.read()
    except FileNotFoundError:
        return False


def _staged(*, below: bool) -> Look:
    """Look at the staged files; `below` limits them to the current folder."""
    git_folder = _plain_repository()
    with _Git((*STAGED, "HEAD", "--", *(["."] if below else []))) as git:
        rules = _Rules()
        entries = _entries(git.output())
    files = []
    size = 0
    for path, object_id in entries:
        content = _loose_blob(git_folder, object_id, _MAX_BYTES - size)
        size += len(content)
        files.append((path, content))
    return Look(files, rules)


def _named(names: list[str]) -> Look:
    """Look at files by name. Raises OSError or ValueError for anything but plain, small files."""
    from keylint.sources.beneath import Beneath, read_all

    git_folder = _plain_repository()
    if os.stat(git_folder).st_uid != os.geteuid():
        raise ValueError("git might refuse to work here")
    top = os.path.dirname(git_folder)
    prefix = os.getcwd()[len(top) :].strip("/")
    files = []
    size = 0
    with Beneath(top) as folder:
        for name in names:
            path = f"{prefix}/{name}" if prefix else name
            descriptor, status = folder.open_file(path)
            try:
                limit = _MAX_BYTES - size
                content = read_all(descriptor, status.st_size, limit) if status.st_size <= limit else None
            finally:
                os.close(descriptor)
            if content is None:
                raise ValueError("too much")
            size += len(content)
            files.append((path, content))
    return Look(files, _Rules())


class _Rules:
    """The stored rules. Raises ValueError if there are none that can be used here."""

    def __init__(self) -> None:
        from keylint.engine.quickdb import QuickDatabase
        from keylint.rulecache import stored_rules

        stored = stored_rules()
        if stored is None:
            raise ValueError("not stored yet")
        self.stored = stored
        self._database = QuickDatabase(stored[2])

    def summary(self, files: list[tuple[str, bytes]]) -> str:
        """What the full command says about these files if no rule can match in any, else ""."""
        from keylint.report.summary import clean_summary

        if any(_is_special(content) or self._database.could_match(content) for _, content in files):
            return ""
        return clean_summary(len(files), sum(len(content) for _, content in files), self.stored[0])


def _entries(raw: bytes) -> list[tuple[str, str]]:
    """Path and blob of git's raw diff. Raises ValueError for anything but plain files and links."""
    fields = raw.split(b"\0")
    if len(fields) > 2 * _MAX_OBJECTS:
        raise ValueError("too many")
    entries = []
    for header, path in zip(fields[:-1:2], fields[1::2], strict=True):
        _, mode, _, object_id, status = header.decode("ascii", "replace").split(" ")
        if mode not in _FILES or status not in ("A", "M", "T") or not object_id.strip("0"):
            raise ValueError("unusual")
        entries.append((os.fsdecode(path), object_id))
    return entries


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

    def __enter__(self) -> _Git:
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
