"""Find and load Hyperscan's extension module. Imports next to nothing: the hook depends on it.

`import hyperscan` runs a package file that imports `typing`, which costs several ms, so the extension in it
is loaded on its own.
"""

from __future__ import annotations

from keylint import extensions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOCK = 1  # HS_MODE_BLOCK
_NAME = "hyperscan._hs_ext"

_loaded: Any = None


def find() -> Any:
    """The module spec of the extension, or None where Hyperscan is not installed."""
    return extensions.find(_NAME)


def load() -> Any:
    """The extension module, or None where it is not installed or does not load on this machine."""
    global _loaded  # noqa: PLW0603  (the extension must be loaded once per process)
    if _loaded is None:
        _loaded = extensions.load(_NAME) or _import()
    return _loaded


def _import() -> Any:
    """The ordinary way, for layouts of the package that are not known here."""
    try:
        import hyperscan
    except ImportError:
        return None
    return hyperscan
