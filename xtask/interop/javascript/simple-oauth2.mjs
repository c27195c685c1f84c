import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { ClientCredentials } from 'simple-oauth2';

import { client, host, needed, seen, sent, settings } from '../report.mjs';
import { verifyV1, verifyV2 } from './verify.mjs';

const { account, clientId: id, clientSecret: secret } = settings();
const sentinel = await host('sentinel');

const at = (tokenPath, options = { authorizationMethod: 'body' }) =>
  new ClientCredentials({ client: { id, secret }, auth: { tokenHost: `https://${sentinel}`, tokenPath }, options });

const v2Path = `/sentinel/api/v2/account/${account}/app/token`;
const v2 = await at(v2Path).getToken({});
await verifyV2(v2.token.access_token, sentinel);
sent('v2');
assert.equal(v2.expired(3590), false);
assert.equal(v2.expired(3610), true);
seen(`V2, expires_in ${JSON.stringify(v2.token.expires_in)}: taken for a number`);

const v1 = await at(`/sentinel/api/account/${account}/app/token?v=1.0`).getToken({});
await verifyV1(v1.token.access_token);
sent('v1');
assert.equal(v1.expired(999_999_999), false);
seen('V1, no expires_in: expired() says no for ever');

await assert.rejects(at(v2Path, {}).getToken({}), (error) => error.output.statusCode === 401);
seen('its default, HTTP Basic, gets 401 invalid_client');

client('simple-oauth2', createRequire(import.meta.url)('simple-oauth2/package.json').version);
needed("NODE_EXTRA_CA_CERTS; authorizationMethod: 'body'");
