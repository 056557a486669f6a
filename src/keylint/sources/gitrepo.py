"""Git, run safely: the only module that starts git or imports GitPython."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import BinaryIO

from keylint.errors import SourceError
from keylint.model import Repository
from keylint.records import dataclass, field
from keylint.sources.base import printable
from keylint.sources.gitsafe import LOCATION, command, environment
from keylint.sources.unnamed import small_file

_ANSWER_SECONDS = 120  # for a single short question; a configuration can name a pipe that never answers
_MANY_BYTES = 16 << 10  # of questions
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class GitMissingError(SourceError):
    """There is no git program."""


class NotARepositoryError(SourceError):
    """No git work tree holds the path."""


class ForeignRepositoryError(SourceError):
    """Git refuses the repository because somebody else owns it."""


@dataclass(frozen=True)
class GitRepo:
    """One repository, as seen from a path in it. Paths are absolute and real.

    `top` is the work tree, "" for a bare repository; `env` is the environment that every git call gets.
    """

    top: str
    git_dir: str
    object_format: str
    shallow: bool
    env: dict[str, str] = field(repr=False)

    @classmethod
    def discover(cls, path: str) -> GitRepo:
        """The repository whose work tree (or bare folder) holds `path`, which need not exist.

        GIT_DIR, GIT_INDEX_FILE and the like are honoured only if the repository that they name, from the
        current folder, is this one: they belong to the repository whose hook is running.
        Raises GitMissingError, NotARepositoryError, ForeignRepositoryError, or SourceError for other trouble.
        """
        start = _nearest_folder(path)
        plain = environment(os.environ, located=False)
        if not LOCATION.intersection(os.environ):
            return _probe(start, plain)
        hook = _hook_repository(start)
        try:
            own = _probe(start, plain)
        except NotARepositoryError:
            if hook is None or not hook.top or not is_below(start, hook.top):
                raise
            return hook
        if hook is None or hook.git_dir != own.git_dir:
            return own
        # Without GIT_WORK_TREE, git would take the current folder for the top of the work tree.
        kept = {k: v for k, v in hook.env.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")}
        return cls(own.top, own.git_dir, own.object_format, own.shallow, kept)

    @property
    def folder(self) -> str:
        """Where git is run."""
        return self.top or self.git_dir

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries, which git knows without storing it."""
        return _EMPTY_TREES[self.object_format]

    def relative(self, path: str) -> str:
        """`path` relative to the top level with forward slashes, "" for the top itself.

        A link in the last place stays a link. Raises NotARepositoryError for a path outside.
        """
        real = real_but_last(path)
        if not self.top or not is_below(real, self.top):
            raise NotARepositoryError(f"{printable(path)}: not in the work tree of {printable(self.folder)}")
        rest = os.path.relpath(real, self.top)
        return "" if rest == "." else rest.replace(os.sep, "/")

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git prints. Raises SourceError with git's own first line if it fails."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise SourceError(f"git {arguments[0]} failed: {_first_line(done.stderr)}")
        return done.stdout

    def attempt(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git to its end, whatever its exit status."""
        return _run(list(arguments), self.folder, self.env, stdin)

    def ask(self, *arguments: str, stdin: bytes) -> Question:
        """Let git answer while the caller is busy with something else."""
        return Question(arguments, self.folder, self.env, stdin)

    def ignores(self, path: str) -> bool:
        """Whether an ignore rule matches a path relative to the top level, be it tracked or not."""
        # check-ignore refuses to take paths literally, but reads no more than ":" at the start as magic.
        env = {name: value for name, value in self.env.items() if name != "GIT_LITERAL_PATHSPECS"}
        question = ["check-ignore", "--quiet", "--no-index", "--", f"./{path}"]
        return _run(question, self.folder, env).returncode == 0

    def start(self, *arguments: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A running git with pipes for standard input and output; the caller ends it."""
        return subprocess.Popen(
            command(arguments),
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def open_object(self, object_id: str) -> BinaryIO:
        """A stream of one blob's bytes; reading it raises OSError where the object is damaged."""
        return io.BufferedReader(_ObjectStream(self.start("cat-file", "blob", object_id)), 1 << 20)

    def facts(self) -> Repository:
        """Remote, revision and branch for reports; empty where the repository has none.

        Asked of git, in 5 ms: every scan wants them, and GitPython takes 80 ms to import.
        """
        revision, _, head = self._answer(
            "rev-parse", "HEAD^{commit}", "--symbolic-full-name", "HEAD"
        ).partition("\n")
        if not head:  # there is no commit yet
            revision, head = "", self._answer("symbolic-ref", "--quiet", "HEAD")
        return Repository(
            remote=_public_url(self._answer("config", "--local", "--get", "remote.origin.url")),
            revision=revision,
            branch=head.removeprefix("refs/heads/") if head != "HEAD" else "",
        )

    def is_partial(self) -> bool:
        """Whether the repository was cloned without some of its objects."""
        settings = self.settings()
        return "extensions.partialclone" in settings or any(name.endswith(".promisor") for name in settings)

    def settings(self) -> dict[str, str]:
        """The repository's own configuration.

        Keys are `section.name.option` with section and option in lower case. Read by GitPython, which starts
        no process for it but takes 80 ms to import. Files that the configuration includes are not read.
        Empty where it cannot be read.
        """
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from configparser import Error

        from git import GitConfigParser, Repo
        from git.exc import GitError

        found: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, Error, GitError), Repo(self.git_dir) as repo:
            path = os.path.join(repo.common_dir, "config")
            with GitConfigParser(path, read_only=True, merge_includes=False) as reader:
                for header in reader.sections():
                    for option, value in reader.items(header):
                        found[f"{_dotted(header)}.{option.lower()}"] = str(value)
        return found

    def _answer(self, *arguments: str) -> str:
        """One line, or "" if git has none."""
        done = self.attempt(*arguments)
        return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else ""


def is_tracked(path: str) -> bool:
    """Whether git tracks the file at `path`, or would: False outside a work tree and where git is missing."""
    try:
        repo = GitRepo.discover(path)
        return bool(repo.run("ls-files", "--", repo.relative(path)))
    except SourceError:
        return False


def user_excludes() -> str:
    """The user's own ignore file: `core.excludesFile` or git's default for it. It need not exist."""
    home = os.path.expanduser("~")
    default = os.path.join(
        os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "ignore"
    )
    env = environment(os.environ, located=False)
    try:
        done = _run(["config", "--type=path", "--get", "core.excludesFile"], os.path.abspath(os.sep), env)
    except SourceError:
        return default
    return os.fsdecode(done.stdout).removesuffix("\n") or default


def is_below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or in it; both absolute and real."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def real_but_last(path: str) -> str:
    """The absolute path with links resolved, except one in the last place."""
    parent, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(parent), name) if name else os.path.realpath(parent)


