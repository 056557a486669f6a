"""What filters look at: a value and the text beside it."""

from __future__ import annotations

from collections.abc import Callable

from keylint.engine.naming import Name, read_name

SURROUNDINGS = 160  # bytes before a value in which it is named

# The provider in the text before a value ("" for none), and whether the value's own name says it.
Service = tuple[str, bool]


class Candidate:
    """A value and the text beside it on both sides (at most SURROUNDINGS bytes).

    `body` is the value without the public prefix of its kind. `lead` is how many bytes at the end of `before`
    belong to the match. `find_service` looks for the provider that the text before the value names, where the
    rule asks for it (`Rule.names`); it is called once at most, and only if a filter wants to know.
    """

    __slots__ = ("_find_service", "_name", "_service", "after", "before", "body", "lead", "value")

    def __init__(
        self,
        value: bytes,
        body: bytes,
        before: bytes = b"",
        after: bytes = b"",
        lead: int = 0,
        *,
        find_service: Callable[[bytes, int], Service] | None = None,
    ) -> None:
        self.value = value
        self.body = body
        self.before = before
        self.after = after
        self.lead = lead
        self._find_service = find_service
        self._service: Service | None = None
        self._name: Name | None = None

    @property
    def name(self) -> Name:
        """What the value is called."""
        if self._name is None:
            self._name = read_name(self.before.decode("latin-1"), self.lead)
        return self._name

    @property
    def service(self) -> str:
        """The provider that the text before the value names, or ""."""
        return self._found()[0]

    @property
    def named(self) -> bool:
        """Whether the name of the value itself holds that provider."""
        return self._found()[1]

    def _found(self) -> Service:
        if self._service is None:
            self._service = self._find_service(self.before, self.lead) if self._find_service else ("", False)
        return self._service
