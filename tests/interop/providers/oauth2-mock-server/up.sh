#!/usr/bin/env bash
# oauth2-mock-server, which accepts nearly everything and has no login page. Its version 9 needs node 22.
. "$(dirname "$0")/../../common.sh"
begin
need node
version=9.3.0
[ "$(node_major)" -ge 22 ] || version=8.2.3
node_packages "oauth2-mock-server@$version"
launch node "$HERE/server.mjs"
ready "$BASE/.well-known/openid-configuration"
report <<JSON
{"issuer":"$BASE","dir":"$DIR","pid":$(cat pid)}
JSON
