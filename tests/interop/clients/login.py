"""What the Python scripts share: a browser that signs in, a plain code flow, and assertions."""

import base64
import hashlib
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

POOL = "us-east-1_Example01"
CALLBACK = "http://127.0.0.1:18999/callback"
LOGGED_OUT = "http://127.0.0.1:18999/loggedout"
PASSWORD = "Alice-passw0rd!"
SUB = "a4b8c4d8-4091-70e5-2d3c-1f0e9a7b6c5d"
CONFIDENTIAL_SECRET = "confidential-secret-of-the-stub"


class SignInRefused(Exception):
    """The sign-in did not lead back to the application: the status and the text of the last page."""


def sign_in(address, password=PASSWORD, username="alice", browser=None):
    """Signs in as a person would, in the first form of the page. Returns the address that the
    application is called back with."""
    browser = browser or requests.Session()
    answer = follow(browser, browser.get(address, allow_redirects=False))
    if not answer.is_redirect and answer.ok:
        form = FirstForm(answer.text)
        fields = {**form.fields, "username": username, "password": password}
        action = urljoin(answer.url, form.action)
        answer = follow(browser, browser.post(action, fields, allow_redirects=False))
    if not answer.is_redirect:
        raise SignInRefused(f"{answer.status_code}: {answer.text}")
    return answer.headers["Location"]


def follow(browser, answer):
    """Follows redirects until there is a page, or an address of the application."""
    for _ in range(10):
        if not answer.is_redirect or answer.headers["Location"].startswith((CALLBACK, LOGGED_OUT)):
            return answer
        answer = browser.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    raise SignInRefused(f"too many redirects, last to {answer.headers['Location']}")


class FirstForm(HTMLParser):
    """The action and the fields of the first form of a page: this page has it twice."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.inside = None, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self.inside = attributes["action"], True
        elif tag == "input" and self.inside and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "form"


def metadata(base_url):
    """The discovery document."""
    return requests.get(f"{base_url}/{POOL}/.well-known/openid-configuration").json()


VERIFIER = "a-verifier-that-is-long-enough-for-the-specification"


def authorize_address(base_url, client="public", scope="openid email", nonce="n-0S6"):
    """The address at which a code flow with PKCE begins."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "nonce": nonce,
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{base_url}/oauth2/authorize?{urlencode(query)}"


def exchange(base_url, address, client="public", verifier=VERIFIER):
    """The answer to the exchange of the code in the address that the application is called back with."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "code": parse_qs(urlsplit(address).query)["code"][0],
        "code_verifier": verifier,
    }
    return requests.post(f"{base_url}/oauth2/token", form)


def code_flow(base_url, client="public"):
    """The tokens of a code flow with PKCE, without any library."""
    answer = exchange(base_url, sign_in(authorize_address(base_url, client)), client)
    equal(answer.status_code, 200)
    return answer.json()


def refresh(base_url, tokens, client="public"):
    """The tokens of a refresh, without any library."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client,
        "refresh_token": tokens["refresh_token"],
    }
    answer = requests.post(f"{base_url}/oauth2/token", form)
    equal(answer.status_code, 200)
    return answer.json()


def refuses_and_signs_out(base_url, client="public"):
    """A wrong password and a wrong verifier bring no tokens, and a sign-out ends the session."""
    address = authorize_address(base_url, client)
    refuses_a_wrong_password(address)
    answer = exchange(base_url, sign_in(address), client, verifier=VERIFIER[::-1])
    equal((answer.status_code, answer.json()["error"]), (400, "invalid_grant"))
    signs_out(base_url, client, address)


def drop_keys(base_url):
    """The key that has signed everything so far leaves the key set."""
    answer = requests.post(f"{base_url}/_stub/rotate", json={"mode": "drop"})
    equal(answer.status_code, 200)


def signs_out(base_url, client, address):
    """A browser that signs out must sign in again, whoever has its cookies from before."""
    browser = requests.Session()
    sign_in(address, browser=browser)
    again = follow(browser, browser.get(address, allow_redirects=False))
    assert again.is_redirect, "the session is not remembered"
    query = urlencode({"client_id": client, "logout_uri": LOGGED_OUT})
    kept = dict(browser.cookies)
    out = browser.get(f"{base_url}/logout?{query}", allow_redirects=False)
    equal((out.status_code, out.headers["Location"]), (302, LOGGED_OUT))
    again = follow(browser, browser.get(address, cookies=kept, allow_redirects=False))
    assert not again.is_redirect and 'name="cognitoSignInForm"' in again.text, again.text


def refuses_a_wrong_password(address):
    """The form comes again, with a message and without a session."""
    error = expect(SignInRefused, "", lambda: sign_in(address, "wrong"))
    assert 'name="cognitoSignInForm"' in str(error), error
    assert "password" in str(error).split('id="errorMessage">')[1].split("<")[0], error


def forged(token, other):
    """The token with the signature of another one."""
    return ".".join([*token.split(".")[:2], other.split(".")[2]])


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def expect(exception, words, call):
    """The exception that the call must raise, with these words in it."""
    try:
        result = call()
    except exception as error:
        assert words in str(error), f"{error} lacks {words!r}"
        return error
    raise AssertionError(f"no {exception.__name__}, but {result!r}")
