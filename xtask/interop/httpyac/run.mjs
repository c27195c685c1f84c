// httpYac, the runner of HTTP files, with docs/lp-auth.http.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { client, needed, seen, sent, settings } from '../report.mjs';

const { account, clientId, clientSecret, domainApi } = settings();
const manifest = createRequire(import.meta.url).resolve('httpyac/package.json');
const { bin, version } = JSON.parse(readFileSync(manifest, 'utf8'));
const program = join(manifest, '..', bin.httpyac ?? bin);

// The file, and beside it the two that a user writes.
const folder = mkdtempSync(join(tmpdir(), 'interop-httpyac-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
copyFileSync(join(process.env.INTEROP_DOCS, 'lp-auth.http'), join(folder, 'lp-auth.http'));

function run(secret) {
  const emulator = {
    domainApi,
    accountId: account,
    clientId,
    consumerId: 'consumer-1',
    lambdaUuid: '7b0e4c2f-8a6d-4d0c-9a53-0d6a5d2f4f11',
  };
  const write = (name, emulator) => writeFileSync(join(folder, name), JSON.stringify({ emulator }), { mode: 0o600 });
  write('http-client.env.json', emulator);
  write('http-client.private.env.json', { clientSecret: secret });
  const options = ['send', 'lp-auth.http', '--all', '--env', 'emulator', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...options], { cwd: folder, encoding: 'utf8' });
  return { status, stderr, report: stdout.startsWith('{') ? JSON.parse(stdout) : undefined };
}

const { status, stderr, report } = run(clientSecret);
assert.equal(status, 0, stderr);
const { totalRequests, failedRequests, totalTests } = report.summary;
assert.equal(totalRequests, readFileSync(join(folder, 'lp-auth.http'), 'utf8').match(/^# @name /gm).length);
assert.equal(failedRequests, 0);
['v1', 'v2', 'delegated'].forEach(sent);
seen(`${totalRequests} requests, ${totalTests} tests`);

// The tests can fail.
assert.notEqual(run('wrong').status, 0);

client('httpyac', version);
needed('NODE_EXTRA_CA_CERTS; http-client.env.json and http-client.private.env.json beside the file');
