// oidc-client-ts's code flow with PKCE against a fresh stub: node oidc_client_ts.mjs http://127.0.0.1:PORT
//
// Uses the part of the library that needs no browser window, with a store in memory. It decodes ID tokens
// and compares their nonce and subject, but leaves signatures to TLS; jose verifies them here. Signs in,
// refreshes, merges userinfo, revokes and signs out, and expects the library's error for each thing that
// must fail. Exit code 0 if all of it held.

import assert from 'node:assert/strict';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { ErrorResponse, InMemoryWebStorage, OidcClient, WebStorageStateStore } from 'oidc-client-ts';

import * as login from './login.mjs';

const baseUrl = process.argv[2].replace(/\/$/, '');
const issuer = `${baseUrl}/us-east-1_Example01`;
const nonce = 'n-0S6';

/** A client of its own, with its store beside it. */
function application(settings = {}) {
  const store = new InMemoryWebStorage();
  const client = new OidcClient({
    authority: issuer,
    client_id: 'public',
    redirect_uri: login.callback,
    scope: 'openid email',
    loadUserInfo: true,
    stateStore: new WebStorageStateStore({ store }),
    // The document of discovery names neither of them.
    metadataSeed: {
      revocation_endpoint: `${baseUrl}/oauth2/revoke`,
      end_session_endpoint: `${baseUrl}/logout`,
    },
    ...settings,
  });
  return { client, store };
}

/** The tokens; `tamper` may change what the library has stored of the request. */
async function codeFlow({ client, store }, tamper = (state) => state) {
  const request = await client.createSigninRequest({ nonce });
  const key = `oidc.${request.state.id}`;
  const state = JSON.parse(store.getItem(key));
  assert.equal(state.code_verifier.length, 96, 'PKCE is on');
  const answer = await login.signIn(request.url);
  store.setItem(key, JSON.stringify(tamper(state)));
  return client.processSigninResponse(answer.href);
}

const keySet = () => createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
const verify = (token, options, keys = keySet()) =>
  jwtVerify(token, keys, { issuer, algorithms: ['RS256'], ...options });

async function signsIn(settings) {
  const own = application(settings);
  const audience = own.client.settings.client_id;
  const response = await codeFlow(own);
  assert.equal(response.token_type, 'Bearer');
  assert.equal(response.scope, 'openid email', 'that which was asked for: the response names none');
  assert.equal(response.profile.sub, login.sub);
  assert.equal(response.profile.token_use, 'id');
  // userinfo is merged into the claims, and says it as text.
  assert.equal(response.profile.username, 'alice');
  assert.equal(response.profile.email_verified, 'true');
  const { payload: identity } = await verify(response.id_token, { audience });
  assert.equal(identity.nonce, nonce);
  assert.equal(identity.email_verified, true);
  const { payload: access } = await verify(response.access_token);
  assert.equal(access.token_use, 'access');
  assert.equal(access.client_id, audience);
  assert.equal(access.sub, login.sub);
  return { ...own, response };
}

/** Also checks that subject and auth_time have stayed: the library refuses a refresh otherwise. */
async function refreshes({ client, response }) {
  const later = await client.useRefreshToken({ state: response });
  assert.notEqual(later.access_token, response.access_token);
  assert.equal(later.refresh_token, undefined, 'rotation is off');
  const { payload: before } = await verify(response.access_token);
  const { payload: after } = await verify(later.access_token);
  assert.equal(after.auth_time, before.auth_time);
  assert.equal(after.origin_jti, before.origin_jti);
}

async function revokes({ client, response }) {
  await client.revokeToken(response.refresh_token, 'refresh_token');
  await refused(client.useRefreshToken({ state: response }), 'invalid_grant');
  await refused(client.revokeToken(response.access_token), 'unsupported_token_type');
}

const refused = (promise, code) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof ErrorResponse, error.message);
    assert.equal(error.error, code);
    return true;
  });

const signedIn = await signsIn();
await refreshes(signedIn);
await revokes(signedIn);
const confidential = { client_id: 'confidential', client_secret: login.confidentialSecret };
for (const method of ['client_secret_basic', 'client_secret_post']) {
  await refreshes(await signsIn({ ...confidential, client_authentication: method }));
}

const { client } = application();
const { url } = await client.createSigninRequest({ nonce });
await login.refusesAWrongPassword(url);
const other = 'a-verifier-of-some-other-request-that-is-long-enough';
await refused(codeFlow(application(), (state) => ({ ...state, code_verifier: other })), 'invalid_grant');
await assert.rejects(codeFlow(application(), (state) => ({ ...state, nonce: 'other' })), /nonce in id_token/);
await assert.rejects(codeFlow(application(), (state) => ({ ...state, id: 'other' })), /State does not match/);
await refused(codeFlow(application({ ...confidential, client_secret: 'wrong' })), 'invalid_client');
const strange = application({ scope: 'openid unheard-of' });
await refused(codeFlow(strange), 'invalid_scope');
const stranger = await login.signIn(url);
await assert.rejects(application().client.processSigninResponse(stranger.href), /No matching state/);

// Its logout is not the one of OpenID Connect: the address goes by another name.
const out = await client.createSignoutRequest({
  extraQueryParams: { client_id: 'public', logout_uri: login.loggedOut },
});
await login.signsOut(url, out.url);

const { response } = await signsIn();
await login.dropKeys(baseUrl);
await assert.rejects(verify(response.id_token), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
await assert.rejects(verify(response.access_token), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
console.log('oidc-client-ts: ok');
