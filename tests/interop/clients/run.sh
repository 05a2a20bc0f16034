#!/usr/bin/env bash
# run.sh SCRIPT BASE_URL: runs a script of this folder, such as pyjwt.py, against a stub that has just been started,
# with the packages of requirements.txt or package.json installed below target/interop.
#
# Exit status: that of the script; 77 when a program or a package is missing, which is named on stderr.
. "$(dirname "$0")/../common.sh"
need timeout flock
script=${1:?which script?} base=${2:?the base URL of a stub} PROVIDER=clients/${1##*.}
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT

node_project() {
  rm -rf node_modules &&
  cp "$HERE/package.json" . &&
  npm install --no-fund --no-audit --no-package-lock --loglevel=error
}

case $script in
  *.py)
    python_packages "$HERE/requirements.txt"
    run=("$CACHE/venv/bin/python" -B "$HERE/$script")
    ;;
  *.mjs)
    need node npm
    [ "$(node_major)" -ge 20 ] || skip "node of version 20 or later"
    installed "node $(node_major); $(cat "$HERE/package.json")" node_project
    # Modules are looked for beside the script, and this is where they are.
    cp "$HERE"/*.mjs "$DIR"
    ln -s "$CACHE/node_modules" "$DIR/node_modules"
    run=(node "$DIR/$script")
    ;;
  *) die "no script $script" ;;
esac

status=0
timeout --kill-after=5 120 "${run[@]}" "$base" 2>"$DIR/stderr" || status=$?
cat "$DIR/stderr" >&2
missing=$(sed -nE "s/.*(No module named|Cannot find package) '([^']+)'.*/\2/p" "$DIR/stderr")
[ "$status" = 0 ] || [ -z "$missing" ] || { PROVIDER=$script; skip "the package $missing"; }
exit "$status"
