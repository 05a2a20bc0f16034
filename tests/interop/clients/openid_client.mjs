// openid-client's code flow with PKCE against a fresh stub: node openid_client.mjs http://127.0.0.1:PORT
//
// Signs in as a public client and as one with a secret, lets the library verify the ID token with the key
// set, refreshes, reads userinfo, revokes and signs out, and expects the library's error for each thing
// that must fail. Exit code 0 if all of it held.

import assert from 'node:assert/strict';

import * as oidc from 'openid-client';

import * as login from './login.mjs';

const baseUrl = process.argv[2].replace(/\/$/, '');
const issuer = `${baseUrl}/us-east-1_Example01`;
const { callback, loggedOut } = login;
const nonce = 'n-0S6';

/** A client as discovery describes the provider, with what discovery leaves out: see `metadata`. */
async function configured(client, authentication) {
  const execute = [oidc.allowInsecureRequests];
  const found = await oidc.discovery(new URL(issuer), client, undefined, authentication, { execute });
  assert.equal(found.serverMetadata().issuer, issuer);
  assert.equal(found.serverMetadata().supportsPKCE(), false, 'the document does not say S256');
  const metadata = {
    ...found.serverMetadata(),
    revocation_endpoint: `${baseUrl}/oauth2/revoke`,
    end_session_endpoint: `${baseUrl}/logout`,
  };
  const config = new oidc.Configuration(metadata, client, undefined, authentication);
  oidc.allowInsecureRequests(config);
  // Without it the library trusts TLS and does not look at the signature of an ID token.
  oidc.enableNonRepudiationChecks(config);
  return config;
}

async function authorization(config, parameters = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  return { address, checks: { ...checks, idTokenExpected: true } };
}

/** The tokens; `changes` replace what the exchange sends and expects. */
async function codeFlow(config, changes = {}, parameters = {}) {
  const { address, checks } = await authorization(config, parameters);
  const answer = await login.signIn(address);
  return oidc.authorizationCodeGrant(config, answer, { ...checks, ...changes });
}

async function signsIn(config) {
  const tokens = await codeFlow(config);
  const client = config.clientMetadata().client_id;
  const claims = tokens.claims();
  assert.equal(tokens.token_type, 'bearer');
  assert.equal(tokens.expires_in, 3600);
  assert.equal(tokens.scope, undefined);
  assert.equal(claims.iss, issuer);
  assert.equal(claims.aud, client);
  assert.equal(claims.nonce, nonce);
  assert.equal(claims.token_use, 'id');
  assert.equal(claims.sub, login.sub);
  assert.equal(claims.email, 'alice@example.com');
  assert.equal(claims.email_verified, true);
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(userinfo.username, 'alice');
  assert.equal(userinfo.email_verified, 'true');
  const { iss, token_use: use, client_id: id } = payload(tokens.access_token);
  assert.deepEqual({ iss, use, id }, { iss: issuer, use: 'access', id: client });
  return tokens;
}

const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

async function refreshes(config, tokens) {
  const later = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(later.refresh_token, undefined, 'rotation is off');
  assert.notEqual(later.access_token, tokens.access_token);
  assert.equal(later.claims().auth_time, tokens.claims().auth_time);
  assert.equal(later.claims().origin_jti, tokens.claims().origin_jti);
  assert.equal(later.claims().nonce, undefined);
}

async function revokes(config, tokens) {
  await oidc.tokenRevocation(config, tokens.refresh_token);
  await refused(oidc.refreshTokenGrant(config, tokens.refresh_token), 400, 'invalid_grant');
  await oidc.tokenRevocation(config, tokens.refresh_token);
  await refused(oidc.tokenRevocation(config, tokens.access_token), 400, 'unsupported_token_type');
  await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, login.sub), (error) => {
    assert.equal(error.status ?? error.cause?.status, 401);
    return true;
  });
}

const refused = (promise, status, code) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof oidc.ResponseBodyError, `${error.code}: ${error.message}`);
    assert.deepEqual([error.status, error.error], [status, code]);
    return true;
  });

const violates = (promise, text) =>
  assert.rejects(promise, (error) => {
    assert.match(`${error.message} ${error.cause?.message}`, text);
    return true;
  });

const config = await configured('public', oidc.None());
const tokens = await signsIn(config);
await refreshes(config, tokens);
await revokes(config, await codeFlow(config));

for (const method of [oidc.ClientSecretBasic, oidc.ClientSecretPost]) {
  const confidential = await configured('confidential', method(login.confidentialSecret));
  const own = await signsIn(confidential);
  await refreshes(confidential, own);
  await revokes(confidential, own);
}

const { address } = await authorization(config);
await login.refusesAWrongPassword(address);
await refused(codeFlow(config, { pkceCodeVerifier: oidc.randomPKCECodeVerifier() }), 400, 'invalid_grant');
await violates(codeFlow(config, { expectedState: 'other' }), /"state"/);
await violates(codeFlow(config, { expectedNonce: 'other' }), /"nonce"/);
const stranger = await configured('confidential', oidc.ClientSecretPost('wrong'));
await refused(codeFlow(stranger), 400, 'invalid_client');
const denied = codeFlow(config, {}, { scope: 'openid unheard-of' });
await assert.rejects(denied, (error) => {
  assert.ok(error instanceof oidc.AuthorizationResponseError, error.message);
  assert.equal(error.error, 'invalid_scope');
  return true;
});

// Its logout is not the one of OpenID Connect: the address goes by another name.
await login.signsOut(address, oidc.buildEndSessionUrl(config, { logout_uri: loggedOut }));

// An ID token is verified as soon as it is there, so its key has to leave in between; the library keeps
// the keys that it knows, so this client is a new one.
const fresh = await configured('public', oidc.None());
fresh[oidc.customFetch] = async (url, options) => {
  const answer = await fetch(url, options);
  if (url.endsWith('/oauth2/token')) await login.dropKeys(baseUrl);
  return answer;
};
await violates(codeFlow(fresh), /no applicable keys|error when selecting a JWT verification key/);
await signsIn(await configured('public', oidc.None()));
console.log('openid-client: ok');
