// Invokes a function with LivePerson's own client, and looks at the token that it did so with.

import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Client } from 'liveperson-functions-client';

import { client as report, sent, settings } from '../report.mjs';

const LAMBDA = '7b0e4c2f-8a6d-4d0c-9a53-0d6a5d2f4f11';

/** All requests of this process, as node's own HTTP client sends them. */
export const requests = [];
let authorization;
channel('http.client.request.start').subscribe(({ request }) => {
  requests.push(`${request.method} ${request.protocol}//${request.getHeader('host')}${request.path}`);
  authorization = request.getHeader('authorization') ?? authorization;
});

export function makeClient(tooling) {
  const { account, clientId, clientSecret } = settings();
  const config = { accountId: account, authStrategy: { clientId, clientSecret }, failOnErrorStatusCode: true };
  return new Client(config, tooling);
}

export async function invoke(client) {
  const payload = { greeting: 'Grüße' };
  const invocation = { lambdaUuid: LAMBDA, lpEventSource: 'interop', body: { headers: [], payload } };
  const answer = await client.invoke(invocation);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body.result, payload);
  // The second one spends the same token.
  const before = requests.filter((request) => request.includes('/app/token')).length;
  await client.invoke(invocation);
  assert.equal(requests.filter((request) => request.includes('/app/token')).length, before);
}

/** That it sent what we say it sends, and that the token is genuine for somebody else too. */
export async function check(sentinel, header = authorization) {
  const { account, clientId } = settings();
  const token = requests.filter((request) => request.includes('/app/token'));
  assert.deepEqual(token, [`POST https://${sentinel}/sentinel/api/account/${account}/app/token?v=2.0`]);
  sent('legacy-v2');

  const keys = createRemoteJWKSet(new URL(`https://${sentinel}/sentinel/well-known/jwks`));
  const bearer = header.replace(/^Bearer /, '');
  const { payload } = await jwtVerify(bearer, keys, { issuer: 'Sentinel', audience: account, algorithms: ['RS256'] });
  assert.equal(payload.azp, clientId);

  report('liveperson-functions-client', createRequire(import.meta.url)('liveperson-functions-client/package.json').version);
}
