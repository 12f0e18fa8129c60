#!/bin/sh
# Print the path of a Python that can run simcast (3.11 or newer).
#
#   find_python.sh            python3 when it is new enough, else the newest found
#   find_python.sh newest     the newest found
#   find_python.sh 3.11       that version, or nothing (exit 1)
#
# Looked for: python3 and python3.X on PATH, then the versions that pyenv keeps.
set -u
want="${1:-default}"

usable() { # path -> prints the real path when it is 3.11+ and can make a virtual environment
    "$1" - 2>/dev/null <<'PYTHON'
import shutil, ssl, sys, venv
if shutil.which("uv") is None:
    import ensurepip
if sys.version_info < (3, 11):
    sys.exit(1)
print(sys.executable)
PYTHON
}

try() {
    found=$(usable "$1") && [ -n "$found" ] && printf '%s\n' "$found" && exit 0
}

if [ "$want" = default ]; then
    try python3
fi

case "$want" in
default | newest) minors="20 19 18 17 16 15 14 13 12 11" ;;
3.*) minors="${want#3.}" ;;
*)
    echo "find_python.sh: expected default, newest or a version such as 3.13, got '$want'" >&2
    exit 2
    ;;
esac

for minor in $minors; do
    try "python3.$minor"
    for path in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor"*/bin/python"3.$minor"; do
        try "$path"
    done
done

if [ "$want" = default ] || [ "$want" = newest ]; then
    echo "simcast needs Python 3.11 or newer with its venv module: none found. Install one, or name it: make test PYTHON=/path/to/python" >&2
fi
exit 1
