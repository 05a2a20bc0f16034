"""python-jose against a fresh stub: python3 python_jose.py http://127.0.0.1:PORT

Verifies the ID token, its at_hash included, and the access token of a code flow with the key set, and
expects the library to refuse what must be refused. Exit code 0 if all of it held.
"""

import sys

import requests
from jose import jwt
from jose.exceptions import JWTClaimsError, JWTError

from login import POOL, SUB, code_flow, drop_keys, equal, expect, forged, refresh
from login import refuses_and_signs_out


def main(base_url):
    issuer, keys = f"{base_url}/{POOL}", key_set(base_url)
    tokens = code_flow(base_url)

    def verified(name, token=None, **checks):
        checks = {"issuer": issuer, **checks}
        return jwt.decode(token or tokens[name], keys, ["RS256"], **checks)

    # The library compares at_hash with the access token.
    bound = {"audience": "public", "access_token": tokens["access_token"]}
    identity = verified("id_token", **bound, options={"require_at_hash": True})
    access = verified("access_token")
    equal(identity["token_use"], "id")
    equal(identity["aud"], "public")
    equal(identity["nonce"], "n-0S6")
    equal(identity["email"], "alice@example.com")
    equal(access["token_use"], "access")
    equal(access["client_id"], "public")
    equal(access["username"], "alice")
    equal((identity["sub"], access["sub"]), (SUB, SUB))

    swapped = {**bound, "access_token": code_flow(base_url)["access_token"]}
    expect(JWTClaimsError, "at_hash", lambda: verified("id_token", **swapped))
    expect(JWTClaimsError, "audience", lambda: verified("id_token", **{**bound, "audience": "service"}))
    expect(JWTClaimsError, "issuer", lambda: verified("access_token", issuer=base_url))
    forgery = forged(tokens["access_token"], tokens["id_token"])
    expect(JWTError, "Signature verification failed", lambda: verified("access_token", forgery))

    renewed = refresh(base_url, tokens)
    again = verified("access_token", renewed["access_token"])
    equal((again["sub"], again["auth_time"]), (SUB, access["auth_time"]))
    bound_again = {"audience": "public", "access_token": renewed["access_token"]}
    equal(verified("id_token", renewed["id_token"], **bound_again)["sub"], SUB)
    refuses_and_signs_out(base_url)

    drop_keys(base_url)
    keys = key_set(base_url)
    expect(JWTError, "Signature verification failed", lambda: verified("id_token", **bound))
    expect(JWTError, "Signature verification failed", lambda: verified("access_token"))
    tokens = code_flow(base_url)
    equal(verified("access_token")["sub"], SUB)


def key_set(base_url):
    return requests.get(f"{base_url}/{POOL}/.well-known/jwks.json").json()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("python-jose: ok")
