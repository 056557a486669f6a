"""Load the extension module of a package on its own, without the Python files around it.

Those take longer than everything that a hook does with the extension. Imports nothing but `sys` at first.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find(name: str) -> Any:
    """The module spec of `package.extension`, or None where that is not installed."""
    from importlib.machinery import PathFinder

    package = PathFinder.find_spec(name.partition(".")[0])
    if package is None or not package.submodule_search_locations:
        return None
    return PathFinder.find_spec(name, package.submodule_search_locations)


def load(name: str) -> Any:
    """The extension module, or None where it is not installed or does not load by itself.

    The package finds the same module when it is imported later.
    """
    module = sys.modules.get(name)
    if module is not None:
        return module
    spec = find(name)
    if spec is None or spec.loader is None:
        return None
    try:
        module = spec.loader.create_module(spec)
        spec.loader.exec_module(module)
    except (AttributeError, ImportError):
        return None
    sys.modules[name] = module
    return module
