#!/usr/bin/env bash
# Every check that reads the tree without running the product. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

step() {
    local started=$SECONDS name="$1"
    shift
    local log
    log="$(mktemp)"
    if "$@" >"$log" 2>&1; then
        printf 'check: %-28s ok  %3d s\n' "$name" $((SECONDS - started))
        rm -f "$log"
    else
        cat "$log"
        rm -f "$log"
        printf 'check: %-28s FAILED\n' "$name" >&2
        exit 1
    fi
}

step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "who may import whom" "$bin/lint-imports"
step "spelling" "$bin/codespell" src tests docs decisions scripts ./*.md
step "house rules" "$bin/python" -m pytest tests/architecture -q -p no:randomly -p no:cacheprovider
step "types" node_modules/.bin/pyright
