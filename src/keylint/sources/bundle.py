"""Client-side bundles: a folder or a file whose content is served to browsers."""

from __future__ import annotations

from keylint.model import Surface
from keylint.sources.files import FileSource


class BundleSource(FileSource):
    """All files at `path`, ignored or not: build output is ignored by design, and served all the same."""

    surface = Surface.CLIENT
    honours_ignores = False
