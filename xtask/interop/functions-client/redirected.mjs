// LivePerson's own client as its README has it, nothing overridden: see redirect.cjs.

import assert from 'node:assert/strict';

import { needed, seen, settings } from '../report.mjs';
import { check, invoke, makeClient, requests } from './invoke.mjs';

await invoke(makeClient());
await check(new URL(settings().domainApi).host);

const { account } = settings();
const [first] = requests;
assert.equal(first, `GET http://adminlogin.liveperson.net/api/account/${account}/service/baseURI.json?version=1.0`);
seen(`it asks ${first.split('?')[0].replace(account, '{account}')}, unencrypted`);
needed('NODE_EXTRA_CA_CERTS; emulator --advertise HOST; node --require redirect.cjs');
