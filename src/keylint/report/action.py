"""All that the GitHub action writes after one scan, as one JSON object for `scripts/action_report.py`."""

from __future__ import annotations

import json

from keylint.model import Level, Report
from keylint.report import github, sarif
from keylint.report.common import successful, visible
from keylint.report.options import RenderOptions


def render(report: Report, options: RenderOptions) -> str:
    """SARIF report, annotations, job summary, the number of findings and whether all could be read."""
    found = visible(report, allowed=False, suppressed=False)
    document = {
        "findings": sum(finding.verdict.level is not Level.NONE for finding in found),
        "complete": successful(report),
        "sarif": sarif.render(report, options),
        "annotations": github.render(report, options),
        "summary": github.summary_markdown(report),
    }
    return json.dumps(document) + "\n"
