#!/usr/bin/env bash
# django-oauth-toolkit on Django and SQLite, served by gunicorn. Its own switches: FAST_HASH=0 (PBKDF2 in place
# of MD5), RFC9700=1 (the settings for RFC 9700).
. "$(dirname "$0")/../../common.sh"
begin
python_packages "$HERE/requirements.txt"
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=idp.settings
"$CACHE/venv/bin/python" -m idp.seed >"$DIR/seed.log" 2>&1 || { cat "$DIR/seed.log" >&2; die "the seeding failed as above"; }
launch "$CACHE/venv/bin/gunicorn" --config "$HERE/gunicorn.conf.py" 'django.core.wsgi:get_wsgi_application()'
ready "$BASE/o/.well-known/openid-configuration"
report <<JSON
{"issuer":"$BASE/o","dir":"$DIR","pid":$(cat pid),
 "device_authorization_endpoint":"$BASE/o/device-authorization/",
 "introspection_endpoint":"$BASE/o/introspect/",
 "revocation_endpoint":"$BASE/o/revoke_token/",
 "protected_resource":"$BASE/api"}
JSON
