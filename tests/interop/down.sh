#!/usr/bin/env bash
# Ends the servers that up.sh started: down.sh DIR... (or DIR in the environment). Their directories stay.
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- "${DIR:?give the DIR of up.sh}"
for dir; do
  if [ -f "$dir/pid" ]; then stop "$(cd "$dir" && pwd -P)"; else say "nothing to end in $dir"; fi
done
