"""Authlib's code flow with PKCE against a fresh stub: python3 authlib_code.py http://127.0.0.1:PORT

Signs in as a public client and as one with a secret, lets the library's ID-token class check the claims,
refreshes, reads userinfo, revokes and signs out, and expects the library's error for each thing that must
fail. Exit code 0 if all of it held.
"""

import sys

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749 import MismatchingStateException
from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jwt
from joserfc.errors import BadSignatureError, InvalidClaimError, JoseError

import login
from login import CALLBACK, CONFIDENTIAL_SECRET, POOL, SUB, equal, expect


def main(base_url):
    metadata = login.metadata(base_url)
    public = {"client_id": "public", "token_endpoint_auth_method": "none"}
    tokens = signs_in(base_url, metadata, public)
    refreshes_and_revokes(base_url, metadata, public)
    for method in ["client_secret_basic", "client_secret_post"]:
        signs_in(base_url, metadata, confidential(method))
    refreshes_and_revokes(base_url, metadata, confidential("client_secret_basic"))
    refuses(metadata, public)
    address, _ = session(public).create_authorization_url(metadata["authorization_endpoint"])
    login.signs_out(base_url, "public", address)
    login.drop_keys(base_url)
    expect(JoseError, "", lambda: identity(metadata, tokens, "public", "n-0S6"))


def confidential(method):
    secret = {"client_id": "confidential", "client_secret": CONFIDENTIAL_SECRET}
    return {**secret, "token_endpoint_auth_method": method, "revocation_endpoint_auth_method": method}


def session(client):
    return OAuth2Session(
        **client, scope="openid email", redirect_uri=CALLBACK, code_challenge_method="S256"
    )


def code_flow(metadata, client, **checks):
    """The session with its tokens; the checks replace what the exchange sends and expects."""
    own, verifier = session(client), generate_token(64)
    endpoint = metadata["authorization_endpoint"]
    address, state = own.create_authorization_url(endpoint, code_verifier=verifier, nonce="n-0S6")
    exchange = {"code_verifier": verifier, "state": state, **checks}
    answer = login.sign_in(address)
    own.fetch_token(metadata["token_endpoint"], authorization_response=answer, **exchange)
    return own


def signs_in(base_url, metadata, client):
    own = code_flow(metadata, client)
    equal(own.token["token_type"], "Bearer")
    claims = identity(metadata, own.token, client["client_id"], "n-0S6")
    equal(claims["iss"], f"{base_url}/{POOL}")
    equal(claims["aud"], client["client_id"])
    equal(claims["sub"], SUB)
    equal(claims["email"], "alice@example.com")
    assert claims["at_hash"], claims
    userinfo = own.get(metadata["userinfo_endpoint"]).json()
    equal(userinfo["sub"], SUB)
    equal(userinfo["email_verified"], "true")
    expect(InvalidClaimError, "nonce", lambda: identity(metadata, own.token, client["client_id"], "other"))
    other = {**own.token, "access_token": own.token["access_token"][:-1]}
    expect(InvalidClaimError, "at_hash", lambda: identity(metadata, other, client["client_id"], "n-0S6"))
    forgery = login.forged(own.token["id_token"], own.token["access_token"])
    forgery = {**own.token, "id_token": forgery}
    expect(BadSignatureError, "", lambda: identity(metadata, forgery, client["client_id"], "n-0S6"))
    return own.token


def identity(metadata, tokens, client_id, nonce):
    """The claims of the ID token, verified with the key set as it is now."""
    keys = jwk.KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    token = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
    params = {"nonce": nonce, "client_id": client_id, "access_token": tokens["access_token"]}
    options = {
        "iss": {"essential": True, "value": metadata["issuer"]},
        "aud": {"essential": True, "value": client_id},
    }
    claims = CodeIDToken(token.claims, token.header, options, params)
    claims.validate()
    equal(claims["token_use"], "id")
    return claims


def refreshes_and_revokes(base_url, metadata, client):
    own = code_flow(metadata, client)
    before = dict(own.token)
    own.refresh_token(metadata["token_endpoint"], refresh_token=before["refresh_token"])
    assert own.token["access_token"] != before["access_token"]
    # Without rotation there is no new refresh token, and the library keeps the old one.
    equal(own.token["refresh_token"], before["refresh_token"])
    old, new = (identity(metadata, tokens, client["client_id"], None) for tokens in (before, own.token))
    equal(new["auth_time"], old["auth_time"])
    equal(new["origin_jti"], old["origin_jti"])
    assert "nonce" not in new, new
    endpoint = f"{base_url}/oauth2/revoke"
    revoked = own.revoke_token(endpoint, before["refresh_token"], "refresh_token")
    equal((revoked.status_code, revoked.text), (200, ""))
    equal(own.get(metadata["userinfo_endpoint"]).status_code, 401)
    refresh = lambda: own.refresh_token(
        metadata["token_endpoint"], refresh_token=before["refresh_token"]
    )
    expect(OAuthError, "invalid_grant", refresh)


def refuses(metadata, public):
    address, _ = session(public).create_authorization_url(metadata["authorization_endpoint"])
    login.refuses_a_wrong_password(address)
    other = generate_token(64)
    expect(OAuthError, "invalid_grant", lambda: code_flow(metadata, public, code_verifier=other))
    expect(MismatchingStateException, "", lambda: code_flow(metadata, public, state="other"))
    wrong = {**confidential("client_secret_basic"), "client_secret": "wrong"}
    expect(OAuthError, "invalid_client", lambda: code_flow(metadata, wrong))


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("Authlib: ok")
