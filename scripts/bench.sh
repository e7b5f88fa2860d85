#!/usr/bin/env bash
# Runs every benchmark there is; the reports are in docs.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in benchmarks/*/run.py; do
    printf 'bench: %s\n' "$program"
    .venv/bin/python "$program"
done
