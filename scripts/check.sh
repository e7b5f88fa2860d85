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

# Types take longest, so they are checked beside everything else.
types_log="$(mktemp)"
node_modules/.bin/pyright >"$types_log" 2>&1 &
types=$!
trap 'kill "$types" 2>/dev/null || true; rm -f "$types_log"' EXIT

step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "who may import whom" "$bin/lint-imports"
step "spelling" "$bin/codespell" src tests docs decisions scripts ./*.md
step "house rules" "$bin/python" -m pytest tests/architecture -q -n 2 -p no:cacheprovider
if wait "$types"; then
    printf 'check: %-28s ok  %3d s\n' "types" "$SECONDS"
else
    cat "$types_log"
    printf 'check: %-28s FAILED\n' "types" >&2
    exit 1
fi
