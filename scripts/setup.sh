#!/usr/bin/env bash
# Installs what Enigm needs. Usage: setup.sh run | test | page
#
#   run   a virtual environment with the locked runtime parts
#   test  the same with the locked test parts, and the servers and browser that tests drive
#   page  the locked front-end parts, and the page built from them
#
# As root on Debian, missing system packages are installed; elsewhere they are named.
set -euo pipefail
cd "$(dirname "$0")/.."

goal="${1:?say run, test or page}"
python="${ENIGM_PYTHON:-python3}"
venv=.venv
pango="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
may_install() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && have apt-get; }

install_packages() {
    local log
    log="$(mktemp)"
    say "installing with apt: $*"
    if ! apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1; then
        apt-get update -qq >/dev/null 2>&1 || true
        apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1 || {
            tail -5 "$log" >&2
            return 1
        }
    fi
}

# want NEEDED|USEFUL package why test-command…
want() {
    local weight="$1" package="$2" why="$3"
    shift 3
    "$@" >/dev/null 2>&1 && return 0
    if may_install && install_packages $package; then return 0; fi
    if [ "$weight" = needed ]; then
        fail "please install $package ($why), then run this again."
    fi
    say "$package is not here ($why): the tests that need it will be skipped."
}

python_is_new_enough() { "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }
python_makes_environments() { "$python" -c 'import ensurepip, venv'; }
has_postgres() { have postgres || ls /usr/lib/postgresql/*/bin/postgres; }
has_tss_headers() { [ -e /usr/include/tss2/tss2_esys.h ] && have cc && have pkg-config; }
has_swtpm() { have swtpm && have swtpm_setup && ls /usr/lib/*/libtss2-tcti-swtpm.so*; }
has_pango() { ldconfig -p | grep -q libpangoft2; }
has_chromium() { have chromium || have chromium-browser || have google-chrome; }

make_environment() {
    want needed python3 "Python 3.11 or newer" python_is_new_enough
    want needed python3-venv "it makes the virtual environment" python_makes_environments
    [ -x "$venv/bin/python" ] || { say "making $venv"; "$python" -m venv "$venv"; }
}

install_into_environment() {
    say "installing the parts named in $1, each checked against its hash"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$1"
}

install_parts() {
    install_into_environment "$1"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps \
        --no-build-isolation --no-index -e .
}

# The TPM part is built from source; where it cannot be built, only its own tests are skipped.
install_tpm_part() {
    want useful "libtss2-dev build-essential pkg-config python3-dev" "the TPM part is built with it" has_tss_headers
    want useful "swtpm swtpm-tools libtss2-tcti-swtpm0" "attestation is tested on a software TPM" has_swtpm
    has_tss_headers || return 0
    install_into_environment requirements-tpm.lock \
        || say "the TPM part could not be built: the tests that need it will be skipped."
}

install_front_end() {
    want needed "nodejs npm" "Node 20 or newer builds the page; a wheel from \`make wheel\` needs none" have npm
    if ! cmp -s package-lock.json node_modules/.enigm-lock; then
        say "installing the front-end parts of package-lock.json"
        # Scripts of packages are not run: nothing may download a program behind the lock file.
        npm_config_update_notifier=false npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
        cp package-lock.json node_modules/.enigm-lock
    fi
}

case "$goal" in
run)
    make_environment
    [ -e "$venv/.ready-to-test" ] || install_parts requirements.lock
    want useful "$pango" "invoices are drawn with it" has_pango
    touch "$venv/.ready-to-run"
    ;;
test)
    make_environment
    install_parts requirements-dev.lock
    install_front_end
    want useful postgresql "stores are tested on it too" has_postgres
    want useful nats-server "several service processes talk through it" have nats-server
    want useful chromium "the browser tests drive it" has_chromium
    want useful "$pango" "invoices are drawn with it" has_pango
    want useful monero "payments are tested on a chain of its own" have monerod
    install_tpm_part
    touch "$venv/.ready-to-test" "$venv/.ready-to-run"
    ;;
page)
    install_front_end
    say "building the page"
    node scripts/build_ui.mjs
    touch src/enigm/app/ui/vendor/lit.js
    ;;
*) fail "no such goal: $goal" ;;
esac