def _probe(start: str, env: dict[str, str]) -> GitRepo:
    """Ask git about the repository at a folder."""
    done = _run(
        [
            "rev-parse",
            "--is-inside-work-tree",
            "--is-bare-repository",
            "--is-shallow-repository",
            "--show-object-format",
            "--show-cdup",
            "--absolute-git-dir",
        ],
        start,
        env,
    )
    if done.returncode != 0:
        raise _refusal(start, done.stderr)
    inside, bare, shallow, form, rest = os.fsdecode(done.stdout).removesuffix("\n").split("\n", 4)
    if inside != "true" and bare != "true":
        raise NotARepositoryError(
            f"{printable(start)}: not in the work tree of its git repository",
            hint="a .git folder has none; core.worktree in its configuration may name another folder",
        )
    up, git_dir = rest.split("\n", 1) if inside == "true" else ("", rest)
    top = os.path.realpath(os.path.join(start, up)) if inside == "true" else ""
    form = form if form in _EMPTY_TREES else "sha1"  # git before 2.25 repeats the option
    return GitRepo(top, os.path.realpath(git_dir), form, shallow == "true", env)


def _hook_repository(start: str) -> GitRepo | None:
    """The repository that the environment names, as a hook's does; None if it names none."""
    try:
        here = os.getcwd()
        found = _probe(here, environment(os.environ, located=True))
    except (OSError, SourceError):
        return None
    env = dict(found.env)
    if "GIT_DIR" in env:
        env["GIT_DIR"] = found.git_dir
        env["GIT_WORK_TREE"] = found.top
    return GitRepo(found.top, found.git_dir, found.object_format, found.shallow, env)


