#!/usr/bin/env bash
# Install keylint for the GitHub action: the very code that the workflow pinned, in an environment of its own.
set -euo pipefail

for python in python3 python; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    "$python" -m venv "$RUNNER_TEMP/keylint-venv"
    bin="$RUNNER_TEMP/keylint-venv/bin"
    [ -d "$bin" ] || bin="$RUNNER_TEMP/keylint-venv/Scripts" # Windows
    "$bin/python" -m pip install --quiet --disable-pip-version-check \
      -c "$GITHUB_ACTION_PATH/constraints.txt" "$GITHUB_ACTION_PATH"
    exit 0
  fi
done
echo "::error::keylint needs Python 3.10 or newer on the runner; add an actions/setup-python step before it"
exit 1
