#!/usr/bin/env bash
# Adds a signing key, which takes turns with the old ones.
. "$(dirname "$0")/../../common.sh"
rotate /jwks
