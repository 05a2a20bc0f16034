#!/usr/bin/env bash
# django-oauth-toolkit with every setting that its documentation offers for RFC 9700.
RFC9700=1 exec "$(dirname "$0")/../django-oauth-toolkit/up.sh"
