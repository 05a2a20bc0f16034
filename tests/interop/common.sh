# shellcheck shell=bash
# What the providers' up.sh and rotate.sh and the common down.sh share. To be sourced; it starts nothing.
#
# up.sh    in : PORT                   loopback port (default: a free one)
#               DIR                    state directory (default: a new temporary one)
#               AUTHGAUGE_INTEROP_CACHE  installed packages (default: target/interop below the repository root)
#               INTEROP_CLIENT_SECRET, INTEROP_SERVICE_SECRET  test values
#               CODE_TTL, DEVICE_TTL, DEVICE_INTERVAL (seconds), PKCE_REQUIRED (0 or 1)  switches, where the provider has them
#          out: one JSON document on stdout, also kept as $DIR/info.json; the server's pid in $DIR/pid, its logs in $DIR/*.log
# rotate.sh in : DIR; out: one JSON document with the new kid
# down.sh  in : DIR, or directories as arguments
#
# Exit status: 0 done; 77 skipped, because a program is missing (it is named on stderr); another one: failed.
set -euo pipefail

INTEROP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd -P)    # the folder of the script that sources this
PROVIDER=${HERE##*/}

say()  { printf '%s: %s\n' "$PROVIDER" "$*" >&2; }
die()  { say "$@"; exit 1; }
skip() { printf 'skipped: %s needs %s\n' "$PROVIDER" "$*" >&2; exit 77; }
need() { local program; for program; do command -v "$program" >/dev/null || skip "$program, which is missing"; done; }

# --- processes --------------------------------------------------------------

# running PID: is there such a process, and not just a zombie that nobody has waited for?
running() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }

# stop DIR: ends the server of DIR with its children. A server's working directory is its DIR, which tells it
# from a stranger that was given the number of a server that ended long ago.
stop() {
  local dir=$1 pid _
  pid=$(cat "$dir/pid")
  rm -f "$dir/pid"
  if running "$pid" && [ "$(readlink "/proc/$pid/cwd")" != "$dir" ]; then
    say "process $pid is not the server of $dir; left alone"
    return 0
  fi
  kill -TERM -- "-$pid" 2>/dev/null || return 0
  for _ in {1..50}; do running "$pid" || break; sleep 0.1; done
  kill -KILL -- "-$pid" 2>/dev/null || true              # whatever did not listen
}

# launch COMMAND...: starts the server in DIR, as the leader of its own session; up.sh failing from here on ends it.
launch() {
  cd "$DIR"
  setsid "$@" </dev/null >server.log 2>&1 &
  echo $! >pid
  trap 'stop "$DIR"' EXIT
}

# ready URL: waits until the server of DIR answers there with a 200.
ready() {
  local url=$1 end=$((SECONDS + 60))
  until curl -sf -m 2 -o /dev/null "$url"; do
    running "$(cat pid)" || { tail -n 30 server.log >&2; die "the server ended before it was ready; its log ends as above"; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 30 server.log >&2; die "no answer from $url in 60 s; the log ends as above"; }
    sleep 0.1
  done
}

# report: the JSON document on stdin is the result, and the server stays.
report() { tee "$DIR/info.json"; trap - EXIT; }

# --- setting up -------------------------------------------------------------

taken() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# begin: settles and exports PORT, BASE, DIR and the test values.
begin() {
  need setsid flock curl
  DIR=${DIR:-$(mktemp -d)}
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd -P)
  if [ -f "$DIR/pid" ] && running "$(cat "$DIR/pid")"; then die "$DIR already has a running server"; fi
  if [ -z "${PORT:-}" ]; then
    # below the range from which systems take the ports of outgoing connections
    while PORT=$((RANDOM % 12000 + 20000)); taken "$PORT"; do :; done
  elif taken "$PORT"; then
    die "port $PORT is in use"
  fi
  BASE=http://127.0.0.1:$PORT
  CALLBACK=http://127.0.0.1:18999/callback
  LOGGED_OUT=http://127.0.0.1:18999/loggedout
  : "${INTEROP_CLIENT_SECRET:=lab-secret}" "${INTEROP_SERVICE_SECRET:=service-secret}"
  export PORT BASE DIR CALLBACK LOGGED_OUT INTEROP_CLIENT_SECRET INTEROP_SERVICE_SECRET
}

# installed WHAT COMMAND...: runs COMMAND in $CACHE, the provider's cache directory, unless it completed there before
# for the same WHAT. Two at once do not disturb each other. What COMMAND says goes to $DIR/install.log.
installed() {
  local what=$1; shift
  CACHE=${AUTHGAUGE_INTEROP_CACHE:-$INTEROP/../../target/interop}/$PROVIDER
  mkdir -p "$CACHE"
  CACHE=$(cd "$CACHE" && pwd -P)
  export CACHE
  (
    flock 9
    [ "$(cat "$CACHE/complete" 2>/dev/null)" != "$what" ] || exit 0
    say "installing into $CACHE"
    rm -f "$CACHE/complete"
    cd "$CACHE"
    "$@" >"$DIR/install.log" 2>&1 || { tail -n 30 "$DIR/install.log" >&2; die "the installation failed as above"; }
    printf '%s\n' "$what" >complete
  ) 9>"$CACHE/lock"
}

# python_packages FILE: the requirements of FILE in the virtual environment $CACHE/venv
python_packages() {
  need python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || skip "python3 of version 3.10 or later"
  python3 -c 'import venv, ensurepip' 2>/dev/null || skip "python3 with venv, which is missing"
  installed "$(python3 --version; cat "$1")" make_venv "$1"
}
make_venv() {
  python3 -m venv --clear venv &&
  venv/bin/pip install --quiet --disable-pip-version-check --requirement "$1"
}

# node_packages PACKAGE@VERSION...: these in $CACHE/node_modules
node_packages() {
  need node npm
  [ "$(node_major)" -ge 20 ] || skip "node of version 20 or later"
  installed "node $(node_major) $*" make_node_modules "$@"
}
make_node_modules() {
  rm -rf node_modules package-lock.json
  echo '{"private":true}' >package.json
  npm install --no-fund --no-audit --loglevel=error "$@"
}
node_major() { node -p 'process.versions.node.split(".")[0]'; }

# --- key rotation -----------------------------------------------------------

kids() { curl -sf -m 5 "$1" | grep -o '"kid": *"[^"]*"' | sort; }

# rotate PATH: makes the server of DIR add a signing key, waits until the JWKS at PATH below the server's root shows it,
# and prints its kid.
rotate() {
  local jwks before new end=$((SECONDS + 30))
  need curl
  : "${DIR:?set the DIR of up.sh}"
  jwks=$(sed -n 's|.*"issuer":"\(http://[^/"]*\).*|\1|p' "$DIR/info.json")$1
  before=$(kids "$jwks") || die "no JWKS at $jwks"
  kill -HUP "$(cat "$DIR/pid")"
  until new=$(comm -13 <(echo "$before") <(kids "$jwks")) && [ -n "$new" ]; do
    [ "$SECONDS" -lt "$end" ] || die "no new key at $jwks in 30 s"
    sleep 0.1
  done
  printf '{%s}\n' "$new"
}
