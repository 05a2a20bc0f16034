"""pycognito against a fresh stub's user pool: python3 pycognito_srp.py http://127.0.0.1:PORT

Signs in by SRP with and without a client secret, lets the library verify the tokens, refreshes, reads
the user, revokes, and expects the right exception for each thing that must fail. Exit code 0 if all
of it held.
"""

import sys

from botocore import UNSIGNED
from botocore.config import Config
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import ForceChangePasswordException, TokenVerificationException

POOL = "us-east-1_Example01"
PASSWORD = "Alice-passw0rd!"
SECRET = "confidential-secret-of-the-stub"


def main(base_url):
    signs_in_and_refreshes(base_url)
    proves_the_secret(base_url)
    refuses(base_url)
    replaces_a_temporary_password(base_url)
    notices_forgery(base_url)
    revokes(base_url)


def user(base_url, client="public", username="alice", secret=None, **options):
    return Cognito(
        POOL,
        client,
        username=username,
        client_secret=secret,
        botocore_config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}),
        boto3_client_kwargs={"endpoint_url": base_url},
        **options,
    )


def signs_in_and_refreshes(base_url):
    alice = user(base_url, "srp_only")
    # The library verifies both tokens with the key set of the pool before it keeps them.
    alice.authenticate(password=PASSWORD)
    equal(alice.id_claims["aud"], "srp_only")
    equal(alice.id_claims["cognito:username"], "alice")
    equal(alice.id_claims["email_verified"], True)
    equal(alice.access_claims["token_use"], "access")
    equal(alice.access_claims["iss"], f"{base_url}/{POOL}")
    equal(alice.access_claims["scope"], "aws.cognito.signin.user.admin")
    equal(alice.access_claims["sub"], alice.id_claims["sub"])
    before = alice.access_claims
    alice.renew_access_token()
    assert alice.access_claims["jti"] != before["jti"]
    equal(alice.access_claims["auth_time"], before["auth_time"])
    equal(alice.check_token(), False)
    profile = alice.get_user()
    equal(profile.email, "alice@example.com")


def proves_the_secret(base_url):
    alice = user(base_url, "confidential", secret=SECRET)
    alice.authenticate(password=PASSWORD)
    equal(alice.id_claims["aud"], "confidential")
    alice.renew_access_token()
    equal(alice.access_claims["client_id"], "confidential")
    wrong = user(base_url, "confidential", secret="another-secret-of-nobody")
    refused(wrong, "Unable to verify secret hash", lambda: wrong.authenticate(password=PASSWORD))


def refuses(base_url):
    alice = user(base_url)
    message = "Incorrect username or password."
    refused(alice, message, lambda: alice.authenticate(password="wrong"))
    nobody = user(base_url, username="nobody")
    try:
        nobody.authenticate(password="x")
    except nobody.client.exceptions.UserNotFoundException:
        pass
    else:
        raise AssertionError("nobody has signed in")
    # With errors that hide users, the library gets a challenge and fails at its answer.
    hidden = user(base_url, "discreet", "nobody")
    refused(hidden, message, lambda: hidden.authenticate(password="x"))


def replaces_a_temporary_password(base_url):
    carol = user(base_url, username="carol")
    try:
        carol.authenticate(password="Carol-temp0rary!")
    except ForceChangePasswordException:
        pass
    else:
        raise AssertionError("a temporary password was enough")
    srp = AWSSRP("carol", "Carol-temp0rary!", POOL, "public", client=carol.client)
    answer = srp.set_new_password_challenge("Carol-0wn-passw0rd!")
    assert answer["AuthenticationResult"]["AccessToken"]
    carol.authenticate(password="Carol-0wn-passw0rd!")
    equal(carol.access_claims["username"], "carol")


def notices_forgery(base_url):
    alice = user(base_url)
    alice.authenticate(password=PASSWORD)
    header, payload, signature = alice.id_token.split(".")
    forged = f"{header}.{payload}.AAAAAAAA{signature[8:]}"
    try:
        alice.verify_token(forged, "id_token", "id")
    except TokenVerificationException:
        return
    raise AssertionError("a forged token was accepted")


def revokes(base_url):
    alice = user(base_url)
    alice.authenticate(password=PASSWORD)
    access_token = alice.access_token
    alice.client.revoke_token(Token=alice.refresh_token, ClientId="public")
    refused(alice, "Refresh Token has been revoked", alice.renew_access_token)
    again = user(base_url)
    again.authenticate(password=PASSWORD)
    again.client.global_sign_out(AccessToken=again.access_token)
    refused(again, "Access Token has been revoked", again.get_user)
    assert access_token != again.access_token


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def refused(who, words, call):
    try:
        call()
    except who.client.exceptions.NotAuthorizedException as error:
        message = error.response["Error"]["Message"]
        assert words in message, f"{message!r} lacks {words!r}"
    else:
        raise AssertionError(f"nothing said {words!r}")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("pycognito: ok")
