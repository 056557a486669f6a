"""An engine that is put together when something has to be searched.

Of a history that was scanned before, often nothing has: what rules say is enough to tell of it again. To load
the modules and the database of an engine takes longer than the rest of such a scan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keylint.rulelist import RuleList

if TYPE_CHECKING:
    from keylint.engine.core import Engine as _Interface
    from keylint.engine.hit import ScanResult
else:
    _Interface = object


class LateEngine(_Interface):
    """Stands for the engine that `make` gives, and has its rules. `identity` is as for that."""

    def __init__(self, rules: RuleList, identity: bytes, make: Callable[[], _Interface]) -> None:
        self.rules = rules
        self.identity = identity
        self.explain = False
        self._make = make
        self._made: _Interface | None = None

    @property
    def prefilter_name(self) -> str:
        """`hyperscan`: no other is stored."""
        return "hyperscan"

    def scan(self, data: bytes, *, path: str | None = "", binary: bool = False) -> ScanResult:
        """As the whole engine's. Others may hold this method without using it."""
        return self._whole().scan(data, path=path, binary=binary)

    def __getattr__(self, name: str) -> Any:
        """What only the whole engine has."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._whole(), name)

    def _whole(self) -> _Interface:
        if self._made is None:
            self._made = self._make()
            self._made.explain = self.explain
        return self._made
