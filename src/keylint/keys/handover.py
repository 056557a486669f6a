"""Hand a new value over, once: to a private file, to a command's standard input, or to the terminal."""

from __future__ import annotations

import hmac
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Protocol

from keylint.errors import PendingError, UsageError
from keylint.keys.files import remove, sync_folder, write_new
from keylint.secret import Secret

_COMMAND_TIMEOUT_S = 300
_LONGEST_VALUE = 65536


class Handover(Protocol):
    """A place for the new value."""

    @property
    def name(self) -> str:
        """How the journal calls it; holds nothing secret."""
        ...

    def check(self) -> None:
        """Raise UsageError if it cannot take a value, before a key is created."""
        ...

    def give(self, value: Secret, rotation_id: str) -> None:
        """Hand the value over. Raises PendingError if it is not known whether it arrived."""
        ...


@dataclass(frozen=True)
class ToFile:
    """A new file with mode 0600. An existing one is never overwritten."""

    path: str

    @property
    def name(self) -> str:
        """`file:` and the path."""
        return f"file:{os.path.abspath(self.path)}"

    def check(self) -> None:
        """The file must not exist, its folder must."""
        if os.path.lexists(self.path):
            raise UsageError(f"--to-file {self.path}: exists already", hint="name a new file")
        if not os.path.isdir(os.path.dirname(os.path.abspath(self.path))):
            raise UsageError(f"--to-file {self.path}: there is no such folder")

    def give(self, value: Secret, rotation_id: str) -> None:
        """Write a temporary file, then give it its name in one step that cannot replace another file."""
        temporary = self._temporary(rotation_id)
        try:
            write_new(temporary, value.reveal() + b"\n")
            os.link(temporary, self.path)
            sync_folder(self.path)
        except OSError as error:
            raise PendingError(
                f"--to-file {self.path}: cannot be written: {error.strerror}",
                hint="run the command again with another file: the new key is replaced by another",
            ) from None
        finally:
            remove(temporary)

    def holds(self, digest: str, salt: bytes, rotation_id: str) -> bool:
        """Whether the file has the value with this digest; removes what was left half-written."""
        remove(self._temporary(rotation_id))
        try:
            with open(self.path, "rb") as stream:
                value = stream.read(_LONGEST_VALUE).rstrip(b"\n")
        except OSError:
            return False
        return bool(digest) and hmac.compare_digest(Secret(value).digest(salt), digest)

    def _temporary(self, rotation_id: str) -> str:
        return f"{self.path}.{rotation_id}.tmp"


@dataclass(frozen=True)
class ToCommand:
    """A command's standard input. It is run without a shell, and what it prints is not shown.

    `without` names variables that it does not get: the access token is none of its business.
    """

    command: str
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`command:` and the program; its arguments may be private."""
        return f"command:{os.path.basename((self._words() or [''])[0])}"

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError:
            raise UsageError("--to-command: unbalanced quotes") from None

    def check(self) -> None:
        """The program must exist."""
        words = self._words()
        if not words or shutil.which(words[0]) is None:
            raise UsageError("--to-command: no such program", hint="it is run without a shell")

    def give(self, value: Secret, rotation_id: str) -> None:
        """Run the command with the value and a newline as its input."""
        try:
            done = subprocess.run(
                self._words(),
                input=value.reveal() + b"\n",
                stdout=subprocess.DEVNULL,
                env={name: text for name, text in os.environ.items() if name not in self.without},
                check=False,
                timeout=_COMMAND_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._doubt(type(error).__name__) from None
        if done.returncode != 0:
            raise self._doubt(f"exit status {done.returncode}")

    def _doubt(self, what: str) -> PendingError:
        return PendingError(
            f"{self.name} failed ({what}), so it is not known whether the value arrived",
            hint="mend it and run the command again: another key is created and handed over",
        )


@dataclass(frozen=True)
class ToTerminal:
    """The terminal itself, not standard output, which may be a file or a log."""

    device: str = "/dev/tty"

    @property
    def name(self) -> str:
        """`terminal`."""
        return "terminal"

    def check(self) -> None:
        """There must be a terminal."""
        try:
            with open(self.device, "wb", buffering=0) as stream:
                is_terminal = stream.isatty()
        except OSError:
            is_terminal = False
        if not is_terminal:
            raise UsageError("--to-terminal: there is no terminal", hint="use --to-file or --to-command")

    def give(self, value: Secret, rotation_id: str) -> None:
        """Show the value once."""
        with open(self.device, "wb", buffering=0) as stream:
            stream.write(b"The new key, shown this once:\n" + value.reveal() + b"\n")
