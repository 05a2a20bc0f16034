// oauth2-mock-server on 127.0.0.1:PORT, from the packages in CACHE. SIGHUP adds a signing key; the keys take turns.
import { createRequire } from 'node:module';

const { PORT, BASE, CACHE } = process.env;
const { OAuth2Server } = await import(createRequire(`${CACHE}/`).resolve('oauth2-mock-server'));

const server = new OAuth2Server();
const addKey = () => server.issuer.keys.generate('RS256');
await addKey();
process.on('SIGHUP', addKey);
await server.start(Number(PORT), '127.0.0.1');
server.issuer.url = BASE;
