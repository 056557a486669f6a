#!/usr/bin/env bash
# Run the tests on every Python from 3.10 on that this machine has, each in an environment of its own below .tools.
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

# The interpreter of a version: on the path, or one of pyenv's (whose shims answer only for the chosen versions).
find_python() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python3; do
    if "$candidate" -c 'import sys' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

tested=0
for version in 3.10 3.11 3.12 3.13 3.14; do
  python=$(find_python "$version")
  if [ -z "$python" ]; then
    echo "Python $version: not on this machine"
    continue
  fi
  echo "Python $version: $python"
  make --no-print-directory setup PYTHON="$python" VENV=".tools/python$version"
  ".tools/python$version/bin/python" -m pytest -q -n auto --dist loadfile "$@"
  tested=$((tested + 1))
done
[ "$tested" -gt 0 ]
