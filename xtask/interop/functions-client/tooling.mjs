// LivePerson's own client, told through its constructor's second argument where things are.

import assert from 'node:assert/strict';

import { host, needed, seen } from '../report.mjs';
import { check, invoke, makeClient, requests } from './invoke.mjs';

// Instead of asking http://adminlogin.liveperson.net.
const getCsdsEntry = (_account, service) => host(service);

// A host with a port it takes for an IPv6 address, Sentinel's apart.
await assert.rejects(makeClient({ getCsdsEntry }).invoke({ lambdaUuid: 'x', body: {} }), /https:\/\/\[127\.0\.0\.1:/);
seen('a faasGW baseURI with a port becomes https://[127.0.0.1:PORT]/: it takes the port for a part of an IPv6 address');

const fetchJson = async ({ url, body, headers, method }) => {
  const right = url.replace(/\[([^\]]+)\]/, '$1');
  const reply = await fetch(right, { method, headers, body: JSON.stringify(body) });
  return { url, headers: reply.headers, body: await reply.json(), ok: reply.ok, status: reply.status, statusText: reply.statusText };
};

let authorization;
const urls = [];
const tooling = {
  getCsdsEntry,
  fetch: (options) => {
    authorization = options.headers.Authorization;
    urls.push(options.url);
    return fetchJson(options);
  },
};
requests.length = 0;
await invoke(makeClient(tooling));
await check(await host('sentinel'), authorization);
assert.ok(urls.every((url) => new URL(url.replace(/[[\]]/g, '')).searchParams.get('v') === '1'));
seen('any other host is version 1 of LivePerson Functions: v=1 in the query');
needed('NODE_EXTRA_CA_CERTS; its argument tooling: getCsdsEntry, and fetch because of the port');
