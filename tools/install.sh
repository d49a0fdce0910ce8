# Make .venv from requirements.lock: exactly those versions, each checked by its hash.
set -eu
python="${PYTHON:-python3}"

say() { printf '%s\n' "$1" >&2; exit 1; }

command -v "$python" >/dev/null || say "Python 3.11 or newer is needed; $python was not found."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  say "Python 3.11 or newer is needed; $python is older. Name another: make PYTHON=python3.12"

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  rm -rf .venv
  if ! "$python" -m venv .venv 2>/dev/null; then
    rm -rf .venv
    sh tools/need.sh "" python3-venv
    "$python" -m venv .venv
  fi
fi

echo "Installing what requirements.lock names (half a minute the first time) …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
  --require-hashes --requirement requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --editable . --editable sdk/python
