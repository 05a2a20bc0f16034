// aws-jwt-verify against a fresh stub: node aws_jwt_verify.mjs http://127.0.0.1:PORT
//
// CognitoJwtVerifier derives the issuer from the pool's id, always an https address of the product, and
// fetches keys by https only; it must refuse the stub's tokens for their issuer. So its parts are put
// together here as it does itself: JwtVerifier with the stub's issuer and a fetcher that speaks http, and
// the library's own check of token_use, client and groups. Exit code 0 if all of it held.

import assert from 'node:assert/strict';

import { CognitoJwtVerifier, JwtVerifier } from 'aws-jwt-verify';
import { validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';
import {
  CognitoJwtInvalidClientIdError,
  CognitoJwtInvalidTokenUseError,
  JwtInvalidAudienceError,
  JwtInvalidIssuerError,
  JwtInvalidScopeError,
  JwtInvalidSignatureError,
  KidNotFoundInJwksError,
  ParameterValidationError,
} from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';

import * as login from './login.mjs';

const baseUrl = process.argv[2].replace(/\/$/, '');
const issuer = `${baseUrl}/us-east-1_Example01`;
const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };

function verifier(tokenUse, clientId, options = {}) {
  const customJwtCheck = ({ payload }) => validateCognitoJwtFields(payload, { tokenUse, clientId });
  const audience = tokenUse === 'id' ? clientId : null;
  const properties = { issuer, audience, customJwtCheck, ...options };
  return JwtVerifier.create(properties, { jwksCache: new SimpleJwksCache({ fetcher }) });
}

const tokens = await login.codeFlow(baseUrl);
const identity = await verifier('id', 'public').verify(tokens.id_token);
assert.equal(identity.iss, issuer);
assert.equal(identity.aud, 'public');
assert.equal(identity.nonce, 'n-0S6');
assert.equal(identity.email, 'alice@example.com');
assert.equal(identity['cognito:username'], 'alice');
const scoped = { scope: ['openid', 'another'] };
const access = await verifier('access', 'public', scoped).verify(tokens.access_token);
assert.equal(access.client_id, 'public');
assert.equal(access.username, 'alice');
assert.equal(access.version, 2);
assert.equal(access.aud, undefined);
assert.deepEqual([identity.sub, access.sub], [login.sub, login.sub]);

const refused = (promise, reason) => assert.rejects(promise, reason);
const { id_token: id, access_token: bearer } = tokens;
await refused(verifier('access', null).verify(id), CognitoJwtInvalidTokenUseError);
await refused(verifier('id', 'public', { audience: null }).verify(bearer), CognitoJwtInvalidTokenUseError);
await refused(verifier('access', 'public2').verify(bearer), CognitoJwtInvalidClientIdError);
await refused(verifier('id', 'public2').verify(id), JwtInvalidAudienceError);
await refused(verifier('access', 'public', { scope: 'api/read' }).verify(bearer), JwtInvalidScopeError);
await refused(verifier('id', 'public').verify(login.forged(id, bearer)), JwtInvalidSignatureError);
const elsewhere = { issuer: baseUrl, jwksUri: `${issuer}/.well-known/jwks.json` };
await refused(verifier('id', 'public', elsewhere).verify(id), JwtInvalidIssuerError);

const refreshed = await login.refresh(baseUrl, tokens);
const later = await verifier('access', 'public').verify(refreshed.access_token);
assert.deepEqual([later.sub, later.auth_time], [login.sub, access.auth_time]);
assert.notEqual(later.jti, access.jti);
assert.equal((await verifier('id', 'public').verify(refreshed.id_token)).sub, login.sub);
await login.refusesAndSignsOut(baseUrl);

// The verifier for the product alone, even with the stub's keys.
const userPoolId = 'us-east-1_Example01';
const product = CognitoJwtVerifier.create({ userPoolId, tokenUse: 'id', clientId: 'public' });
product.cacheJwks(await (await fetch(`${issuer}/.well-known/jwks.json`)).json());
await refused(product.verify(id), (error) => {
  assert.ok(error instanceof ParameterValidationError || error instanceof JwtInvalidIssuerError);
  assert.match(error.message, /issuer/i);
  return true;
});

const stale = verifier('id', 'public');
await stale.verify(id);
await login.dropKeys(baseUrl);
await refused(verifier('id', 'public').verify(id), KidNotFoundInJwksError);
await refused(verifier('access', 'public').verify(bearer), KidNotFoundInJwksError);
await stale.verify(id);
const renewed = await login.codeFlow(baseUrl);
assert.equal((await verifier('id', 'public').verify(renewed.id_token)).sub, login.sub);
console.log('aws-jwt-verify: ok');
