#!/usr/bin/env bash
exec "$(dirname "$0")/../django-oauth-toolkit/rotate.sh"
