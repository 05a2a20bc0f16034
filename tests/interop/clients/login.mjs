// What the Node scripts share: a browser that signs in at the stub's pages, a plain code flow, and assertions.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

export const callback = 'http://127.0.0.1:18999/callback';
export const loggedOut = 'http://127.0.0.1:18999/loggedout';
export const password = 'Alice-passw0rd!';
export const sub = 'a4b8c4d8-4091-70e5-2d3c-1f0e9a7b6c5d';
export const confidentialSecret = 'confidential-secret-of-the-stub';

/** Keeps cookies and follows redirects until there is a page, or an address of the application. */
export class Browser {
  cookies = new Map();

  async send(address, options = {}) {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(address, { ...options, redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    return answer;
  }

  async visit(address, options) {
    let answer = await this.send(address, options);
    for (let hop = 0; hop < 10; hop += 1) {
      const location = answer.headers.get('location');
      if (!location) return { status: answer.status, page: await answer.text(), at: address };
      if (location.startsWith(callback) || location.startsWith(loggedOut)) return { address: location };
      address = new URL(location, address);
      answer = await this.send(address);
    }
    throw new Error(`too many redirects, last to ${address}`);
  }
}

/**
 * Signs in as a person would, in the first form of the page: this page has it twice. Returns the
 * address that the application is called back with.
 */
export async function signIn(address, word = password, browser = new Browser()) {
  const shown = await browser.visit(address);
  if (shown.address) return new URL(shown.address);
  const { action, fields } = firstForm(shown.page);
  const body = new URLSearchParams({ ...fields, username: 'alice', password: word });
  const done = await browser.visit(new URL(action, shown.at), { method: 'POST', body });
  assert.ok(done.address, `the sign-in was refused: ${done.status} ${done.page}`);
  return new URL(done.address);
}

function firstForm(page) {
  const form = /<form[^]*?<\/form>/.exec(page)?.[0];
  assert.ok(form, `a page without a form: ${page}`);
  const inputs = [...form.matchAll(/<input [^>]*>/g)].map(([input]) => input);
  const named = inputs.filter((input) => attribute(input, 'name'));
  const fields = named.map((input) => [attribute(input, 'name'), attribute(input, 'value') ?? '']);
  return { action: attribute(form, 'action'), fields: Object.fromEntries(fields) };
}

const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const attribute = (tag, name) =>
  new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1].replace(/&[a-z#0-9]+;/g, (entity) => entities[entity]);

const verifier = randomBytes(32).toString('base64url');

/** The address at which a code flow with PKCE begins. */
function authorizeAddress(baseUrl, client) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: callback,
    scope: 'openid email',
    nonce: 'n-0S6',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `${baseUrl}/oauth2/authorize?${query}`;
}

const ask = (baseUrl, parameters) =>
  fetch(`${baseUrl}/oauth2/token`, { method: 'POST', body: new URLSearchParams(parameters) });

const exchange = (baseUrl, client, address, code_verifier) =>
  ask(baseUrl, {
    grant_type: 'authorization_code',
    client_id: client,
    redirect_uri: callback,
    code: address.searchParams.get('code'),
    code_verifier,
  });

async function granted(answer) {
  assert.equal(answer.status, 200);
  return answer.json();
}

/** The tokens of a code flow with PKCE, without any library. */
export async function codeFlow(baseUrl, client = 'public') {
  const address = await signIn(authorizeAddress(baseUrl, client));
  return granted(await exchange(baseUrl, client, address, verifier));
}

/** The tokens of a refresh, without any library. */
export const refresh = async (baseUrl, { refresh_token }, client_id = 'public') =>
  granted(await ask(baseUrl, { grant_type: 'refresh_token', client_id, refresh_token }));

/** A wrong password and a wrong verifier bring no tokens, and a sign-out ends the session. */
export async function refusesAndSignsOut(baseUrl, client = 'public') {
  const address = authorizeAddress(baseUrl, client);
  await refusesAWrongPassword(address);
  const other = randomBytes(32).toString('base64url');
  const answer = await exchange(baseUrl, client, await signIn(address), other);
  assert.deepEqual([answer.status, (await answer.json()).error], [400, 'invalid_grant']);
  const query = new URLSearchParams({ client_id: client, logout_uri: loggedOut });
  await signsOut(address, `${baseUrl}/logout?${query}`);
}

/** The key that has signed everything so far leaves the key set. */
export async function dropKeys(baseUrl) {
  const answer = await fetch(`${baseUrl}/_stub/rotate`, { method: 'POST', body: '{"mode": "drop"}' });
  assert.equal(answer.status, 200);
}

/** After `logout`, a browser must sign in again, even with the cookies that it had before. */
export async function signsOut(address, logout) {
  const browser = new Browser();
  await signIn(address, password, browser);
  const before = new Map(browser.cookies);
  assert.ok((await browser.visit(address)).address, 'the session is not remembered');
  assert.equal((await browser.visit(logout)).address, loggedOut);
  browser.cookies = before;
  assert.match((await browser.visit(address)).page, /name="cognitoSignInForm"/);
}

/** The form comes again, with a message. */
export async function refusesAWrongPassword(address) {
  await assert.rejects(signIn(address, 'wrong'), (error) => {
    assert.match(error.message, /name="cognitoSignInForm"/);
    assert.match(error.message, /id="errorMessage">[^<]*password/);
    return true;
  });
}

/** The token with the signature of another one. */
export const forged = (token, other) =>
  [...token.split('.').slice(0, 2), other.split('.')[2]].join('.');
