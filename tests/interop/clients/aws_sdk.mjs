// The AWS SDK for JavaScript with jwks-rsa and jsonwebtoken, against a fresh stub's user pool:
// node aws_sdk.mjs http://127.0.0.1:PORT
//
// Signs in, verifies both tokens with the key set, refreshes, reads the user, revokes, signs out, and
// expects the right exception for each thing that must fail. Exit code 0 if all of it held.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import {
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import jwt from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';

const baseUrl = process.argv[2].replace(/\/$/, '');
const issuer = `${baseUrl}/us-east-1_Example01`;
const password = 'Alice-passw0rd!';
const secret = 'confidential-secret-of-the-stub';

// These operations are not signed, but the SDK wants credentials before it knows that.
const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
const options = { region: 'us-east-1', endpoint: baseUrl, credentials, maxAttempts: 1 };
const api = new CognitoIdentityProviderClient(options);
const keys = jwksClient({ jwksUri: `${issuer}/.well-known/jwks.json` });

const initiate = (ClientId, AuthFlow, AuthParameters) =>
  api.send(new InitiateAuthCommand({ ClientId, AuthFlow, AuthParameters }));

const signIn = (ClientId, parameters = {}) =>
  initiate(ClientId, 'USER_PASSWORD_AUTH', { USERNAME: 'alice', PASSWORD: password, ...parameters });

const getKey = (header, done) =>
  keys.getSigningKey(header.kid, (error, key) => done(error, key?.getPublicKey()));

const verify = (token, expected) =>
  new Promise((resolve, reject) => {
    const checks = { algorithms: ['RS256'], issuer, ...expected };
    jwt.verify(token, getKey, checks, (error, claims) => (error ? reject(error) : resolve(claims)));
  });

const secretHash = (username) =>
  createHmac('sha256', secret).update(`${username}confidential`).digest('base64');

const refused = (promise, name, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.name, name);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.message, message);
    return true;
  });

const { AuthenticationResult: tokens } = await signIn('public');
const access = await verify(tokens.AccessToken);
const identity = await verify(tokens.IdToken, { audience: 'public' });
assert.equal(access.token_use, 'access');
assert.equal(access.client_id, 'public');
assert.equal(access.username, 'alice');
assert.deepEqual(access['cognito:groups'], ['admin', 'readers']);
assert.equal(access.aud, undefined);
assert.equal(identity.token_use, 'id');
assert.equal(identity.email_verified, true);
assert.equal(identity.sub, access.sub);
await assert.rejects(verify(tokens.IdToken, { audience: 'another' }), /audience invalid/);
await assert.rejects(verify(`${tokens.IdToken.slice(0, -8)}AAAAAAAA`), /invalid signature/);

const refreshed = await initiate('public', 'REFRESH_TOKEN_AUTH', {
  REFRESH_TOKEN: tokens.RefreshToken,
});
assert.equal(refreshed.AuthenticationResult.RefreshToken, undefined);
const later = await verify(refreshed.AuthenticationResult.AccessToken);
assert.equal(later.auth_time, access.auth_time);
assert.equal(later.origin_jti, access.origin_jti);

const { AuthenticationResult: rotating } = await signIn('rotating');
const rotated = await api.send(
  new GetTokensFromRefreshTokenCommand({
    ClientId: 'rotating',
    RefreshToken: rotating.RefreshToken,
  }),
);
assert.notEqual(rotated.AuthenticationResult.RefreshToken, rotating.RefreshToken);
await verify(rotated.AuthenticationResult.IdToken, { audience: 'rotating' });

const user = await api.send(new GetUserCommand({ AccessToken: tokens.AccessToken }));
assert.equal(user.Username, 'alice');
assert.equal(user.UserAttributes.find(({ Name }) => Name === 'email').Value, 'alice@example.com');

const challenge = await signIn('public', { USERNAME: 'carol', PASSWORD: 'Carol-temp0rary!' });
assert.equal(challenge.ChallengeName, 'NEW_PASSWORD_REQUIRED');
const replaced = await api.send(
  new RespondToAuthChallengeCommand({
    ClientId: 'public',
    ChallengeName: challenge.ChallengeName,
    Session: challenge.Session,
    ChallengeResponses: { USERNAME: 'carol', NEW_PASSWORD: 'Carol-0wn-passw0rd!' },
  }),
);
assert.equal((await verify(replaced.AuthenticationResult.AccessToken)).username, 'carol');

const confidential = await signIn('confidential', { SECRET_HASH: secretHash('alice') });
assert.equal(jwt.decode(confidential.AuthenticationResult.IdToken).aud, 'confidential');

const unauthorized = 'NotAuthorizedException';
await refused(signIn('public', { PASSWORD: 'wrong' }), unauthorized, /^Incorrect username or password\.$/);
await refused(signIn('public', { USERNAME: 'nobody' }), 'UserNotFoundException', /does not exist/);
await refused(signIn('discreet', { USERNAME: 'nobody' }), unauthorized, /^Incorrect username/);
await refused(signIn('public', { USERNAME: 'dave' }), 'UserNotConfirmedException', /not confirmed/);
await refused(signIn('srp_only'), 'InvalidParameterException', /not enabled for this client/);
await refused(signIn('stranger'), 'ResourceNotFoundException', /stranger does not exist/);
await refused(signIn('confidential'), unauthorized, /SECRET_HASH was not received/);
await refused(signIn('confidential', { SECRET_HASH: secretHash('bob') }), unauthorized, /verify secret hash/);

const { AuthenticationResult: revoked } = await signIn('public');
await api.send(new RevokeTokenCommand({ ClientId: 'public', Token: revoked.RefreshToken }));
const getUser = ({ AccessToken }) => api.send(new GetUserCommand({ AccessToken }));
await refused(getUser(revoked), unauthorized, /has been revoked/);

await api.send(new GlobalSignOutCommand({ AccessToken: tokens.AccessToken }));
await refused(getUser(tokens), unauthorized, /has been revoked/);
await refused(
  initiate('public', 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: tokens.RefreshToken }),
  unauthorized,
  /Refresh Token has been revoked/,
);
console.log('@aws-sdk/client-cognito-identity-provider: ok');
