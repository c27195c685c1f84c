import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import * as oauth from 'openid-client';

import { client, host, needed, seen, sent, settings } from '../report.mjs';
import { verifyV1, verifyV2 } from './verify.mjs';

const { account, clientId, clientSecret } = settings();
const sentinel = await host('sentinel');

/** There is no discovery document, so the metadata are written down. */
const at = (path) => {
  const server = { issuer: 'Sentinel', token_endpoint: `https://${sentinel}${path}` };
  return new oauth.Configuration(server, clientId, clientSecret);
};

const v2 = await oauth.clientCredentialsGrant(at(`/sentinel/api/v2/account/${account}/app/token`));
assert.ok(v2.expiresIn() > 3590);
await verifyV2(v2.access_token, sentinel);
sent('v2');
seen(`V2, expires_in "3600": becomes the ${typeof v2.expires_in} ${v2.expires_in}`);

const delegated = await oauth.clientCredentialsGrant(at(`/sentinel/api/v2/account/${account}/app/token?state=consumer-1`));
const claims = await verifyV2(delegated.access_token, sentinel);
assert.equal(claims['https://liveperson.com/consumer_id'], 'consumer-1');
sent('delegated');

const v1 = await oauth.clientCredentialsGrant(at(`/sentinel/api/account/${account}/app/token?v=1.0`));
await verifyV1(v1.access_token);
sent('v1');
assert.equal(v1.expiresIn(), undefined);
seen('V1, no expires_in: expiresIn() is undefined, so when to ask again is the caller\'s business');

// What is refused is told as RFC 6749 §5.2 has it.
const server = { issuer: 'Sentinel', token_endpoint: `https://${sentinel}/sentinel/api/v2/account/${account}/app/token` };
await assert.rejects(
  oauth.clientCredentialsGrant(new oauth.Configuration(server, clientId, 'wrong')),
  (error) => error.error === 'invalid_client' && error.status === 400,
);
seen('a wrong secret: ResponseBodyError with error invalid_client');

client('openid-client', createRequire(import.meta.url)('openid-client/package.json').version);
needed('NODE_EXTRA_CA_CERTS; server metadata by hand, since there is no discovery document');
