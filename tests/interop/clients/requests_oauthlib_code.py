"""requests-oauthlib's code flow with PKCE against a fresh stub:
python3 requests_oauthlib_code.py http://127.0.0.1:PORT

Signs in, verifies both tokens, refreshes, reads userinfo, revokes and signs out, and expects the library's
exception for each thing that must fail. Exit code 0 if all of it held.
"""

import os
import sys

import jwt
import requests
from oauthlib.oauth2 import InvalidClientError, InvalidGrantError, MismatchingStateError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

import login
from login import CALLBACK, CONFIDENTIAL_SECRET, SUB, equal, expect

# The library refuses plain HTTP, even on loopback, unless it is told otherwise.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


def main(base_url):
    metadata = login.metadata(base_url)
    own = code_flow(metadata, "public")
    tokens = check_claims(metadata, own, "public")
    reads_userinfo(metadata, own)
    refreshes(metadata, own)
    revokes(base_url, metadata, own)
    auth = HTTPBasicAuth("confidential", CONFIDENTIAL_SECRET)
    check_claims(metadata, code_flow(metadata, "confidential", auth=auth), "confidential")
    refuses(metadata)
    login.signs_out(base_url, "public", address_of(metadata, session("public")))
    login.drop_keys(base_url)
    missing = lambda: verified(metadata, tokens["id_token"], audience="public")
    expect(jwt.PyJWKClientError, "Unable to find a signing key", missing)


def session(client):
    return OAuth2Session(client, redirect_uri=CALLBACK, scope=["openid", "email"], pkce="S256")


def address_of(metadata, own):
    return own.authorization_url(metadata["authorization_endpoint"], nonce="n-0S6")[0]


def code_flow(metadata, client, **exchange):
    """The session with its tokens."""
    own = session(client)
    answer = login.sign_in(address_of(metadata, own))
    exchange = {"include_client_id": "auth" not in exchange, **exchange}
    own.fetch_token(metadata["token_endpoint"], authorization_response=answer, **exchange)
    return own


def verified(metadata, token, **checks):
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token).key
    return jwt.decode(token, key, ["RS256"], issuer=metadata["issuer"], **checks)


def check_claims(metadata, own, client):
    identity = verified(metadata, own.token["id_token"], audience=client)
    access = verified(metadata, own.token["access_token"])
    equal(identity["token_use"], "id")
    equal(identity["nonce"], "n-0S6")
    equal(identity["email"], "alice@example.com")
    equal(access["token_use"], "access")
    equal(access["client_id"], client)
    equal(access["scope"], "openid email")
    equal((identity["sub"], access["sub"]), (SUB, SUB))
    assert "scope" not in own.token, own.token
    return dict(own.token)


def reads_userinfo(metadata, own):
    claims = own.get(metadata["userinfo_endpoint"]).json()
    equal(claims["sub"], SUB)
    equal(claims["username"], "alice")
    equal(claims["email_verified"], "true")


def refreshes(metadata, own):
    before = dict(own.token)
    own.refresh_token(metadata["token_endpoint"], client_id="public")
    equal(own.token["refresh_token"], before["refresh_token"])
    old, new = (verified(metadata, tokens["access_token"]) for tokens in (before, own.token))
    assert new["jti"] != old["jti"]
    equal(new["auth_time"], old["auth_time"])
    equal(new["origin_jti"], old["origin_jti"])


def revokes(base_url, metadata, own):
    token = own.token["refresh_token"]
    # The session has no method of its own for it; its client prepares the request.
    address, headers, body = own._client.prepare_token_revocation_request(
        f"{base_url}/oauth2/revoke", token, "refresh_token", client_id="public"
    )
    answer = requests.post(address, body, headers=headers)
    equal((answer.status_code, answer.text), (200, ""))
    equal(own.get(metadata["userinfo_endpoint"]).status_code, 401)
    refresh = lambda: own.refresh_token(metadata["token_endpoint"], token, client_id="public")
    expect(InvalidGrantError, "invalid_grant", refresh)


def refuses(metadata):
    login.refuses_a_wrong_password(address_of(metadata, session("public")))
    own, other = session("public"), session("public")
    answer = login.sign_in(address_of(metadata, own))
    address_of(metadata, other)
    exchange = lambda **more: lambda: other.fetch_token(
        metadata["token_endpoint"], include_client_id=True, **more
    )
    whole = exchange(authorization_response=answer)
    expect(MismatchingStateError, "mismatching_state", whole)
    # The code of the one session with the verifier of the other.
    code = answer.split("code=")[1].split("&")[0]
    expect(InvalidGrantError, "invalid_grant", exchange(code=code))
    wrong = HTTPBasicAuth("confidential", "wrong")
    expect(InvalidClientError, "invalid_client", lambda: code_flow(metadata, "confidential", auth=wrong))


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("requests-oauthlib: ok")
