#!/usr/bin/env bash
# Adds a signing key, which signs from now on; the old ones stay in the JWKS, and so do sessions, grants and tokens.
. "$(dirname "$0")/../../common.sh"
rotate /jwks
