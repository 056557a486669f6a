#!/usr/bin/env bash
# Scan for the GitHub action. Inputs come as SCAN_* variables and never become part of a command's text.
# Ends with 0 whatever was found: the last step of the action exits with the status that is kept here.
set -euo pipefail

bin="$RUNNER_TEMP/keylint-venv/bin"
[ -d "$bin" ] || bin="$RUNNER_TEMP/keylint-venv/Scripts" # Windows

refuse() {
  echo "::error::keylint action: $1"
  echo "exit-code=2" >>"$GITHUB_OUTPUT"
  echo "complete=false" >>"$GITHUB_OUTPUT"
  exit 0
}

options=()
case "$SCAN_MODE" in
  tree) command=scan ;;
  bundle) command=bundle ;;
  history)
    command=scan
    options+=(--history)
    ;;
  *) refuse "the input mode must be tree, bundle or history" ;;
esac
if [ -n "$SCAN_RANGE" ]; then
  [ "$SCAN_MODE" = history ] || refuse "the input range needs the input mode to be history"
  options+=("--range=$SCAN_RANGE")
fi
[ -n "$SCAN_PATH" ] || refuse "the input path is empty"
[ -n "$SCAN_SARIF_FILE" ] || refuse "the input sarif-file is empty"
case "$SCAN_SARIF_FILE" in
  *[[:cntrl:]]*) refuse "the input sarif-file has a control character in it" ;;
esac

while IFS= read -r file; do
  [ -z "$file" ] || options+=(--inventory "$file")
done <<<"$SCAN_INVENTORY"
[ -z "$SCAN_BASELINE" ] || options+=(--baseline "$SCAN_BASELINE")
[ -z "$SCAN_CONFIG" ] || options+=(--config "$SCAN_CONFIG")
[ -z "$SCAN_FAIL_ON" ] || options+=(--fail-on "$SCAN_FAIL_ON")

report="$RUNNER_TEMP/keylint-report.json"
rm -f -- "$SCAN_SARIF_FILE" "$report" # a report of an earlier step is not ours
status=0
# Bash 3.2, which macOS has, takes an empty list for an unset one.
"$bin/keylint" "$command" ${options[@]+"${options[@]}"} --format action --output "$report" -- "$SCAN_PATH" || status=$?

if [ ! -f "$report" ]; then
  echo "exit-code=$status" >>"$GITHUB_OUTPUT"
  echo "complete=false" >>"$GITHUB_OUTPUT"
  exit 0
fi
"$bin/python" "$GITHUB_ACTION_PATH/scripts/action_report.py" "$report" "$status"
