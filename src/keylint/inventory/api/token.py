"""Where the access token of a key API comes from: never from the command line."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from typing import BinaryIO

from keylint.errors import UsageError
from keylint.secret import Secret

_MAX_BYTES = 16384  # longer than any JWT that a server would accept in a header
_VISIBLE = re.compile(rb"[\x21-\x7e]+")
_API_KEY = re.compile(rb"xx[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def token_from_environment(name: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """The token in the environment variable `name`. Raises UsageError if it is not set or not a token."""
    value = environment.get(name, "")
    if not value.strip():
        raise UsageError(
            f"no access token: the environment variable {name} is not set",
            hint="set it, or name another with --token-env, or use --token-file or --token-stdin",
        )
    return _checked(value.encode(), f"environment variable {name}")


def token_from_file(path: str) -> Secret:
    """The token in a file, which no one else may read. Raises UsageError."""
    try:
        with open(path, "rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--token-file {path}: cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise UsageError(f"--token-file {path}: others can read it", hint=f"chmod 600 {path}")
    return _checked(data, f"--token-file {path}")


def token_from_stream(stream: BinaryIO) -> Secret:
    """The token on standard input. Raises UsageError."""
    return _checked(stream.read(_MAX_BYTES + 1), "standard input")


def is_api_key(token: Secret) -> bool:
    """Whether this is a Coveo API key, not a person's token: such a key cannot list keys."""
    return _API_KEY.fullmatch(token.reveal()) is not None


def _checked(data: bytes, where: str) -> Secret:
    value = data.strip()
    if value[:7].lower() == b"bearer ":
        value = value[7:].strip()
    if len(value) > _MAX_BYTES or not _VISIBLE.fullmatch(value):
        raise UsageError(f"{where} does not hold an access token: one word of printable ASCII is expected")
    return Secret(value, weak=True)
