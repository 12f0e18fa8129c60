#!/bin/sh
# Make a virtual environment and install into it the locked packages, then simcast itself (editable).
#
#   install.sh PYTHON VENV LOCK
#
# Uses uv when it is there and works, else pip alone. Everything comes as a wheel with a known hash, so
# no compiler is needed and nothing else is trusted. Run again after an interruption, it goes on.
set -eu
python="$1"
venv="$2"
lock="$3"
installed="$venv/bin/python"

say() { printf 'simcast: %s\n' "$*" >&2; }

have_uv() { command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; }

install_with_uv() {
    uv pip install --quiet --python "$installed" --require-hashes --only-binary :all: --compile-bytecode -r "$lock" &&
        uv pip install --quiet --python "$installed" --no-deps --no-build-isolation -e .
}

install_with_pip() {
    "$installed" -m pip --version >/dev/null 2>&1 || "$installed" -m ensurepip >/dev/null
    "$installed" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock" &&
        "$installed" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
}

if ! "$installed" -c '' >/dev/null 2>&1; then
    say "making $venv ($("$python" --version))"
    if have_uv; then
        uv venv --quiet --clear --no-python-downloads --python "$python" "$venv"
    else
        "$python" -m venv --clear "$venv"
    fi
fi

if have_uv; then
    say "installing $lock with uv"
    install_with_uv && exit 0
    say "uv could not install; trying pip"
fi
say "installing $lock with pip (a minute or two)"
install_with_pip
