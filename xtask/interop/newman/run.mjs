// Postman's collection runner, with docs/lp-auth.postman_collection.json.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import newman from 'newman';

import { client, needed, seen, sent, settings } from '../report.mjs';

const collection = JSON.parse(readFileSync(join(process.env.INTEROP_DOCS, 'lp-auth.postman_collection.json'), 'utf8'));
const { account, clientId, clientSecret, domainApi } = settings();

// What a user sets in an environment. As `--env-var` on a command line the secret would show in the process list.
const variables = { domainApi, accountId: account, clientId, clientSecret };
const optional = { consumerId: 'consumer-1', lambdaUuid: '7b0e4c2f-8a6d-4d0c-9a53-0d6a5d2f4f11' };

function run(values) {
  return new Promise((resolve, reject) => {
    const envVar = Object.entries(values).map(([key, value]) => ({ key, value }));
    newman.run({ collection, envVar, sslExtraCaCerts: process.env.LP_CA_FILE, timeoutRequest: 10_000 }, (error, summary) =>
      error ? reject(error) : resolve(summary.run),
    );
  });
}

/** How many requests were sent and assertions held; fails where one does not. */
async function runs(values) {
  const { executions, failures, stats } = await run(values);
  assert.deepEqual(failures.map(({ source, error }) => `${source.name}: ${error.message}`), []);
  const answered = executions.filter(({ response }) => response?.code === 200).length;
  return { answered, assertions: stats.assertions.total };
}

const all = await runs({ ...variables, ...optional });
assert.equal(all.answered, collection.item.length);
['v1', 'v2', 'delegated'].forEach(sent);
const few = await runs(variables);
assert.equal(few.answered, collection.item.length - 2);
seen(`${all.answered} requests, ${all.assertions} assertions; ${few.answered} without a consumer and a function`);

// The assertions can fail.
const refused = await run({ ...variables, clientSecret: 'wrong' });
assert.ok(refused.failures.length >= 3);

client('newman', createRequire(import.meta.url)('newman/package.json').version);
needed('--ssl-extra-ca-certs ca.pem, or NODE_EXTRA_CA_CERTS; the variables domainApi, accountId, clientId, clientSecret');