def _refusal(start: str, stderr: bytes) -> SourceError:
    """Why git did not answer, as an error that says what to do."""
    where = printable(start)
    if b"dubious ownership" in stderr or b"unsafe repository" in stderr:
        return ForeignRepositoryError(
            f"{where}: git does not trust this repository, because another user owns it",
            hint="if you do, run: git config --global --add safe.directory <its top folder>",
        )
    if b"not a git repository" in stderr:
        return NotARepositoryError(
            f"{where}: not a git repository", hint="run it in a work tree, or scan without --staged"
        )
    return SourceError(f"{where}: git cannot read this repository: {_first_line(stderr)}")


def _run(
    arguments: list[str], folder: str, env: dict[str, str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    if len(stdin) > _MANY_BYTES:
        return Question(arguments, folder, env, stdin).answer()
    with _trouble(arguments, folder):
        return subprocess.run(
            command(arguments),
            cwd=folder,
            env=env,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=_ANSWER_SECONDS,
        )


class Question:
    """A git that answers into a file, so that nobody needs to read meanwhile. Through pipes each of many
    answers would wake this process.

    Raises GitMissingError if there is no git, SourceError if it cannot be run or takes too long.
    """

    def __init__(self, arguments: Sequence[str], folder: str, env: Mapping[str, str], stdin: bytes) -> None:
        self._trouble = partial(_trouble, arguments, folder)
        self._told, self._complaints = small_file(), small_file()
        with self._trouble(), small_file() as asked:
            asked.write(stdin)
            asked.seek(0)
            self._process = subprocess.Popen(
                command(arguments),
                cwd=folder,
                env=env,
                stdin=asked,
                stdout=self._told,
                stderr=self._complaints,
            )

    def answer(self) -> subprocess.CompletedProcess[bytes]:
        """Wait for git to end, whatever its exit status. Only once."""
        with self._told as told, self._complaints as complaints, self._process as process:
            try:
                with self._trouble():
                    status = process.wait(_ANSWER_SECONDS)
            finally:
                process.kill()  # which does nothing to one that has ended
            for file in (told, complaints):
                file.seek(0)
            return subprocess.CompletedProcess(process.args, status, told.read(), complaints.read())


@contextlib.contextmanager
def _trouble(arguments: Sequence[str], folder: str) -> Iterator[None]:
    """Say what went wrong with a git command."""
    try:
        yield
    except FileNotFoundError:
        raise GitMissingError("git was not found", hint="install git, or put it on PATH") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git {arguments[0]} gave no answer in {_ANSWER_SECONDS} seconds") from None
    except OSError as error:
        raise SourceError(f"{printable(folder)}: git cannot be run there: {error.strerror}") from None


class _ObjectStream(io.RawIOBase):
    """The output of `git cat-file blob`; a failure of git is an error and not an early end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._process = process
        assert process.stdin
        process.stdin.close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        assert self._process.stdout
        data = self._process.stdout.read1(len(buffer))  # type: ignore[attr-defined]
        if not data and self._process.wait() != 0:
            raise OSError(f"git cat-file ended with status {self._process.returncode}")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._process.kill()
            assert self._process.stdout
            self._process.stdout.close()
            self._process.wait()
        super().close()


def _dotted(header: str) -> str:
    """`remote "origin"` as `remote.origin`."""
    section, _, name = header.partition(" ")
    return f"{section.lower()}.{name.strip().strip(chr(34))}" if name else section.lower()


def _public_url(remote: str) -> str:
    """A remote's URL without user, password, query and fragment; "" for a path on this machine."""
    if "://" not in remote:
        host, colon, path = remote.rpartition("@")[2].partition(":")
        if not colon or "/" in host or len(host) < 2:
            return ""
        return f"ssh://{host}/{path.lstrip('/')}"
    from urllib.parse import urlsplit, urlunsplit  # 3 ms, while workers are busy

    try:
        parts = urlsplit(remote)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme == "file" or not parts.hostname:
        return ""
    return urlunsplit((parts.scheme, parts.hostname + port, parts.path, "", ""))


def _nearest_folder(path: str) -> str:
    """The folder of a path, or the nearest one above it that exists."""
    folder = real_but_last(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return os.path.realpath(folder)


def _first_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "surrogateescape").strip().splitlines()
    return printable(lines[0])[:300] if lines else "no message"
