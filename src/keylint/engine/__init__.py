"""Bytes in, confirmed hits out: no file, git, network or wall clock.

`Engine` and its result types are loaded on first use, so that the hook's fast path can import
`keylint.engine.quickdb` without the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keylint.engine.core import Engine
    from keylint.engine.hit import Hit, ScanResult

__all__ = ["Engine", "Hit", "ScanResult"]


def __getattr__(name: str) -> object:
    if name == "Engine":
        from keylint.engine.core import Engine

        return Engine
    if name in ("Hit", "ScanResult"):
        from keylint.engine import hit

        return getattr(hit, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
