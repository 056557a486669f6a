"""Errors that a user can cause or meet, and the exit codes.

KeylintError                 anything the user can mend: one line, with a remedy
├── UsageError               an option or argument is wrong
├── ConfigError              keylint.toml, [tool.keylint] or a rule file is wrong
├── InventoryError           an inventory, template or baseline file is wrong
├── SourceError              what was asked for cannot be read at all
├── AccessError              a key API refuses the token or does not know what was named (exit status 2)
├── ApiError                 a key API cannot be reached, or answers with something else (exit status 3)
└── PendingError             a step of a rotation must wait, or was left in doubt (exit status 3)

Whatever else escapes is a bug in keylint (exit status 4).
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of every command. FINDINGS wins over INCOMPLETE; the report always says both."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    BUG = 4
    INTERRUPTED = 130


class KeylintError(Exception):
    """A problem that the user can mend.

    `message` says what is wrong and names the file, field or option; `hint` says what to do.
    Neither ever holds a secret value.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(KeylintError):
    """An option or argument is wrong."""


class ConfigError(KeylintError):
    """A configuration or rule file is wrong."""


class InventoryError(KeylintError):
    """An inventory, template or baseline file is wrong."""


class SourceError(KeylintError):
    """What was asked for cannot be read at all, so no scan took place."""


class AccessError(KeylintError):
    """A key API refuses the token, or does not know the organisation or key that was named."""


class ApiError(KeylintError):
    """A key API cannot be reached, is overloaded, fails, or answers with something unexpected."""

    exit_code = ExitCode.INCOMPLETE


class PendingError(KeylintError):
    """A step of a rotation must wait or was left in doubt; running the command again goes on from there."""

    exit_code = ExitCode.INCOMPLETE
