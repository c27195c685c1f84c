// LivePerson's own client as its README has it, nothing overridden: see redirect.cjs.

import assert from 'node:assert/strict';

import { needed, seen, settings } from '../report.mjs';
import { check, invoke, makeClient, requests } from './invoke.mjs';

await invoke(makeClient());
await check(new URL(settings().domainApi).host);

const { account } = settings();
const [first] = requests;
assert.equal(first, `GET http://adminlogin.liveperson.net/api/account/${account}/service/baseURI.json?version=1.0`);
const invocations = requests.filter((request) => request.endsWith('/invoke'));
assert.equal(invocations.length, 2);
seen('a faasGW baseURI with `functions` in it is version 2 of LivePerson Functions: no query');
seen(`it asks ${first.split('?')[0].replace(account, '{account}')}, unencrypted`);
needed('NODE_EXTRA_CA_CERTS; emulator --advertise HOST; node --require redirect.cjs');
