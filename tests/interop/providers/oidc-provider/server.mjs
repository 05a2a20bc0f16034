// oidc-provider on 127.0.0.1:PORT, from the packages in CACHE. Everything is in memory.
// SIGHUP adds a signing key: a provider with the new key takes over the storage of the one before.
import http from 'node:http';
import { createRequire } from 'node:module';
import { generateKeyPairSync, randomUUID } from 'node:crypto';

const { PORT, BASE, CACHE, CALLBACK, LOGGED_OUT, INTEROP_CLIENT_SECRET, INTEROP_SERVICE_SECRET } = process.env;
const { resolve } = createRequire(`${CACHE}/`);
const { Provider, errors } = await import(resolve('oidc-provider'));
const { createMemoryAdapter } = await import(resolve('oidc-provider/lib/adapters/memory_adapter.js'));

const seconds = (name, byDefault) => Number(process.env[name] ?? byDefault);
const pkce = process.env.PKCE_REQUIRED && { required: () => process.env.PKCE_REQUIRED === '1' };
const api = `${BASE}/api`;

const SECOND_CALLBACK = 'https://client.example/callback/';
const web = {
  redirect_uris: [CALLBACK],
  post_logout_redirect_uris: [LOGGED_OUT],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};
const browserless = { redirect_uris: [], response_types: [] };
const device = { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'] };
const noSecret = { token_endpoint_auth_method: 'none' };
const clients = [
  { client_id: 'lab-public', ...noSecret, ...web },
  { client_id: 'lab-public2', ...noSecret, ...web },
  { client_id: 'lab-consent', ...noSecret, ...web },
  { client_id: 'lab-two-uris', ...noSecret, ...web, redirect_uris: [CALLBACK, SECOND_CALLBACK] },
  { client_id: 'lab-confidential', client_secret: INTEROP_CLIENT_SECRET, ...web },
  { client_id: 'lab-service', client_secret: INTEROP_SERVICE_SECRET, ...browserless, grant_types: ['client_credentials'], scope: 'read' },
  { client_id: 'lab-device', ...noSecret, ...browserless, ...device },
  { client_id: 'lab-device2', ...noSecret, ...browserless, ...device },
  { client_id: 'lab-device-confidential', client_secret: INTEROP_CLIENT_SECRET, ...browserless, ...device },
];

const enabled = true;
const configuration = {
  adapter: createMemoryAdapter(),
  clients,
  cookies: { keys: ['interop-only'] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'read'],
  claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
  findAccount: (ctx, name) => ({
    accountId: name,
    claims: () => ({ sub: name, preferred_username: name, email: `${name}@example.test` }),
  }),
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: seconds('CODE_TTL', 60),
    ClientCredentials: 600,
    DeviceCode: seconds('DEVICE_TTL', 600),
    Grant: 86400,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: 86400,
    Session: 86400,
  },
  ...(pkce && { pkce }),
  features: {
    clientCredentials: { enabled },
    deviceFlow: { enabled },
    devInteractions: { enabled },
    dPoP: { enabled },
    introspection: { enabled },
    pushedAuthorizationRequests: { enabled },
    registration: { enabled },
    registrationManagement: { enabled },
    resourceIndicators: {
      enabled,
      getResourceServerInfo(ctx, resource) {
        if (resource !== api) throw new errors.InvalidTarget();
        return { scope: 'read', audience: api, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
      },
    },
    revocation: { enabled },
    rpInitiatedLogout: { enabled },
  },
};

const keys = [];
let provider, answer;
function addKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  keys.unshift({ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' }); // the first one signs
  provider = new Provider(BASE, { ...configuration, jwks: { keys } });
  provider.on('server_error', (ctx, error) => console.error(error));
  answer = provider.callback();
}
addKey();
process.on('SIGHUP', addKey);

// a resource server for opaque access tokens
async function serveApi(req, res) {
  const [, token] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
  const found = token && (await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token));
  if (!found) res.setHeader('www-authenticate', `Bearer realm="api"${token ? ', error="invalid_token"' : ''}`);
  res.writeHead(found ? 200 : 401, { 'content-type': 'application/json' });
  res.end(JSON.stringify(found ? { user: found.accountId ?? '' } : {}));
}

http.createServer((req, res) => (req.url === '/api' ? serveApi : answer)(req, res)).listen(Number(PORT), '127.0.0.1');
