"""PyJWT with its PyJWKClient against a fresh stub: python3 pyjwt.py http://127.0.0.1:PORT

Verifies the ID token and the access token of a code flow with the key set, and expects the library to
refuse other audiences and issuers, forged tokens, and tokens of a key that has left the key set. Exit
code 0 if all of it held.
"""

import sys
import time

import jwt

from login import POOL, SUB, code_flow, drop_keys, equal, expect, forged, refresh
from login import refuses_and_signs_out


def main(base_url):
    issuer, keys = f"{base_url}/{POOL}", key_set(base_url)
    tokens = code_flow(base_url)

    def verified(name, token=None, **checks):
        token = token or tokens[name]
        key = keys.get_signing_key_from_jwt(token).key
        return jwt.decode(token, key, ["RS256"], **{"issuer": issuer, **checks})

    identity = verified("id_token", audience="public")
    access = verified("access_token", options={"require": ["exp", "iat", "iss", "sub", "jti"]})
    equal(identity["token_use"], "id")
    equal(identity["nonce"], "n-0S6")
    equal(identity["email"], "alice@example.com")
    equal(identity["email_verified"], True)
    equal(identity["cognito:username"], "alice")
    equal(access["token_use"], "access")
    equal(access["client_id"], "public")
    equal(access["scope"], "openid email")
    equal(access["version"], 2)
    assert "aud" not in access, access
    equal((identity["sub"], access["sub"]), (SUB, SUB))
    equal(identity["origin_jti"], access["origin_jti"])
    equal(access["exp"] - access["iat"], tokens["expires_in"])
    assert abs(access["iat"] - time.time()) < 60, access

    expect(jwt.InvalidAudienceError, "", lambda: verified("id_token", audience="public2"))
    expect(jwt.MissingRequiredClaimError, "aud", lambda: verified("access_token", audience="public"))
    expect(jwt.InvalidIssuerError, "", lambda: verified("access_token", issuer=base_url))
    forgery = forged(tokens["id_token"], tokens["access_token"])
    expect(jwt.InvalidSignatureError, "", lambda: verified("id_token", forgery, audience="public"))

    renewed = refresh(base_url, tokens)
    again = verified("access_token", renewed["access_token"])
    equal((again["sub"], again["auth_time"]), (SUB, access["auth_time"]))
    assert again["jti"] != access["jti"], again
    equal(verified("id_token", renewed["id_token"], audience="public")["sub"], SUB)
    refuses_and_signs_out(base_url)

    drop_keys(base_url)
    for name in ["id_token", "access_token"]:
        fresh = key_set(base_url)
        call = lambda: fresh.get_signing_key_from_jwt(tokens[name])
        expect(jwt.PyJWKClientError, "Unable to find a signing key", call)
    keys, tokens = key_set(base_url), code_flow(base_url)
    equal(verified("id_token", audience="public")["sub"], SUB)


def key_set(base_url):
    return jwt.PyJWKClient(f"{base_url}/{POOL}/.well-known/jwks.json")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("PyJWT: ok")
