"""The report as one HTML page without scripts or links to other files, for a browser or a mail."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from keylint.model import Finding, Report
from keylint.report.clean import clean
from keylint.report.common import URGENCY, order, visible
from keylint.report.options import RenderOptions
from keylint.report.text import HEADINGS, closing, rows

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;padding:0 1rem;max-width:60rem}"
    "section{border:1px solid #ccc;border-radius:.4rem;margin:1rem 0;padding:.6rem 1rem}"
    "h3{margin:.2rem 0;font-size:1rem}dl{display:grid;grid-template-columns:6rem 1fr;gap:.2rem 1rem;margin:0}"
    "dt{color:#666}dd{margin:0}p{margin:0}code,dd{overflow-wrap:anywhere}"
    ".exposed h3,.over-privileged h3{color:#a40000}.unknown h3{color:#8a5a00}.allowed h3{color:#1b6e2c}"
    "@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}section{border-color:#444}"
    "dt{color:#999}"
    ".exposed h3,.over-privileged h3{color:#ff8a80}.unknown h3{color:#ffc164}.allowed h3{color:#8fd19e}"
    "a{color:#8ab4f8}}"
)


def render(report: Report, options: RenderOptions) -> str:
    """The same content as the text report, in the same order, as HTML."""
    return "\n".join(_page(report, options)) + "\n"


def _page(report: Report, options: RenderOptions) -> Iterator[str]:
    title = f"keylint {clean(report.command)} {clean(report.target)}"
    yield "<!doctype html>"
    yield f'<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    yield f"<h1>{escape(title)}</h1>"
    found = visible(report, allowed=options.include_allowed, suppressed=options.include_suppressed)
    found.sort(key=lambda finding: (URGENCY[finding.verdict.kind], order(finding)))
    for kind, group in groupby(found, key=lambda finding: finding.verdict.kind):
        yield f"<h2>{escape(HEADINGS[kind])}</h2>"
        for finding in group:
            yield from _section(finding, options)
    for line in closing(report, RenderOptions(verbose=options.verbose)):
        yield f"<p>{escape(''.join(text for text, _ in line))}</p>"


def _section(finding: Finding, options: RenderOptions) -> Iterator[str]:
    verdict, key = finding.verdict, finding.key
    kind = verdict.kind.value
    yield f'<section class="{kind}"><h3>{kind} {verdict.severity.value}: {escape(clean(key.title))}'
    yield f"<code>{escape(clean(key.mask))}</code></h3><dl>"
    for label, paragraphs in rows(finding, verbose=options.verbose):
        body = "".join(f"<p>{_linked(label, text)}</p>" for text in paragraphs)
        yield f"<dt>{escape(label)}</dt><dd>{body}</dd>"
    yield "</dl></section>"


def _linked(label: str, text: str) -> str:
    """Text of a row; only the documentation of our own rules becomes a link."""
    if label == "docs" and text.startswith("https://"):
        return f'<a href="{escape(text)}" rel="noreferrer">{escape(text)}</a>'
    return escape(text)
