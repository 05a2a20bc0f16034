#!/usr/bin/env bash
# Adds a signing key, which signs from now on (the old ones stay in the JWKS), by reloading gunicorn, and waits until
# the worker with the old key has ended as well.
. "$(dirname "$0")/../../common.sh"
need pgrep
old=$(pgrep -P "$(cat "${DIR:?set the DIR of up.sh}/pid")")
rotate /o/.well-known/jwks.json
for _ in {1..300}; do running "$old" || exit 0; sleep 0.1; done
die "the worker $old with the old key is still there after 30 s"
