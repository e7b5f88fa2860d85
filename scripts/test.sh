#!/usr/bin/env bash
# Runs every test. Two workers, one file never split between them; the last line is pytest's.
# Files are not sorted by their number of tests, which would put the few long ones last: they come
# first (tests/support/long_first.py).
set -euo pipefail
cd "$(dirname "$0")/.."
workers="${ENIGM_TEST_WORKERS:-2}"
mkdir -p build
# Many tests start processes; without compiled files each would compile Enigm anew.
unset PYTHONDONTWRITEBYTECODE
# A whole run leaves behind which tests were evidence for which requirement (`make assurance`).
[ $# -gt 0 ] || export ENIGM_EVIDENCE=build/requirements.json
exec .venv/bin/python -m pytest -q -n "$workers" --dist loadfile --no-loadscope-reorder "$@"
