// amazon-cognito-identity-js against a fresh stub's user pool:
// node cognito_identity_js.mjs http://127.0.0.1:PORT
//
// Signs in by SRP and by password, replaces a temporary password, refreshes, reads the user, signs
// out, and expects the right error for each thing that must fail. Exit code 0 if all of it held.

import assert from 'node:assert/strict';

import cognito from 'amazon-cognito-identity-js';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;
const endpoint = process.argv[2].replace(/\/$/, '');
const issuer = `${endpoint}/us-east-1_Example01`;

/** What the library keeps in a browser's local storage. */
class Memory {
  items = new Map();
  setItem = (key, value) => this.items.set(key, value);
  getItem = (key) => this.items.get(key) ?? null;
  removeItem = (key) => this.items.delete(key);
  clear = () => this.items.clear();
}

const userOf = (Username, ClientId = 'public') => {
  const Storage = new Memory();
  const Pool = new CognitoUserPool({ UserPoolId: 'us-east-1_Example01', ClientId, endpoint, Storage });
  return new CognitoUser({ Username, Pool, Storage });
};

const details = (user, Password) =>
  new AuthenticationDetails({ Username: user.getUsername(), Password });

const signIn = (user, password, newPassword) =>
  new Promise((onSuccess, onFailure) => {
    const newPasswordRequired = (attributes) => {
      if (!newPassword) return onFailure(new Error('a new password is required'));
      assert.equal(attributes.email, 'carol@example.com');
      return user.completeNewPasswordChallenge(newPassword, {}, { onSuccess, onFailure });
    };
    user.authenticateUser(details(user, password), { onSuccess, onFailure, newPasswordRequired });
  });

const call = (user, method, ...parameters) =>
  new Promise((resolve, reject) => {
    const done = (error, result) => (error ? reject(error) : resolve(result));
    user[method](...parameters, done);
  });

const refused = (promise, code, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

const alice = userOf('alice', 'srp_only');
const session = await signIn(alice, 'Alice-passw0rd!');
assert.ok(session.isValid());
const identity = session.getIdToken().decodePayload();
assert.equal(identity.aud, 'srp_only');
assert.equal(identity.iss, issuer);
assert.equal(identity['cognito:username'], 'alice');
assert.equal(identity.email_verified, true);
const access = session.getAccessToken().decodePayload();
assert.equal(access.token_use, 'access');
assert.equal(access.scope, 'aws.cognito.signin.user.admin');

// The library trusts TLS for the signatures, so that another one verifies them.
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
const verify = (token, options) => jwtVerify(token.getJwtToken(), keys, { issuer, ...options });
await verify(session.getIdToken(), { audience: 'srp_only' });
await verify(session.getAccessToken());
await assert.rejects(
  verify(session.getIdToken(), { audience: 'public' }),
  errors.JWTClaimValidationFailed,
);

const refreshed = await call(alice, 'refreshSession', session.getRefreshToken());
const later = refreshed.getAccessToken().decodePayload();
assert.equal(later.auth_time, access.auth_time);
assert.notEqual(later.jti, access.jti);
await verify(refreshed.getAccessToken());

const attributes = await call(alice, 'getUserAttributes');
assert.equal(attributes.find(({ Name }) => Name === 'email').Value, 'alice@example.com');

const byAlias = userOf('alice@example.com');
const aliased = await signIn(byAlias, 'Alice-passw0rd!');
assert.equal(aliased.getIdToken().decodePayload()['cognito:username'], 'alice');

const byPassword = userOf('bob', 'password_only');
byPassword.setAuthenticationFlowType('USER_PASSWORD_AUTH');
const direct = await signIn(byPassword, 'Bob-passw0rd!');
assert.equal(direct.getAccessToken().decodePayload().client_id, 'password_only');

const carol = userOf('carol');
const renewed = await signIn(carol, 'Carol-temp0rary!', 'Carol-0wn-passw0rd!');
assert.equal(renewed.getAccessToken().decodePayload().username, 'carol');

const unauthorized = 'NotAuthorizedException';
await refused(signIn(userOf('alice'), 'wrong'), unauthorized, /^Incorrect username or password\.$/);
await refused(signIn(userOf('nobody', 'discreet'), 'x'), unauthorized, /^Incorrect username/);
await refused(signIn(userOf('nobody'), 'x'), 'UserNotFoundException', /does not exist/);
await refused(signIn(userOf('dave'), 'Dave-passw0rd!'), 'UserNotConfirmedException', /not confirmed/);
await refused(signIn(userOf('alice', 'choice'), 'x'), 'InvalidParameterException', /not enabled/);

const revoked = aliased.getRefreshToken();
await new Promise((resolve) => byAlias.signOut(resolve));
const again = userOf('alice');
await refused(call(again, 'refreshSession', revoked), unauthorized, /Refresh Token has been revoked/);

await new Promise((onSuccess, onFailure) => alice.globalSignOut({ onSuccess, onFailure }));
const orphan = call(again, 'refreshSession', session.getRefreshToken());
await refused(orphan, unauthorized, /Invalid Refresh Token|has been revoked/);
console.log('amazon-cognito-identity-js: ok');
