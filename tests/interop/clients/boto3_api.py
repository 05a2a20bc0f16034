"""boto3 against a fresh stub's user pool: python3 boto3_api.py http://127.0.0.1:PORT

Signs in, refreshes, verifies both tokens with the key set, reads the user, signs out, and expects the
right exception for each thing that must fail. Exit code 0 if all of it held.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.request

import boto3
import jwt
from botocore import UNSIGNED
from botocore.config import Config

POOL = "us-east-1_Example01"
PASSWORD = "Alice-passw0rd!"
CLIENT, CONFIDENTIAL, ROTATING = "public", "confidential", "rotating"
SECRET = "confidential-secret-of-the-stub"


def main(base_url):
    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 1})
    api = boto3.client(
        "cognito-idp", region_name="us-east-1", endpoint_url=base_url, config=config
    )
    tokens = sign_in(api, CLIENT)
    check_claims(base_url, tokens)
    refreshes(api, tokens)
    reads_the_user(api, tokens)
    replaces_a_temporary_password(api)
    proves_the_secret(api)
    rotates(api)
    refuses(api)
    revokes(api)
    signs_up(api, base_url)
    replaces_a_forgotten_password(api, base_url)
    needs_a_second_factor(api)
    signs_out(api, tokens)


def sign_in(api, client, **parameters):
    parameters = {"USERNAME": "alice", "PASSWORD": PASSWORD, **parameters}
    answer = api.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH", ClientId=client, AuthParameters=parameters
    )
    return answer["AuthenticationResult"]


def verified(base_url, token, **options):
    keys = jwt.PyJWKClient(f"{base_url}/{POOL}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token).key
    return jwt.decode(token, key, ["RS256"], issuer=f"{base_url}/{POOL}", **options)


def check_claims(base_url, tokens):
    access = verified(base_url, tokens["AccessToken"])
    identity = verified(base_url, tokens["IdToken"], audience=CLIENT)
    equal(tokens["TokenType"], "Bearer")
    equal(access["token_use"], "access")
    equal(access["client_id"], CLIENT)
    equal(access["scope"], "aws.cognito.signin.user.admin")
    equal(access["username"], "alice")
    equal(access["cognito:groups"], ["admin", "readers"])
    assert "aud" not in access, access
    equal(identity["token_use"], "id")
    equal(identity["cognito:username"], "alice")
    equal(identity["email"], "alice@example.com")
    equal(identity["email_verified"], True)
    equal(identity["sub"], access["sub"])
    equal(identity["origin_jti"], access["origin_jti"])
    equal(access["exp"] - access["iat"], tokens["ExpiresIn"])
    assert abs(access["iat"] - time.time()) < 60, access
    kids = {jwt.get_unverified_header(tokens[name])["kid"] for name in ("AccessToken", "IdToken")}
    equal(len(kids), 2)
    try:
        verified(base_url, tokens["IdToken"], audience=CONFIDENTIAL)
    except jwt.InvalidAudienceError:
        return
    raise AssertionError("an ID token for another audience was accepted")


def refreshes(api, tokens):
    answer = api.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=CLIENT,
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    result = answer["AuthenticationResult"]
    assert "RefreshToken" not in result, result.keys()
    before, after = claims(tokens["AccessToken"]), claims(result["AccessToken"])
    equal(after["auth_time"], before["auth_time"])
    equal(after["origin_jti"], before["origin_jti"])
    assert after["jti"] != before["jti"]


def reads_the_user(api, tokens):
    user = api.get_user(AccessToken=tokens["AccessToken"])
    attributes = {row["Name"]: row["Value"] for row in user["UserAttributes"]}
    equal(user["Username"], "alice")
    equal(attributes["email"], "alice@example.com")
    equal(attributes["email_verified"], "true")
    equal(attributes["custom:tenant"], "blue")


def replaces_a_temporary_password(api):
    first = {"USERNAME": "carol", "PASSWORD": "Carol-temp0rary!"}
    challenge = api.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH", ClientId=CLIENT, AuthParameters=first
    )
    equal(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED")

    def answer(password):
        return api.respond_to_auth_challenge(
            ClientId=CLIENT,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "carol", "NEW_PASSWORD": password},
        )

    expect(api.exceptions.InvalidPasswordException, "conform to policy", lambda: answer("weak"))
    result = answer("Carol-0wn-passw0rd!")["AuthenticationResult"]
    equal(claims(result["AccessToken"])["username"], "carol")


def proves_the_secret(api):
    def secret_hash(username):
        message = f"{username}{CONFIDENTIAL}".encode()
        return base64.b64encode(hmac.digest(SECRET.encode(), message, hashlib.sha256)).decode()

    refused = api.exceptions.NotAuthorizedException
    tokens = sign_in(api, CONFIDENTIAL, SECRET_HASH=secret_hash("alice"))
    equal(claims(tokens["AccessToken"])["client_id"], CONFIDENTIAL)
    expect(refused, "SECRET_HASH was not received", lambda: sign_in(api, CONFIDENTIAL))
    expect(
        refused,
        "Unable to verify secret hash for client confidential",
        lambda: sign_in(api, CONFIDENTIAL, SECRET_HASH=secret_hash("bob")),
    )


def rotates(api):
    first = sign_in(api, ROTATING)["RefreshToken"]

    def refresh(token):
        answer = api.get_tokens_from_refresh_token(ClientId=ROTATING, RefreshToken=token)
        return answer["AuthenticationResult"]["RefreshToken"]

    second = refresh(first)
    assert second != first
    assert refresh(second) not in (first, second)
    expect(
        api.exceptions.InvalidParameterException,
        "flow not enabled",
        lambda: api.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=ROTATING,
            AuthParameters={"REFRESH_TOKEN": second},
        ),
    )


def refuses(api):
    def password(name, word, client=CLIENT):
        return lambda: sign_in(api, client, USERNAME=name, PASSWORD=word)

    errors = api.exceptions
    expect(
        errors.NotAuthorizedException,
        "Incorrect username or password.",
        password("alice", "wrong"),
    )
    expect(errors.UserNotFoundException, "User does not exist.", password("nobody", "x"))
    expect(errors.NotAuthorizedException, "Incorrect", password("nobody", "x", "discreet"))
    expect(errors.UserNotConfirmedException, "not confirmed", password("dave", "Dave-passw0rd!"))
    expect(errors.NotAuthorizedException, "disabled", password("erin", "Erin-passw0rd!"))
    expect(errors.ResourceNotFoundException, "does not exist", password("alice", "x", "stranger"))
    expect(errors.InvalidParameterException, "not enabled", password("alice", "x", "srp_only"))
    expect(
        errors.NotAuthorizedException,
        "Invalid Access Token",
        lambda: api.get_user(AccessToken="a.b.c"),
    )


def revokes(api):
    tokens = sign_in(api, CLIENT)
    api.revoke_token(Token=tokens["RefreshToken"], ClientId=CLIENT)
    expect(
        api.exceptions.NotAuthorizedException,
        "Access Token has been revoked",
        lambda: api.get_user(AccessToken=tokens["AccessToken"]),
    )
    other = sign_in(api, CLIENT)
    expect(
        api.exceptions.UnsupportedTokenTypeException,
        "",
        lambda: api.revoke_token(Token=other["AccessToken"], ClientId=CLIENT),
    )


def code_of(base_url, username):
    """What the user would find in their mail."""
    with urllib.request.urlopen(f"{base_url}/_stub/codes") as answer:
        codes = json.load(answer)["codes"]
    return next(row["code"] for row in codes if row["username"] == username)


def signs_up(api, base_url):
    name, word = "eve", "Eve-passw0rd!"
    signed_up = api.sign_up(
        ClientId=CLIENT,
        Username=name,
        Password=word,
        UserAttributes=[{"Name": "email", "Value": "eve@example.com"}],
    )
    equal(signed_up["UserConfirmed"], False)
    equal(signed_up["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL")
    errors, sign = api.exceptions, lambda: sign_in(api, CLIENT, USERNAME=name, PASSWORD=word)
    expect(errors.UserNotConfirmedException, "not confirmed", sign)
    again = lambda: api.sign_up(ClientId=CLIENT, Username=name, Password=word)
    expect(errors.UsernameExistsException, "already exists", again)
    confirm = lambda code: api.confirm_sign_up(
        ClientId=CLIENT, Username=name, ConfirmationCode=code
    )
    expect(errors.CodeMismatchException, "Invalid verification code", lambda: confirm("nothing"))
    confirm(code_of(base_url, name))
    equal(claims(sign()["AccessToken"])["sub"], signed_up["UserSub"])


def replaces_a_forgotten_password(api, base_url):
    name, word = "frank", "Frank-0ther-passw0rd!"
    sent = api.forgot_password(ClientId=CLIENT, Username=name)
    equal(sent["CodeDeliveryDetails"]["Destination"], "f***@e***")
    confirm = lambda code: api.confirm_forgot_password(
        ClientId=CLIENT, Username=name, ConfirmationCode=code, Password=word
    )
    expect(api.exceptions.CodeMismatchException, "", lambda: confirm("nothing"))
    confirm(code_of(base_url, name))
    tokens = sign_in(api, CLIENT, USERNAME=name, PASSWORD=word)
    newer = "Frank-newest-passw0rd1!"
    change = lambda old: api.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=old, ProposedPassword=newer
    )
    expect(api.exceptions.NotAuthorizedException, "Incorrect", lambda: change("wrong"))
    change(word)
    equal(claims(sign_in(api, CLIENT, USERNAME=name, PASSWORD=newer)["IdToken"])["token_use"], "id")


def totp(secret):
    """RFC 6238, as an authenticator app has it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    tag = hmac.digest(key, int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    at = tag[-1] % 16
    return f"{(int.from_bytes(tag[at : at + 4], 'big') % 2**31) % 10**6:06}"


def other_than(code):
    """Six digits that are never a code of these minutes, but by the worst of luck."""
    return f"{(int(code) + 1) % 10**6:06}"


def needs_a_second_factor(api):
    who = {"USERNAME": "bob", "PASSWORD": "Bob-passw0rd!"}
    token = sign_in(api, CLIENT, **who)["AccessToken"]
    secret = api.associate_software_token(AccessToken=token)["SecretCode"]
    verify = lambda code: api.verify_software_token(AccessToken=token, UserCode=code)
    errors = api.exceptions
    expect(errors.EnableSoftwareTokenMFAException, "", lambda: verify(other_than(totp(secret))))
    equal(verify(totp(secret))["Status"], "SUCCESS")
    api.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})
    equal(api.get_user(AccessToken=token)["UserMFASettingList"], ["SOFTWARE_TOKEN_MFA"])
    challenge = api.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH", ClientId=CLIENT, AuthParameters=who
    )
    equal(challenge["ChallengeName"], "SOFTWARE_TOKEN_MFA")
    answer = lambda code: api.respond_to_auth_challenge(
        ClientId=CLIENT,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "bob", "SOFTWARE_TOKEN_MFA_CODE": code},
    )
    expect(errors.CodeMismatchException, "Invalid code", lambda: answer("wrong"))
    result = answer(totp(secret))["AuthenticationResult"]
    equal(claims(result["AccessToken"])["username"], "bob")


def signs_out(api, tokens):
    api.global_sign_out(AccessToken=tokens["AccessToken"])
    refused = api.exceptions.NotAuthorizedException
    expect(refused, "revoked", lambda: api.get_user(AccessToken=tokens["AccessToken"]))
    expect(
        refused,
        "Refresh Token has been revoked",
        lambda: api.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=CLIENT,
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        ),
    )


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def expect(exception, words, call):
    try:
        call()
    except exception as error:
        equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        message = error.response["Error"]["Message"]
        assert words in message, f"{message!r} lacks {words!r}"
    else:
        raise AssertionError(f"no {exception.__name__}")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
    print("boto3: ok")
