#!/usr/bin/env bash
# wheels.sh PACKAGE...: prints a folder with these Python packages and all that they need, so that a tutorial
# installs them without a network from the second time on.
. "$(dirname "$0")/../common.sh"
need python3 flock curl
python3 -c 'import venv, ensurepip' 2>/dev/null || skip "python3 with venv, which is missing"
DIR=$(mktemp -d)
fetch() {
  rm -rf wheels &&
  python3 -m venv --clear venv &&
  venv/bin/pip download --quiet --disable-pip-version-check --dest wheels "$@"
}
installed "$(python3 --version) $*" fetch "$@"
rm -rf "$DIR"
printf '%s\n' "$CACHE/wheels"
