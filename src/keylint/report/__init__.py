"""`Report` -> text: for people, as JSON, as SARIF, as an HTML page, as GitHub workflow commands,
and all that the GitHub action writes.

Nothing is imported before it is needed: the hook prints its one-line summary through this package.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than the rest of this module
if TYPE_CHECKING:
    from keylint.model import Report
    from keylint.report.options import RenderOptions

# Format name -> module with `render(report, options) -> str`.
FORMATS = {
    "text": "keylint.report.text",
    "json": "keylint.report.json_v1",
    "sarif": "keylint.report.sarif",
    "html": "keylint.report.html",
    "github": "keylint.report.github",
    "action": "keylint.report.action",
}
WITH_LINE_HASHES = ("sarif", "action")  # formats that hold `Location.line_hash`


def render(name: str, report: Report, options: RenderOptions | None = None) -> str:
    """The report in the format `name`, ending with a newline unless it is empty.

    Raises UsageError for a format that does not exist.
    """
    import importlib

    if name not in FORMATS:
        from keylint.errors import UsageError

        raise UsageError(f"--format {name}: no such format", hint="one of " + ", ".join(FORMATS))
    if options is None:
        from keylint.report.options import RenderOptions

        options = RenderOptions()
    text: str = importlib.import_module(FORMATS[name]).render(report, options)
    return text
