#!/usr/bin/env bash
# Builds the wheel, and proves it: a fresh environment, pip alone, no Node, `enigm up` answers.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf dist build/wheel-proof
.venv/bin/python -m build --wheel --no-isolation --outdir dist . >build/wheel.log 2>&1 || {
    tail -20 build/wheel.log >&2
    exit 1
}
wheel="$(ls dist/enigm-*.whl)"
printf 'wheel: built %s (%s)\n' "$wheel" "$(du -h "$wheel" | cut -f1)"

.venv/bin/python -m venv build/wheel-proof
# The same locked parts as everywhere; the wheel itself has no hash to be locked by.
build/wheel-proof/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
build/wheel-proof/bin/pip install -q --disable-pip-version-check --no-deps "$wheel"
.venv/bin/python scripts/prove_wheel.py build/wheel-proof/bin/enigm
printf 'wheel: installs with pip alone and runs without Node\n'
