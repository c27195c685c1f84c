// Whether a token is genuine, by the library jose.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { createRemoteJWKSet, importSPKI, jwtVerify } from 'jose';

import { settings } from '../report.mjs';

const { account, clientId } = settings();
const expected = { issuer: 'Sentinel', audience: account, algorithms: ['RS256'] };

/** The claims of a V2 token, verified with Sentinel's key set. */
export async function verifyV2(token, sentinel) {
  const keys = createRemoteJWKSet(new URL(`https://${sentinel}/sentinel/well-known/jwks`));
  return claims(await jwtVerify(token, keys, expected));
}

/** The claims of a V1 token, verified with the static key. */
export async function verifyV1(token) {
  const key = await importSPKI(readFileSync(process.env.LP_V1_KEYS, 'utf8'), 'RS256');
  return claims(await jwtVerify(token, key, expected));
}

function claims({ payload }) {
  assert.equal(payload.azp, clientId);
  assert.equal(payload.exp - payload.iat, 3600);
  return payload;
}
