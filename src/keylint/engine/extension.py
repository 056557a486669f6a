"""Find and load Hyperscan's extension module. Imports nothing but `sys` at first: the hook depends on it.

`import hyperscan` runs a package file that imports `typing`, which costs several ms, so the extension in it
is loaded on its own.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOCK = 1  # HS_MODE_BLOCK

_loaded: Any = None


def find() -> Any:
    """The module spec of the extension, or None where Hyperscan is not installed."""
    from importlib.machinery import PathFinder

    package = PathFinder.find_spec("hyperscan")
    if package is None or not package.submodule_search_locations:
        return None
    return PathFinder.find_spec("hyperscan._hs_ext", package.submodule_search_locations)


def load() -> Any:
    """The extension module, or None where it is not installed or does not load on this machine."""
    global _loaded  # noqa: PLW0603  (the extension must be loaded once per process)
    if _loaded is None:
        _loaded = sys.modules.get("hyperscan._hs_ext") or _load()
    return _loaded


def _load() -> Any:
    spec = find()
    if spec is None or spec.loader is None:
        return None
    try:
        module = spec.loader.create_module(spec)
        spec.loader.exec_module(module)
    except (AttributeError, ImportError):
        return _import()
    return module


def _import() -> Any:
    """The ordinary way, for layouts of the package that are not known here."""
    try:
        import hyperscan
    except ImportError:
        return None
    return hyperscan
