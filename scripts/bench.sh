#!/usr/bin/env bash
# Runs every benchmark; the reports are in docs. The delivery peers need their kit:
# ENIGM_PEERS_KIT names its folder, and benchmarks/delivery/README.md says how to set it up.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -m benchmarks.mls.run "$@"
.venv/bin/python benchmarks/attestation/run.py "$@"
.venv/bin/python -m benchmarks.audit.run "$@"
.venv/bin/python -m benchmarks.policy.run "$@"
.venv/bin/python -m benchmarks.payments.run "$@"
.venv/bin/python -m benchmarks.commerce.run "$@"
if [ -n "${ENIGM_PEERS_KIT:-}" ]; then
    .venv/bin/python benchmarks/delivery/run.py
else
    echo "bench: delivery is not measured: ENIGM_PEERS_KIT names no folder"
fi
