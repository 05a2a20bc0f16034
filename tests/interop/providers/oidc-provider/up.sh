#!/usr/bin/env bash
# panva's oidc-provider with its development login pages, which take every password. State is in memory.
. "$(dirname "$0")/../../common.sh"
begin
node_packages oidc-provider@9.13.3
launch node "$HERE/server.mjs"
ready "$BASE/.well-known/openid-configuration"
report <<JSON
{"issuer":"$BASE","dir":"$DIR","pid":$(cat pid),"protected_resource":"$BASE/api","resource":"$BASE/api"}
JSON
