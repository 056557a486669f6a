"""What the adapters share: reading rows of an answer, and calls that may fail without ending the pull."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from keylint.errors import AccessError, ApiError, InventoryError
from keylint.inventory.api.http import Call, JsonClient

_MEMBERS = ("items", "data", "results", "api_keys", "keys")


def rows_of(answer: Any, what: str) -> list[Any]:
    """The list in an answer: a bare array, or the member of an envelope. Raises ApiError."""
    if isinstance(answer, Mapping):
        for name in _MEMBERS:
            if isinstance(answer.get(name), list):
                answer = answer[name]
                break
    if not isinstance(answer, list):
        raise ApiError(f"{what}: a list was expected in the answer", hint="is --base-url the right address?")
    return answer


@contextmanager
def reading_answers() -> Iterator[None]:
    """What the readers of files call a broken inventory is here a service that answers something else."""
    try:
        yield
    except InventoryError as error:
        raise ApiError(error.message, hint="is --base-url the address of this service?") from None


def optional(
    client: JsonClient, call: Call, what: str, problems: list[str], read: Callable[[list[Any]], None]
) -> None:
    """Read rows that the snapshot can do without: a failure is named in `problems`."""
    try:
        with reading_answers():
            read(rows_of(client.request(call), what))
    except (AccessError, ApiError) as error:
        problems.append(f"{what} could not be listed: {error.message}")


def text_member(answer: Any, name: str, what: str) -> str:
    """A non-empty text member of an object. Raises ApiError, which does not quote the answer."""
    value = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ApiError(f"{what}: the answer has no {name}")
    return value
