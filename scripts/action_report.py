"""Write what the GitHub action has found: the SARIF file, annotations, the job summary and the outputs.

    python action_report.py REPORT STATUS

REPORT is what `keylint --format action` wrote, STATUS its exit status. The SARIF report goes to
$SCAN_SARIF_FILE. Annotations go to standard output where $SCAN_ANNOTATIONS is `true`, the summary to
$GITHUB_STEP_SUMMARY where $SCAN_SUMMARY is. Everything in the report is escaped already.
"""

from __future__ import annotations

import json
import os
import sys


def main(path: str, status: str) -> None:
    """Report on the file `path`."""
    with open(path, encoding="utf-8") as stream:
        report = json.load(stream)
    sarif = os.environ["SCAN_SARIF_FILE"]
    try:
        with open(sarif, "w", encoding="utf-8") as stream:
            stream.write(report["sarif"])
    except OSError as error:
        text = f"::error::keylint action: the input sarif-file cannot be written: {error.strerror}\n"
        sys.stdout.write(text)
        _append("GITHUB_OUTPUT", "exit-code=2\ncomplete=false\n")
        return
    complete = str(report["complete"]).lower()
    outputs = f"exit-code={status}\nsarif-file={sarif}\nfindings={report['findings']}\ncomplete={complete}\n"
    _append("GITHUB_OUTPUT", outputs)
    if os.environ["SCAN_SUMMARY"] == "true":
        _append("GITHUB_STEP_SUMMARY", report["summary"])
    if os.environ["SCAN_ANNOTATIONS"] == "true":
        sys.stdout.buffer.write(report["annotations"].encode())


def _append(variable: str, text: str) -> None:
    with open(os.environ[variable], "a", encoding="utf-8") as stream:
        stream.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
