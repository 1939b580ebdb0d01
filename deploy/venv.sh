#!/bin/sh
# venv.sh REQUIREMENTS…: have .venv hold what these files pin. Done already: no work. Never asks anything.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
refuse() { say "$*" >&2; exit 1; }

check_python() {
    command -v python3 >/dev/null || refuse "scrpy needs Python 3.11 or newer, and there is no python3 here."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        refuse "scrpy needs Python 3.11 or newer; python3 here is $(python3 -V)."
}

# Debian packs venv and ensurepip apart from Python.
have_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        refuse "Python's venv is missing. Run this: sudo apt-get update && sudo apt-get install -y python3-venv"
    say "Python: installing Debian's python3-venv …"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq -y install python3-venv; } </dev/null >/dev/null ||
        refuse "apt-get could not install python3-venv."
}

make_venv() {
    .venv/bin/python -c '' 2>/dev/null && [ -x .venv/bin/pip ] && return
    check_python
    have_venv
    rm -rf .venv
    python3 -m venv .venv
}

fingerprint() { cat "$1" deploy/venv.sh | cksum; }

is_installed() { [ "$(cat ".venv/installed-$1" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

make_venv
for file in "$@"; do
    is_installed "$file" && continue
    say "Python: installing what $file pins …"
    .venv/bin/python -m pip install -qq --no-input --disable-pip-version-check --require-hashes -r "$file" </dev/null
    fingerprint "$file" >".venv/installed-$file"
done
